from requests import Response

class RawAdapter:
    def get(self, url: str) -> Response: ...
