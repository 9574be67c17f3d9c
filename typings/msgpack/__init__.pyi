from typing import Any, NamedTuple

class ExtType(NamedTuple):
    code: int
    data: bytes

def packb(o: Any, *, use_bin_type: bool = ..., use_single_float: bool = ...) -> bytes: ...
