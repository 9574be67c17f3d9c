"""Things that move from one state to another: nothing real is touched, and in the end one state has them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.backends import Backend, serve
from tests.support.sandbox import Sandbox, new_sandbox, with_remote

_NOTED = """\
variable "value" { type = any }
resource "terraform_data" "main" {
  input = { value = var.value, at = "WITNESS" }
  provisioner "local-exec" { command = "echo made ${self.input.value} >> ${self.input.at}" }
  provisioner "local-exec" {
    when    = destroy
    command = "echo gone ${self.input.value} >> ${self.input.at}"
  }
}
output "value" { value = terraform_data.main.output.value }
"""
_MOVE = ("state", "mv", "dev", "module.queue", "module.queue", "--to-env", "shared", "--yes")
QUEUE = "module.queue.terraform_data.main"


@pytest.fixture
def stacks(shop: Sandbox) -> Sandbox:
    """`dev` of two stacks, v1; the code of `queue` has moved from `network` to `app` since."""
    thing, queue = {"source": "thing", "inputs": {"value": "n"}}, {"source": "thing", "inputs": {"value": "q"}}
    shop.write("environments/dev/network.yaml", json.dumps({"modules": {"main": thing, "queue": queue}}))
    shop.write("environments/dev/app.yaml", json.dumps({"modules": {"main": thing}}))
    shop.commit("two stacks")
    shop.ok("apply", "dev", "--yes")
    shop.write("environments/dev/network.yaml", json.dumps({"modules": {"main": thing}}))
    shop.write("environments/dev/app.yaml", json.dumps({"modules": {"main": thing, "queue": queue}}))
    shop.commit("the queue is the app's")
    return shop


def _states(shop: Sandbox) -> dict[str, list[str]]:
    return {stack: shop.ok("state", "list", "dev", "--stack", stack).out.split() for stack in ("network", "app")}


def test_things_move_between_stacks_and_nothing_is_planned_then(stacks: Sandbox) -> None:
    words = ("state", "mv", "dev", "network/module.queue", "app/module.queue")
    assert "would move" in stacks.ok(*words, "--dry-run").out
    moved = stacks.ok(*words, "--yes", "-o", "json").result
    assert moved["versions"] == {"dev": "v2"} and len(moved["backups"]) == 2
    assert _states(stacks)["app"] == ["module.main.terraform_data.main", "module.queue.terraform_data.main"]
    assert stacks.ok("plan", "dev", "-o", "json").result["plan"]["is_empty"]
    assert "already at v2" in stacks.ok("apply", "dev", "--yes").out
    card = stacks.ok("show", "dev", "-o", "json").result["card"]
    assert card["stacks"]["network"]["forgotten"] == {}


def test_a_move_that_would_destroy_something_is_put_back(stacks: Sandbox) -> None:
    before = _states(stacks)
    refused = stacks.run("state", "mv", "dev", "network/module.main", "app/module.other", "--yes", "-o", "json")
    assert refused.code == 11 and refused.error["guard"] == "not-empty", refused.out
    assert _states(stacks) == before and stacks.tags() == ["tfops/dev/v1"]
    stacks.ok("state", "mv", "dev", "network/module.queue", "app/module.queue", "--yes")


@pytest.mark.parametrize(
    ("point", "version"), [("state-given", "v1"), ("states-written", "v1"), ("states-proven", "v2")]
)
def test_a_move_that_is_killed_is_whole_in_the_end(stacks: Sandbox, point: str, version: str) -> None:
    before = _states(stacks)
    words = ("state", "mv", "dev", "network/module.queue", "app/module.queue", "--yes")
    assert stacks.run(*words, env={"TFOPS_FAILPOINT": f"{point}:SIGKILL"}).code == -9
    stacks.ok("recover", "dev")
    assert stacks.tags()[-1] == f"tfops/dev/{version}"
    if version == "v1":
        assert _states(stacks) == before
        stacks.ok(*words)
    assert stacks.ok("plan", "dev", "-o", "json").result["plan"]["is_empty"]


class Two:
    """`dev` and `shared`, on a remote; the code of `queue` has moved from one to the other. All that is made or
    destroyed is noted."""

    def __init__(self, folder: Path, engine: str, backend: Backend | None = None) -> None:
        both = "environments:\n  dev: {branch: main}\n  shared: {branch: main}\n"
        rules = f"version: 1\nproject: shop\n{backend.rules if backend else ''}{both}"
        self.shop = new_sandbox(folder / "shop", engine, rules=rules)
        self.shop.env |= backend.env if backend else {}
        self.witness = folder / "witness"
        self.shop.write("modules/thing/main.tf", _NOTED.replace("WITNESS", str(self.witness)))
        self.wish(queue_in="dev")
        self.remote = with_remote(self.shop, folder / "remote.git")
        for env in ("dev", "shared"):
            self.shop.ok("apply", env, "--yes")
        self.noted = self.witness.read_text()

    def wish(self, *, queue_in: str) -> None:
        thing, queue = ({"source": "thing", "inputs": {"value": value}} for value in ("n", "q"))
        for env in ("dev", "shared"):
            modules = {"main": thing} | ({"queue": queue} if env == queue_in else {})
            self.shop.write(f"environments/{env}.yaml", json.dumps({"modules": modules}))
        self.shop.commit(f"the queue is in {queue_in}")

    def move_the_code(self) -> None:
        self.wish(queue_in="shared")
        self.shop.git("push", "--quiet")

    def has_queue(self, env: str) -> bool:
        return QUEUE in self.shop.ok("state", "list", env).out

    def check(self, *, is_moved: bool) -> None:
        """One state has it, nobody holds anything, tags and ledgers agree, and nothing real was touched."""
        assert (self.has_queue("dev"), self.has_queue("shared")) == (not is_moved, is_moved)
        for env in self.shop.ok("status", "-o", "json").result["environments"]:
            assert (env["lock"], env["trouble"], env["unrecorded"]) == (None, "", False)
            assert self.shop.run("verify", env["env"]).code == 0
            card = self.shop.ok("show", env["env"], "-o", "json").result["card"]
            assert (QUEUE in card["stacks"]["main"]["inventory"]) is (env["env"] == ("shared" if is_moved else "dev"))
            # It lives on elsewhere: without an id nobody takes it in here.
            assert card["stacks"]["main"]["forgotten"] == ({QUEUE: ""} if is_moved and env["env"] == "dev" else {})
            if is_moved:
                assert self.shop.ok("plan", env["env"], "-o", "json").result["plan"]["is_empty"]
        assert self.witness.read_text() == self.noted


@pytest.fixture
def two(tmp_path: Path, engine: str) -> Two:
    return Two(tmp_path, engine)


@pytest.fixture(scope="module")
def s3() -> Iterator[Backend]:
    with serve("s3") as backend:
        yield backend


def test_things_move_between_environments(two: Two) -> None:
    refused = two.shop.run(*_MOVE)
    assert refused.code == 11 and "not-empty" in refused.err  # the code is where it was
    two.check(is_moved=False)
    two.move_the_code()
    assert two.shop.ok(*_MOVE, "-o", "json").result["versions"] == {"shared": "v2", "dev": "v2"}
    two.check(is_moved=True)
    again = two.shop.run(*_MOVE)
    assert again.code == 11 and "nothing-there" in again.err
    # The way back to before it would make a second one.
    back = two.shop.run("rollback", "dev", "v1", "--yes")
    assert back.code == 11 and "blocked" in back.err and QUEUE in back.err
    unasked = two.shop.run("rollback", "dev", "v1", "--yes", "--ignore-verdict")
    assert unasked.code == 13 and "--allow-duplicate" in unasked.err
    two.check(is_moved=True)
    # And moved back, all is as it was.
    two.wish(queue_in="dev")
    two.shop.git("push", "--quiet")
    two.shop.ok("state", "mv", "shared", "module.queue", "module.queue", "--to-env", "dev", "--yes")
    assert two.has_queue("dev") and not two.has_queue("shared")
    card = two.shop.ok("show", "dev", "-o", "json").result["card"]
    assert card["stacks"]["main"]["forgotten"] == {}


def test_states_in_a_bucket_are_moved_between_as_well(tmp_path: Path, engine: str, s3: Backend) -> None:
    two = Two(tmp_path, engine, s3)
    two.move_the_code()
    assert two.shop.run(*_MOVE, env={"TFOPS_FAILPOINT": "states-written:SIGKILL"}).code == -9
    two.shop.ok("recover", "shared")
    two.shop.ok("recover", "dev")
    two.check(is_moved=False)
    two.shop.ok(*_MOVE)
    two.check(is_moved=True)


@pytest.mark.parametrize("held", ["dev", "shared"])
def test_nothing_moves_while_another_clone_holds_one_of_both(two: Two, tmp_path: Path, held: str) -> None:
    two.move_the_code()
    theirs = two.shop.clone(str(two.remote), tmp_path / "theirs")
    theirs.ok("lock", held, "--reason", "a look")
    refused = two.shop.run(*_MOVE)
    assert refused.code == 12 and "a look" in refused.err
    theirs.ok("unlock", held)
    two.check(is_moved=False)
    two.shop.ok(*_MOVE)
    two.check(is_moved=True)


# Reached for the first time: `states-proven` when the environment that takes has said so and the other one hasn't.
_KILLS = {
    "intent-pushed": False, "transfer-begun": False, "state-given": False, "states-written": False,
    "states-proven": True, "card-written": True, "version-pushed": True, "recorded": True,
}  # fmt: skip


_EITHER_FIRST = ("states-written", "states-proven", "card-written")
_ENDS = [(point, "shared") for point in _KILLS] + [(point, "dev") for point in _EITHER_FIRST]


@pytest.mark.parametrize(("point", "first"), _ENDS)
def test_a_move_between_environments_that_is_killed_is_whole_in_the_end(two: Two, point: str, first: str) -> None:
    two.move_the_code()
    assert two.shop.run(*_MOVE, env={"TFOPS_FAILPOINT": f"{point}:SIGKILL"}).code == -9
    two.shop.ok("recover", first)
    two.shop.ok("recover", "shared" if first == "dev" else "dev")
    two.check(is_moved=_KILLS[point])
    if not _KILLS[point]:
        two.shop.ok(*_MOVE)
        two.check(is_moved=True)


@pytest.mark.parametrize("point", ["transfer-begun", "state-given", "states-written", "states-proven"])
def test_an_interrupt_waits_until_a_move_has_ended(two: Two, point: str) -> None:
    two.move_the_code()
    ended = two.shop.run(*_MOVE, env={"TFOPS_FAILPOINT": f"{point}:SIGINT"})
    assert ended.code in (0, 130), ended.err
    two.check(is_moved=two.has_queue("shared"))


@pytest.mark.parametrize("kill", ["", "states-written:SIGKILL", "states-proven:SIGKILL"])
def test_what_was_never_applied_takes_things_as_well(shop: Sandbox, kill: str) -> None:
    """A new environment, made of what another one had."""
    both = "  dev: {branch: main}\n  shared: {branch: main}\n"
    shop.write("tfops.yaml", f"version: 1\nproject: shop\nenvironments:\n{both}")
    thing = {"source": "thing", "inputs": {"value": "n"}}
    shop.write("environments/dev.yaml", json.dumps({"modules": {"main": thing, "queue": thing}}))
    shop.commit("one environment")
    shop.ok("apply", "dev", "--yes")
    shop.write("environments/dev.yaml", json.dumps({"modules": {"main": thing}}))
    shop.write("environments/shared.yaml", json.dumps({"modules": {"queue": thing}}))
    shop.commit("the queue is for all")
    if kill:
        assert shop.run(*_MOVE, env={"TFOPS_FAILPOINT": kill}).code == -9
        shop.ok("recover", "shared")
        shop.ok("recover", "dev")
    if kill != "states-proven:SIGKILL":
        shop.ok(*_MOVE)
    assert shop.ok("state", "list", "shared").out.split() == [QUEUE]
    for env in ("dev", "shared"):
        assert shop.ok("plan", env, "-o", "json").result["plan"]["is_empty"]
        assert f"already at v{1 + (env == 'dev')}" in shop.ok("apply", env, "--yes").out


def test_a_new_stack_takes_things_as_well(shop: Sandbox) -> None:
    thing = {"source": "thing", "inputs": {"value": "n"}}
    shop.write("environments/dev/network.yaml", json.dumps({"modules": {"main": thing, "queue": thing}}))
    shop.commit("one stack")
    shop.ok("apply", "dev", "--yes")
    shop.write("environments/dev/network.yaml", json.dumps({"modules": {"main": thing}}))
    shop.write("environments/dev/queues.yaml", json.dumps({"modules": {"queue": thing}}))
    shop.commit("two stacks")
    shop.ok("state", "mv", "dev", "network/module.queue", "queues/module.queue", "--yes")
    assert shop.ok("plan", "dev", "-o", "json").result["plan"]["is_empty"]
    assert "stood in another stack then" in shop.ok("history", "dev", "--verdict", "-o", "json").out
