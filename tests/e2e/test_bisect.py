"""`bisect`: which version broke it, tried in a place for drills by a probe; it goes on after an interrupt."""

import json
from pathlib import Path

import pytest

from tests.support.sandbox import Sandbox, interrupt, new_sandbox, wait_until
from tfops.exits import Exit

_RULES = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main}\n  perf: {rehearses: dev}\n"
# Good below 5. Every call is written down; where there is a file `gate`, it waits there.
_PROBE = """\
#!/bin/sh
echo "$TFOPS_VERSION" >> calls
while [ -e gate ]; do touch waiting; sleep 0.05; done
grep -q '"value": *[1-4]' "$TFOPS_OUTPUTS"
"""


@pytest.fixture
def shop(tmp_path: Path, engine: str) -> Sandbox:
    """`dev` has v1 to v7, broken since v5."""
    shop = new_sandbox(tmp_path / "shop", engine, rules=_RULES)
    for value in range(1, 8):
        shop.wish(value)
        shop.ok("apply", "dev", "--yes")
    probe = shop.path / "probe.sh"
    probe.write_text(_PROBE)
    probe.chmod(0o755)
    return shop


def _calls(shop: Sandbox) -> list[str]:
    return (shop.path / "calls").read_text().split()


def _perf(shop: Sandbox) -> list[object]:
    found: list[object] = json.loads((shop.workspace / "state/perf/main.tfstate").read_text())["resources"]
    return found


def test_the_version_that_broke_it_is_found_and_the_place_left_empty(shop: Sandbox) -> None:
    told = shop.ok("bisect", "dev", "v1", "v7", "--dry-run", "-o", "json", "--", "./probe.sh").result
    assert (told["versions"], told["most_steps"], told["place"]) == (5, 3, "perf")
    assert told["seconds_each"] > 0 and not (shop.path / "calls").exists()
    state = shop.state_file.read_bytes()
    found = shop.ok("bisect", "dev", "v1", "v7", "--yes", "-o", "json", "--", "./probe.sh").result
    assert (found["good"], found["first_bad"]["version"], found["suspects"]) == ("v4", "v5", ["v5"])
    assert [(step["version"], step["answer"]) for step in found["steps"]] == [
        ("v4", "good"), ("v5", "bad"),
    ]  # fmt: skip
    assert [commit["subject"] for commit in found["diff"]["commits"]] == ["dev wants 5"]
    assert (_perf(shop), shop.state_file.read_bytes()) == ([], state)

    text = shop.ok("bisect", "dev", "v4", "v5", "--", "./probe.sh")
    assert "✗ dev v5 broke it" in text.out and "main.value: 4 → 5" in text.out
    assert max(map(len, text.out.splitlines())) <= 80 and len(_calls(shop)) == 2, "nothing was left to try"


def test_an_interrupted_bisect_goes_on_with_what_it_was_told(shop: Sandbox) -> None:
    command = ("bisect", "dev", "v1", "v7", "--yes", "-o", "json", "--", "./probe.sh")
    first = shop.start(*command)
    wait_until(lambda: (shop.path / "calls").exists() and len(_calls(shop)) == 1)
    (shop.path / "gate").touch()
    wait_until((shop.path / "waiting").exists, timeout_s=60)
    interrupt(first)
    out, _ = first.communicate(timeout=60)
    assert first.returncode == Exit.INTERRUPTED
    assert "to go on: tfops bisect dev v1 v7 --in perf -- ./probe.sh" in json.loads(out)["error"]["hint"]
    (shop.path / "gate").unlink()
    other = shop.run("bisect", "dev", "v2", "v7", "--yes", "-o", "json", "--", "./probe.sh").error
    assert other["guard"] == "bisect" and "--anew" in other["hint"]
    before = len(_calls(shop))
    found = shop.ok(*command).result
    assert found["first_bad"]["version"] == "v5"
    assert len(_calls(shop)) - before <= 2, "what was answered isn't asked again"
    assert _perf(shop) == []


