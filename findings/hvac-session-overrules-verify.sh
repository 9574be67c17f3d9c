#!/usr/bin/env bash
# hvac takes no notice of `verify=` where it is given a session, but it does of `cert=`: the session's own `verify` counts.
#
# Seen with hvac 2.4.0 and requests 2.34.2 (Python 3.11, Linux). With `Client(url, verify="authority.pem",
# session=Session())` requests is told `True`, the public authorities, though a client certificate of `cert=` is passed
# on. So a session for retries or a proxy makes a server with a private authority unreachable, without a word on why.
# What works is `session.verify = …`. Nothing is sent here: the requests end in an adapter that writes down what it is
# called with.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check hvac==2.4.0 requests==2.34.2

cat > "$work/see.py" <<'PY'
import importlib.metadata
import sys

import hvac
import requests
from requests.adapters import BaseAdapter

Given = tuple[object, object]


class Writes(BaseAdapter):
    """Answers for the server, and keeps what it was to trust and to show."""

    def __init__(self, given: list[Given]) -> None:
        super().__init__()
        self.given = given

    def send(self, request: requests.PreparedRequest, **settings: object) -> requests.Response:
        self.given.append((settings.get("verify"), settings.get("cert")))
        answer = requests.Response()
        answer.status_code, answer.request, answer.url = 200, request, str(request.url)
        answer.headers["Content-Type"] = "application/json"
        answer._content = b"{}"
        return answer

    def close(self) -> None:
        pass


def ask(session: requests.Session, **settings: object) -> Given:
    given: list[Given] = []
    session.mount("https://", Writes(given))
    hvac.Client(url="https://vault.invalid", token="t", session=session, **settings).read("secret/x")
    return given[0]


print(*(f"{name} {importlib.metadata.version(name)}" for name in ("hvac", "requests")))
wanted = ("authority.pem", ("ours.pem", "ours.key"))
by_argument = ask(requests.Session(), verify=wanted[0], cert=wanted[1])
session = requests.Session()
session.verify, session.cert = wanted
by_session = ask(session)
print("wanted:                        ", wanted)
print("as arguments beside a session: ", by_argument)
print("as the session's own settings: ", by_session)
sys.exit(0 if by_argument == (True, wanted[1]) and by_session == wanted else "this is no longer as described")
PY
env -u REQUESTS_CA_BUNDLE -u CURL_CA_BUNDLE "$work/venv/bin/python" "$work/see.py"
