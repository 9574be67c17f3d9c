"""hvac ships no types; these are the parts that tfops uses."""

from hvac import exceptions as exceptions
from requests import Session

class Client:
    def __init__(
        self,
        url: str | None = ...,
        token: str | None = ...,
        *,
        verify: bool | str = ...,
        timeout: int = ...,
        namespace: str | None = ...,
        session: Session | None = ...,
    ) -> None: ...
    def read(self, path: str) -> object: ...
