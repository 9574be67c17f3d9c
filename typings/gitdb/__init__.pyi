# Only what tfops uses: handing an object's content to GitPython's database.
from typing import BinaryIO

class IStream:
    def __init__(self, type: bytes, size: int, stream: BinaryIO) -> None: ...