def test_a_probe_that_can_not_run_says_nothing_of_a_version(shop: Sandbox) -> None:
    absent = shop.run("bisect", "dev", "v1", "v7", "--yes", "-o", "json", "--", "./nothing.sh").error
    assert absent["guard"] == "probe"
    assert not (shop.workspace / "state/perf/main.tfstate").exists(), "it is looked for before anything is applied"
    (shop.path / "probe.sh").write_text("#!/bin/sh\nno-such-program\n")
    failed = shop.run("bisect", "dev", "v1", "v7", "--yes", "-o", "json", "--", "./probe.sh").error
    assert failed["guard"] == "probe" and "exit code 127" in failed["what"]
    assert "perf has dev v4" in failed["state"]
    (shop.path / "probe.sh").write_text('#!/bin/sh\n[ "$TFOPS_VERSION" = v4 ] && exit 125; exit 0\n')
    unsure = shop.run("bisect", "dev", "v3", "v5", "--yes", "--anew", "-o", "json", "--", "./probe.sh")
    assert unsure.code == Exit.NOT_PASSED
    assert json.loads(unsure.out)["result"]["suspects"] == ["v4", "v5"]
    assert _perf(shop) == []


def _with_a_gate(tmp_path: Path, engine: str, condition: str) -> Sandbox:
    """`dev` has v1 to v5, broken since v4. Where the condition fails (`%v` is the value), so does the apply."""
    shop = new_sandbox(tmp_path / "gated", engine, rules=_RULES)
    command = condition.replace("%v", "${var.value}")
    shop.write(
        "modules/thing/gate.tf",
        'resource "terraform_data" "gate" {\n  triggers_replace = var.value\n'
        f'  provisioner "local-exec" {{ command = "{command}" }}\n}}\n',
    )
    for value in (1, 2, 3, 5, 6):
        shop.wish(value)
        shop.ok("apply", "dev", "--yes")
    return shop


_ASK = ("sh", "-c", 'grep -q "value.: *[1-4]" "$TFOPS_OUTPUTS"')


def test_a_version_that_can_not_be_applied_there_is_skipped_and_the_place_is_used_again(
    tmp_path: Path, engine: str
) -> None:
    closed = tmp_path / "closed"
    shop = _with_a_gate(tmp_path, engine, f"test %v != 3 || test ! -e {closed}")
    closed.touch()
    unsure = shop.run("bisect", "dev", "v1", "v5", "--yes", "-o", "json", "--", *_ASK)
    assert unsure.code == Exit.NOT_PASSED, unsure.err
    found = json.loads(unsure.out)["result"]
    assert [(step["version"], step["answer"]) for step in found["steps"]] == [
        ("v3", "skip"), ("v2", "good"), ("v4", "bad"),
    ]  # fmt: skip
    assert found["suspects"] == ["v3", "v4"] and "the apply of perf failed" in found["steps"][0]["why"]
    assert _perf(shop) == []


def test_one_that_was_killed_in_the_middle_of_an_apply_goes_on(tmp_path: Path, engine: str) -> None:
    slow, begun = tmp_path / "slow", tmp_path / "begun"
    shop = _with_a_gate(tmp_path, engine, f"test ! -e {slow} || {{ touch {begun}; sleep 3; }}")
    slow.touch()
    command = ("bisect", "dev", "v1", "v5", "--yes", "-o", "json", "--", *_ASK)
    first = shop.start(*command)
    wait_until(begun.exists, timeout_s=60)
    first.kill()
    first.communicate(timeout=60)
    slow.unlink()
    alive = shop.run(*command)
    assert alive.code == Exit.LOCKED and "outlived its tfops" in alive.error["what"]
    found = shop.ok(*command[:4], "--wait", "60s", *command[4:]).result
    assert (found["good"], found["first_bad"]["version"]) == ("v3", "v4")
    assert _perf(shop) == []
    assert "in sync" in shop.ok("status", "dev").out
