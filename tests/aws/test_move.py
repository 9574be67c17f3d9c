"""A state goes from one backend to another: over real backends, killed on the way, refused where it must be."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.faults.backends import serve_postgres
from tests.support.engines import require_engine
from tests.support.moto import REGION, Moto
from tests.support.sandbox import Ran, Sandbox, new_sandbox
from tests.support.state_server import StateServer, serve_states


def rules(backend: dict[str, Any] | None = None) -> str:
    body: dict[str, Any] = {"version": 1, "project": "shop", "environments": {"dev": {"branch": "main"}}}
    return json.dumps(body | ({"backend": backend} if backend else {}))


def http(states: StateServer, name: str) -> dict[str, Any]:
    place = f"{states.address}/{name}-{{env}}"
    locks = {"lock_address": place, "unlock_address": place, "lock_method": "LOCK", "unlock_method": "UNLOCK"}
    return {"http": {"address": place, "retry_max": 0, **locks}}


def point_at(shop: Sandbox, backend: dict[str, Any] | None) -> None:
    shop.write("tfops.yaml", rules(backend))
    shop.commit("Another backend")


def applied(folder: Path, backend: dict[str, Any] | None = None) -> Sandbox:
    shop = new_sandbox(folder, require_engine(), rules=rules(backend))
    shop.wish(1, keys=["a", "b"])
    shop.ok("apply", "dev", "--yes")
    return shop


def refusal(ran: Ran) -> tuple[int, str]:
    return ran.code, ran.error["guard"]


def moved(shop: Sandbox, *args: str) -> str:
    """Move, and return what became of the old copy."""
    [state] = shop.ok("backend", "move", "dev", "--yes", "-o", "json", *args).result["states"]
    return str(state["old_copy"])


def by_hand(folder: Path, *argv: str) -> "subprocess.CompletedProcess[str]":
    """Plain Terraform in an environment's root, as someone would who doesn't know of the move."""
    return subprocess.run(["terraform", *argv], cwd=folder, capture_output=True, text=True, check=False)


def test_a_state_goes_from_disk_to_s3_to_http_to_postgres_and_back(tmp_path: Path, moto: Moto) -> None:
    shop = applied(tmp_path / "shop")
    lineage = shop.state()["lineage"]
    assert shop.ok("backend", "move", "dev", "-o", "json").result["states"] == []
    with serve_states() as states, serve_postgres() as postgres:
        moto.make_bucket("moving")
        shop.env |= moto.env | postgres.env
        s3 = {"s3": {"bucket": "moving", "region": REGION, "lock": "native"}}
        point_at(shop, s3)
        for command in ("plan", "apply"):
            early = shop.run(command, "dev", "-o", "json")
            assert refusal(early) == (11, "backend-moved"), early.out
            assert early.error["what"].endswith("is in local, tfops.yaml names s3 moving shop/dev/main.tfstate")
            assert early.error["hint"].startswith("move it: tfops backend move dev")
        asked = shop.run("backend", "move", "dev")
        assert asked.code == 13 and "main.tfstate: 3 resources" in asked.err, asked.err
        assert "Contents" not in moto.s3().list_objects_v2(Bucket="moving"), "nothing is written without a yes"

        shop.ok("backend", "move", "dev", "--yes")
        marked = shop.state()
        types = sorted(resource["type"] for resource in marked["resources"])
        assert marked["lineage"] == lineage
        assert types == ["terraform_data", "terraform_data", "tfops_state"], "the old content, and the mark"

        for backend in (http(states, "x"), {"pg": {"schema_name": "{project}_{env}_{stack}"}}, None):
            point_at(shop, backend)
            assert moved(shop) == "marked"
        assert "No changes" in shop.ok("plan", "dev").out
        assert shop.state()["lineage"] == lineage and len(shop.state()["resources"]) == 2

        point_at(shop, s3)
        shop.git("update-ref", "-d", "refs/tfops/envs/dev")  # someone without the ledger, and with the old tfops.yaml
        lost = shop.run("apply", "dev", "--yes", "-o", "json")
        assert refusal(lost) == (11, "missing-ledger")
    assert [event["kind"] for event in shop.ok("log", "dev", "-o", "json").result["events"]] == []


def test_plain_terraform_stops_at_the_mark_as_well(tmp_path: Path) -> None:
    shop = applied(tmp_path / "shop")
    root = shop.workspace / "roots/dev/main"
    with serve_states() as states:
        point_at(shop, http(states, "x"))
        shop.ok("backend", "move", "dev", "--yes")
        for argv in (("plan", "-input=false", "-var-file=terraform.tfvars.json"), ("init", "-input=false")):
            stopped = by_hand(root, *argv)
            assert stopped.returncode == 1 and "state-was-moved" in stopped.stderr, stopped.stderr
        events = shop.ok("log", "dev", "-o", "json").result["events"]
        assert [event["kind"] for event in events][:2] == ["state-moved", "claimed"]
        assert events[0]["text"].startswith(f"the state of dev from local to http {states.address}/x-dev")


def test_a_move_that_was_killed_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with serve_states() as states:
        shop = applied(tmp_path / "shop", http(states, "x"))
        point_at(shop, http(states, "y"))
        for point in ("state-copied", "state-marked"):
            shop.run("backend", "move", "dev", "--yes", env={"TFOPS_FAILPOINT": f"{point}:SIGKILL"})
            early = shop.run("apply", "dev", "--yes", "-o", "json")
            assert refusal(early) == (11, "backend-moved"), "not before the move is done"
        assert moved(shop) == "marked"
        assert shop.ok("backend", "move", "dev", "-o", "json").result["states"] == []
        assert "No changes" in shop.ok("plan", "dev").out
        assert not states.locks


def test_a_move_never_writes_over_another_state_nor_under_someone_elses_feet(tmp_path: Path) -> None:
    with serve_states() as states:
        shop = applied(tmp_path / "shop", http(states, "x"))
        [(old_place, whole)] = states.states.items()
        new_place = old_place.replace("/x-", "/y-")
        document = json.loads(whole)
        point_at(shop, http(states, "y"))

        def move() -> Ran:
            return shop.run("backend", "move", "dev", "--yes", "-o", "json")

        for wrong in ({"lineage": "another", "outputs": {}}, {"serial": document["serial"] + 5, "outputs": {}}):
            states.states[new_place] = json.dumps(document | wrong).encode()
            before = dict(states.states)
            assert refusal(move()) == (11, "state-exists")
            assert states.states == before
        del states.states[new_place]
        states.states[old_place] = json.dumps(document | {"lineage": "another"}).encode()
        assert refusal(move()) == (11, "state-lineage")
        del states.states[old_place]
        assert refusal(move()) == (11, "state-absent")
        assert not states.states

        states.states[old_place] = whole
        states.frozen[new_place] = json.dumps(document | {"resources": []}).encode()
        broken = move()
        assert (broken.code, broken.error["state"]) == (21, f"The state is where it was: http {states.address}/x-dev.")
        states.frozen.clear()
        del states.states[new_place]
        states.locks[old_place] = json.dumps({"ID": "1", "Who": "bob@ci", "Operation": "apply"}).encode()
        unmarked = shop.run("backend", "move", "dev", "--yes", "--lock-timeout", "0s", "-o", "json")
        assert (unmarked.code, "--leave-unmarked" in unmarked.error["hint"]) == (21, True), unmarked.out
        assert "No changes" not in shop.run("plan", "dev").out
        assert states.states[old_place] == whole
        assert moved(shop, "--leave-unmarked") == "unmarked"
        assert "No changes" in shop.ok("plan", "dev").out


def test_the_same_place_under_another_name_is_not_marked(tmp_path: Path) -> None:
    with serve_states() as states:
        shop = applied(tmp_path / "shop", http(states, "x"))
        point_at(shop, json.loads(json.dumps(http(states, "x")).replace("127.0.0.1", "localhost")))
        assert (moved(shop), len(states.states)) == ("same-place", 1)
        assert "No changes" in shop.ok("plan", "dev").out


def test_the_states_of_all_stacks_move_together_and_a_refused_one_holds_all_back(tmp_path: Path) -> None:
    with serve_states() as states:
        backend = json.loads(json.dumps(http(states, "x")).replace("{env}", "{env}-{stack}"))
        shop = new_sandbox(tmp_path / "shop", require_engine(), rules=rules(backend))
        for stack in ("app", "net"):
            shop.write(f"environments/dev/{stack}.yaml", "modules: {main: {source: thing, inputs: {value: 1}}}\n")
        shop.commit("Two stacks")
        shop.ok("apply", "dev", "--yes")
        point_at(shop, json.loads(json.dumps(backend).replace("/x-", "/y-")))
        assert refusal(shop.run("plan", "dev", "-o", "json")) == (11, "backend-moved")

        whole = json.loads(states.states["/x-dev-net"])
        states.states["/y-dev-net"] = json.dumps(whole | {"lineage": "another", "outputs": {}}).encode()
        assert refusal(shop.run("backend", "move", "dev", "--yes", "-o", "json")) == (11, "state-exists")
        assert "/y-dev-app" not in states.states
        del states.states["/y-dev-net"]
        done = shop.ok("backend", "move", "dev", "--yes", "-o", "json").result["states"]
        assert [(state["stack"], state["old_copy"]) for state in done] == [("app", "marked"), ("net", "marked")]
        assert "No changes" in shop.ok("plan", "dev").out
