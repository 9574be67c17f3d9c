"""`verify:` and `rollback: auto`: what a failed check does to a version, and where a rollback goes then."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.sandbox import Sandbox, new_sandbox
from tfops.system import http

_RULES = """\
version: 1
project: shop
environments:
  dev:
    branch: main
    rollback: {rollback}
    verify:
      - {{name: smoke, command: [sh, smoke.sh], timeout: 5s}}
      - {{name: up, http: "{url}/{{output:main.value}}", contains: ready, retries: 20, every: 0s}}
"""

# Says what it was told, and fails for the value `bad`.
_SMOKE = """\
echo "$TFOPS_ENV $TFOPS_VERSION $TFOPS_COMMIT $HIDDEN" > "$HOME/told"
cat "$TFOPS_OUTPUTS" >> "$HOME/told"
echo "the password is hunter22"
! grep -q bad "$TFOPS_OUTPUTS"
"""


@dataclass
class Web:
    """A server that answers `ready` for every address but `/slow`, which is ready at the third question."""

    url: str = ""
    asked: list[str] = field(default_factory=list)

    def answer(self, path: str) -> tuple[int, str]:
        self.asked.append(path)
        if path == "/away":
            return 302, "file:///etc/passwd"
        if path == "/slow" and self.asked.count("/slow") < 3:
            return 503, "starting"
        return 200, "ready"


@pytest.fixture
def web() -> Iterator[Web]:
    state = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, text = state.answer(self.path)
            self.send_response(status)
            self.send_header("Location", text) if status == 302 else None
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    yield state
    server.shutdown()
    server.server_close()


def _shop(folder: Path, engine: str, web: Web, *, rollback: str) -> Sandbox:
    shop = new_sandbox(folder / "shop", engine, rules=_RULES.format(rollback=rollback, url=web.url))
    shop.write("smoke.sh", _SMOKE)
    shop.env["HIDDEN"] = "not for checks"
    return shop


def test_checks_decide_whether_a_version_is_verified_and_where_a_rollback_goes(
    tmp_path: Path, engine: str, web: Web
) -> None:
    shop = _shop(tmp_path, engine, web, rollback="manual")
    commit = shop.wish("slow")
    result = shop.ok("apply", "dev", "--yes", "-o", "json").result
    assert (result["verified"], [check["name"] for check in result["checks"]]) == ("passed", ["smoke", "up"])
    assert web.asked == ["/slow"] * 3, "tried again until it was ready"
    told = (shop.home / "told").read_text()
    assert told == f'dev v1 {commit} \n{{"main": {{"value": "slow"}}}}'

    shop.wish("bad")
    failed = shop.run("apply", "dev", "--yes")
    assert failed.code == 13
    assert "not-verified: dev is now v2, but 1 of 2 checks failed" in failed.err
    assert "smoke: exit code 1" in failed.err and "tfops rollback dev   (to v1)" in failed.err
    assert "the password is hunter22" in failed.err, "what the command said helps whoever runs it"
    assert "hunter22" not in shop.git("cat-file", "tag", "tfops/dev/v2")
    assert "not verified" in shop.ok("status").out
    history = shop.ok("history", "dev").out
    assert "1 updated · not verified" in history and "1 created · verified" in history
    assert "failed: smoke: exit code 1" in shop.ok("show", "dev").out

    shop.wish("worse bad")
    assert shop.run("apply", "dev", "--yes").code == 13
    back = shop.ok("rollback", "dev", "--yes", "-o", "json").result
    assert (back["restores"], back["verified"]) == ("v1", "passed"), "v2 was never verified"


def test_a_version_that_was_not_verified_is_checked_again_when_its_commit_is_applied_again(
    tmp_path: Path, engine: str, web: Web
) -> None:
    shop = _shop(tmp_path, engine, web, rollback="manual")
    shop.write("smoke.sh", "sleep 60")
    shop.write("tfops.yaml", (shop.path / "tfops.yaml").read_text().replace("timeout: 5s", "timeout: 1s"))
    shop.wish("good")
    failed = shop.run("apply", "dev", "--yes", "-o", "json")
    assert (failed.code, failed.error["name"]) == (13, "not-verified")
    assert failed.error["why"] == "smoke: no end within 1 s"
    shop.write("smoke.sh", _SMOKE)
    assert shop.ok("apply", "dev", "--yes", "-o", "json").result["verified"] == "passed"
    assert "nothing to change" in shop.ok("apply", "dev", "--yes").out
    assert shop.tags() == ["tfops/dev/v1", "tfops/dev/v2"]


def test_rollback_auto_goes_back_by_itself_but_not_across_loss_and_never_twice_in_a_row(
    tmp_path: Path, engine: str, web: Web
) -> None:
    shop = _shop(tmp_path, engine, web, rollback="auto")
    shop.wish("good", keys=["a"])
    shop.ok("apply", "dev", "--yes")
    shop.wish("bad", keys=["a"])
    failed = shop.run("apply", "dev", "--yes", "-o", "json")
    assert (failed.code, failed.error["name"]) == (13, "not-verified")
    assert failed.error["what"] == "dev is now v2, but 1 of 2 checks failed: rolled back to v1"
    assert failed.error["state"] == "dev now runs v3 (content of v1) and is on hold."
    record = shop.ok("show", "dev", "-o", "json").result
    assert (record["record"]["hold"], record["record"]["restores"]) == ("rolled back to v1 by itself", "v1")
    assert record["card"]["approvals"][0]["how"] == "rollback: auto"
    assert (record["card"]["verified"]["result"], record["card"]["outputs"]["main"]["value"]) == ("passed", "good")

    shop.wish("still bad", keys=["a"])
    again = shop.run("apply", "dev", "--yes", "--lift-hold", "-o", "json")
    assert (again.code, shop.tags()[-1]) == (13, "tfops/dev/v4")
    assert "not twice in a row" in again.error["why"]

    shop.wish("good", keys=["a"])
    shop.ok("apply", "dev", "--yes")
    shop.wish("bad", keys=["a", "b"])
    loss = shop.run("apply", "dev", "--yes", "-o", "json")
    assert (loss.code, shop.tags()[-1]) == (13, "tfops/dev/v6")
    assert "not rolled back by itself" in loss.error["why"] and 'each["b"]' in loss.error["why"]
    assert loss.error["hint"].startswith("tfops rollback dev   (to v5)")


def test_an_address_can_lead_nowhere_but_to_http(web: Web) -> None:
    for url in ("file:///etc/passwd", "http://127.0.0.1:1/"):
        with pytest.raises(http.NoAnswer):
            http.get(url, timeout_s=5)
    assert http.get(f"{web.url}/away", timeout_s=5).status == 302, "a redirect to a file is not followed"
