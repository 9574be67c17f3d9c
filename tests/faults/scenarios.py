"""Faults that are no kill: of the remote, the disk, the state, the clock, of people.

Each ends sound, or says why not.
"""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.backends import serve
from tests.faults.world import World, address_of, kill_engines, new_world
from tests.support.provider.demo import WORLD
from tests.support.provider.host import provider_host
from tests.support.provider.mirror import Mirror
from tests.support.sandbox import wait_until
from tests.support.ways_back import NEEDS_DEMO, look
from tests.support.wire import serve_git

Scenario = Callable[[World], None]

_HANG_S = 8
_HASTY = {"TFOPS_NETWORK_TIMEOUT": "3"}


def _remote(world: World) -> Path:
    return Path(world.shop.git("remote", "get-url", "origin"))


def _there(world: World, ref: str) -> str:
    return world.shop.git("ls-remote", "origin", ref)


@contextlib.contextmanager
def _hook(world: World, script: str) -> Iterator[None]:
    hook = _remote(world) / "hooks/pre-receive"
    hook.write_text(f"#!/bin/sh\n{script}\n")
    hook.chmod(0o755)
    try:
        yield
    finally:
        hook.unlink()


@contextlib.contextmanager
def _over_the_network(world: World) -> Iterator[None]:
    """The remote's own processes are another machine's: they go on when tfops gives a push up."""
    here = world.shop.git("remote", "get-url", "origin")
    with serve_git(_remote(world).parent) as wire:
        world.shop.git("remote", "set-url", "origin", f"git://127.0.0.1:{wire.port}/{_remote(world).name}")
        try:
            yield
        finally:
            world.shop.git("remote", "set-url", "origin", here)


def _end_well(world: World) -> None:
    assert world.run("recover", "dev").code == 0
    finished = world.finish()
    assert finished.code == 0, finished.out + finished.err
    world.check()


# The remote


def _past_rehearsals(case: str) -> str:
    """A hook that does nothing to the push that is only tried: the trouble comes between it and the real one."""
    return f"refs=$(cat); case $refs in *rehearsal*) ;; {case} esac; exit 0"


def it_answers_the_intent_after_its_timeout(world: World) -> None:
    world.wish()
    with _hook(world, _past_rehearsals(f"*refs/tfops/*) sleep {_HANG_S};;")), _over_the_network(world):
        ran = world.run("apply", "dev", "--yes", "-o", "json", env=_HASTY)
        assert (ran.code, ran.error["guard"]) == (11, "remote-unreachable"), ran.out
        wait_until(lambda: bool(_there(world, "refs/tfops/envs/dev")))
        assert not world.witness.exists(), "nothing may be made without an answer"
    _end_well(world)


def it_answers_the_version_after_its_timeout(world: World) -> None:
    world.wish()
    with _hook(world, _past_rehearsals(f"*refs/tags/*) sleep {_HANG_S};;")), _over_the_network(world):
        ran = world.run("apply", "dev", "--yes", env=_HASTY)
        assert ran.code == 22, ran.out + ran.err
        wait_until(lambda: bool(_there(world, "refs/tags/tfops/dev/v1")))
    _end_well(world)
    assert world.shop.tags() == ["tfops/dev/v1"], "the late version is the version"


def it_refuses_before_the_apply(world: World) -> None:
    world.wish()
    with _hook(world, "grep -q refs/tfops/ || exit 0; echo closed for maintenance >&2; exit 1"):
        ran = world.run("apply", "dev", "--yes", "-o", "json")
        assert (ran.code, "closed for maintenance" in ran.error["why"]) == (11, True), ran.out
    assert not world.witness.exists()
    _end_well(world)


def it_goes_away_during_the_apply(world: World) -> None:
    world.seconds = 2
    world.wish()
    away = _remote(world).with_suffix(".away")
    with world.start("apply", "dev", "--yes") as process:
        wait_until(lambda: world.witness.exists() or process.poll() is not None, timeout_s=60)
        _remote(world).rename(away)
        out, _ = process.communicate(timeout=120)
    assert process.returncode == 22, out
    away.rename(_remote(world))
    _end_well(world)


def it_hangs_over_the_network(world: World) -> None:
    """The connection to `git daemon` stands, but carries nothing: before the apply, and while the engine works."""
    world.seconds = 2
    with serve_git(_remote(world).parent) as wire:
        world.shop.git("remote", "set-url", "origin", f"git://127.0.0.1:{wire.port}/{_remote(world).name}")
        world.wish()
        with wire.cut():
            ran = world.run("apply", "dev", "--yes", "-o", "json", env=_HASTY)
        assert (ran.code, ran.error["guard"]) == (11, "remote-unreachable"), ran.out
        assert not world.witness.exists(), "nothing may be made without an answer"
        with world.start("apply", "dev", "--yes", env=_HASTY) as process:
            wait_until(lambda: world.witness.exists() or process.poll() is not None, timeout_s=60)
            with wire.cut():
                out, _ = process.communicate(timeout=120)
        assert process.returncode == 22, out
        _end_well(world)


def it_is_away_when_the_lock_is_renewed(world: World) -> None:
    """The run goes on, tries again, and records its version: nobody else could take the lock meanwhile."""
    world.waits, world.sabotage = True, "hurried"
    world.wish()
    away = _remote(world).with_suffix(".away")
    with world.start("apply", "dev", "--yes") as process:
        wait_until(lambda: world.witness.exists() or process.poll() is not None, timeout_s=60)
        _remote(world).rename(away)
        said = _said_before(process, "the lock could not be renewed")
        away.rename(_remote(world))
        before = _there(world, "refs/tfops/envs/dev")
        wait_until(lambda: _there(world, "refs/tfops/envs/dev") != before or process.poll() is not None)
        world.let_go()
        out, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said + out
    assert _renewals(world), "the remote that came back has the renewals"
    world.check()


def its_lock_is_gone_when_it_is_renewed(world: World) -> None:
    """Someone breaks the lock by force: the next renewal says so, while the engine works, and nothing is recorded."""
    world.waits, world.sabotage = True, "hurried"
    world.wish()
    other = world.shop.clone(str(_remote(world)), world.shop.path.parent / "other")
    with world.start("apply", "dev", "--yes") as process:
        wait_until(lambda: world.witness.exists() or process.poll() is not None, timeout_s=60)
        other.ok("unlock", "dev", "--force")
        world.said += _said_before(process, "was broken while this run is changing it")
        world.let_go()
        out, _ = process.communicate(timeout=120)
    assert (process.returncode, world.shop.tags()) == (22, []), out
    _end_well(world)


def _said_before(process: "subprocess.Popen[str]", *words: str) -> str:
    """All that a run says until it has said all this; fails when it ends before."""
    said = ""
    assert process.stdout is not None
    while not all(word in said for word in words):
        line = process.stdout.readline()
        assert line, f"{words} were never said:\n{said}"
        said += line
    return said


def _renewals(world: World) -> list[str]:
    events = world.run("log", "dev", "-o", "json").result["events"]
    return [event["sha"] for event in events if event["kind"] == "renewed"]


# The state


def it_is_cut_short(world: World) -> None:
    world.wish()
    world.run("apply", "dev", "--yes")
    whole = world.shop.state_file.read_bytes()
    world.shop.state_file.write_bytes(whole[: len(whole) // 2])
    world.wish()
    made = world.witness.read_bytes()
    ran = world.run("apply", "dev", "--yes")
    assert ran.code == 20, ran.out + ran.err
    assert (world.witness.read_bytes(), world.shop.tags()) == (made, ["tfops/dev/v1"])
    world.shop.state_file.write_bytes(whole)
    _end_well(world)


def it_is_torn_by_a_dying_engine(world: World) -> None:
    """Terraform truncates a local state before it writes it: a kill in between leaves an empty file."""
    world.wish()
    world.run("apply", "dev", "--yes")
    file = world.shop.state_file
    whole = file.read_bytes()
    world.wish()
    world.run("apply", "dev", "--yes", failpoint="engine-working:SIGKILL+engine")
    if file.read_bytes() == whole:  # it died before it came to that: the backup is what it writes first
        file.with_name(f"{file.name}.backup").write_bytes(whole)
    file.write_bytes(b"")
    recovered = world.run("recover", "dev")
    assert (recovered.code, "its backup was put back" in recovered.err) == (0, True), recovered.out + recovered.err
    _end_well(world)


def it_is_another_or_an_older_one(world: World) -> None:
    world.wish()
    world.run("apply", "dev", "--yes")
    whole = json.loads(world.shop.state_file.read_bytes())
    world.wish()
    made = world.witness.read_bytes()
    for changed in ({"lineage": "00000000-0000-0000-0000-000000000000"}, {"serial": whole["serial"] - 1}):
        world.shop.state_file.write_text(json.dumps(whole | changed))
        ran = world.run("apply", "dev", "--yes")
        assert ran.code == 11, ran.out + ran.err
    assert (world.witness.read_bytes(), world.shop.tags()) == (made, ["tfops/dev/v1"])
    world.shop.state_file.write_text(json.dumps(whole))
    _end_well(world)


def its_session_is_cut(world: World) -> None:
    """Everybody is thrown out of PostgreSQL while the engine works: with it goes the lock of the state."""
    world.seconds = 1
    world.wish()
    cut = "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
    with world.start("apply", "dev", "--yes") as process:
        wait_until(lambda: world.witness.exists() or process.poll() is not None, timeout_s=60)
        argv = ["psql", "-q", "-c", cut, world.backend.env["PG_CONN_STR"]]
        subprocess.run(argv, check=True, capture_output=True)
        out, _ = process.communicate(timeout=120)
    world.said += out
    assert process.returncode in (0, 21), out
    assert (process.returncode == 0) == bool(world.shop.tags()), "a loss that was seen is no version"
    _end_well(world)


# The disk


def it_is_full(world: World) -> None:
    """Before the apply, and while the engine works."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = world.shop.workspace
    folder.mkdir(parents=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], check=False)
    if mounted.returncode != 0:
        pytest.skip("no mount is allowed here")
    try:
        world.wish()
        _fill(folder / "filler")
        ran = world.run("apply", "dev", "--yes")
        assert ran.code in (11, 20) and not world.witness.exists(), ran.out + ran.err
        assert "Traceback" not in ran.err, ran.err
        (folder / "filler").unlink()
        world.waits = True
        world.wish()
        with world.start("apply", "dev", "--yes") as process:
            wait_until(lambda: world.witness.exists() or process.poll() is not None, timeout_s=60)
            _fill(folder / "filler")
            world.let_go()
            while process.poll() is None:  # what others remove meanwhile makes room again: for a whole state, sometimes
                _fill(folder / "filler")
                time.sleep(0.002)
            out, _ = process.communicate(timeout=120)
        world.said += out
        assert process.returncode != 0 and "Traceback" not in out, out
        (folder / "filler").unlink()
        recovered = world.run("recover", "dev", "-o", "json")
        if recovered.code == 0:
            _end_well(world)
        else:  # nothing of the state could be written anywhere: that is for a person, and nobody may go on
            assert recovered.error["guard"] == "errored-state", recovered.out
            assert world.run("apply", "dev", "--yes").code == 11 and world.shop.tags() == []
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


def _fill(path: Path) -> None:
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)


# The engine


def it_alone_is_killed(world: World) -> None:
    """As where memory is short: tfops lives on, gives the state's lock back, and says what is missing."""
    world.seconds = 3
    world.wish()
    with world.start("apply", "dev", "--yes") as process:
        said = _said_before(process, f'thing["{world.keys[0]}"]: created')  # before that it would be in doubt
        kill_engines(world.shop.workspace)
        out, _ = process.communicate(timeout=120)
    world.said += said + out
    assert process.returncode == 21 and "was killed by SIGKILL" in out, out
    # Who waited for the lock of the dead engine would wait longer than a run may take here.
    finished = world.run("resume", "dev", "--yes", "--lock-timeout", "600s")
    assert finished.code == 0, finished.out + finished.err
    made = [line.split()[1] for line in world.witness.read_text().splitlines()]
    assert made.count(world.keys[0]) == 1, "what was made is taken in, not made again"
    world.check()


_LIKE_REAL_ONES = """\
resource "demo_thing" "t" { content = "t" }
resource "demo_password" "w" { content = "w" }
resource "demo_pet" "p" { content = "p" }
resource "terraform_data" "slow" {
  depends_on = [demo_thing.t, demo_password.w, demo_pet.p]
  provisioner "local-exec" { command = "until [ -e GO ]; do sleep 0.1; done" }
}
"""
_NOT_IMPORTED = ("module.main.demo_password.w", "module.main.demo_pet.p")


def it_made_what_has_no_import(world: World) -> None:
    """A constant id, and a type without import; the first recovery is killed, too.

    What can be is taken in, the rest is named, and made anew when someone says so.
    """
    with provider_host() as door:
        things = _use_provider(world, door)
        with world.start("apply", "dev", "--yes") as process:
            said = _said_before(process, *(f"{address}: created" for address in _NOT_IMPORTED), "demo_thing.t: created")
            kill_engines(world.shop.workspace)
            out, _ = process.communicate(timeout=120)
        assert process.returncode == 21, said + out
        world.run("recover", "dev", failpoint="import-planned:SIGKILL+engine")
        recovered = world.run("recover", "dev")
        assert recovered.code == 0 and f"can't be imported: {', '.join(_NOT_IMPORTED)}" in recovered.err, recovered.err
        world.let_go()
        refused = world.run("resume", "dev", "--yes", "-o", "json")
        assert all(address in refused.error["hint"] for address in _NOT_IMPORTED), refused.out
        assert len(look(things)) == len(_NOT_IMPORTED) + 1, "nothing is made anew by the way"
        named = (word for address in _NOT_IMPORTED for word in ("--allow-duplicate", address))
        finished = world.run("resume", "dev", "--yes", *named)
        assert finished.code == 0, finished.out + finished.err
        kinds = [key.partition("/")[0] for key in sorted(look(things))]
        assert kinds == ["password", "password", "pet", "pet", "thing"]
        assert world.run("plan", "dev", "--detailed-exitcode").code == 0
        assert world.run("verify", "dev").code == 0


def _use_provider(world: World, door: Path) -> Path:
    """Want things of the demo provider, as a new commit on the remote's branch. Returns the folder where they are."""
    mirror, things = Mirror(world.shop.home / "mirror", door), world.shop.home / "things"
    mirror.add("1.0.0")
    things.mkdir()
    world.shop.env |= {"TF_CLI_CONFIG_FILE": str(mirror.cli_config()), WORLD: str(things)}
    rules = world.shop.path / "tfops.yaml"
    rules.write_text(rules.read_text() + f"engine: {{env: [{WORLD}]}}\n")
    world.shop.write("modules/real/main.tf", NEEDS_DEMO + _LIKE_REAL_ONES.replace("GO", f"{world.witness}.go"))
    world.shop.write("environments/dev.yaml", json.dumps({"modules": {"main": {"source": "real"}}}))
    world.shop.commit("want what has no import")
    world.shop.git("push", "--quiet")
    return things


# The clock


def it_jumps_an_hour(world: World) -> None:
    """Either way, between the intent and the recovery of a killed apply."""
    for shift in ("3600", "-3600"):
        world.wish()
        env = {"TFOPS_CLOCK_SHIFT_S": shift}
        world.run("apply", "dev", "--yes", failpoint="engine-working:SIGKILL+engine", env=env)
        _end_well(world)


def a_holder_sleeps_past_its_lease(world: World) -> None:
    """Its lease is over for long, but it lives: nobody follows it, and when it wakes up it records."""
    world.wish()
    other = world.shop.clone(str(_remote(world)), world.shop.path.parent / "other")
    with world.start("apply", "dev", "--yes", env={"TFOPS_CLOCK_SHIFT_S": "-7200"}) as process:
        wait_until(lambda: world.witness.exists() or process.poll() is not None, timeout_s=60)
        process.send_signal(signal.SIGSTOP)
        ran = other.run("apply", "dev", "--yes", "-o", "json", env=world.backend.env)
        process.send_signal(signal.SIGCONT)
        out, _ = process.communicate(timeout=120)
    assert (ran.code, ran.error["name"]) == (12, "locked"), ran.out
    assert process.returncode == 0, out
    world.check()


# People


def two_roll_back_and_apply_at_once(world: World) -> None:
    world.wish()
    world.run("apply", "dev", "--yes")
    world.wish()
    world.run("apply", "dev", "--yes")
    other = world.shop.clone(str(_remote(world)), world.shop.path.parent / "other")
    world.wish()
    other.git("pull", "--quiet")
    rollback = ("rollback", "dev", "v1", "--yes", "--wait", "120s", *_losing())
    apply = ("apply", "dev", "--yes", "--wait", "120s")
    started = [other.start(*rollback, env=world.backend.env), world.shop.start(*apply, env=world.backend.env)]
    ends = [process.communicate(timeout=180) for process in started]
    codes = [process.returncode for process in started]
    assert codes[0] == 0 and codes[1] in (0, 11), ends  # held: the rollback came first
    world.run("apply", "dev", "--yes", "--lift-hold")
    world.check()


def _losing() -> list[str]:
    """Whatever a way back may delete, whichever comes first."""
    return [word for key in "abcdefgh" for word in ("--allow-destroy", address_of(key))]


def a_clone_is_a_month_old(world: World) -> None:
    world.wish()
    world.run("apply", "dev", "--yes")
    old = world.shop.clone(str(_remote(world)), world.shop.path.parent / "old")
    for _ in range(2):
        world.wish()
        world.run("apply", "dev", "--yes")
    subprocess.run(["git", "-C", str(_remote(world)), "gc", "--quiet", "--prune=now"], check=True)
    ran = old.run("apply", "dev", "--yes", "-o", "json", env=world.backend.env)
    assert (ran.code, ran.error["guard"]) == (11, "behind"), ran.out
    old.git("pull", "--quiet")
    assert "already at v3" in old.ok("apply", "dev", "--yes", env=world.backend.env).out
    world.check()


def the_next_number_is_taken_and_points_elsewhere(world: World) -> None:
    world.wish()
    world.run("apply", "dev", "--yes")
    world.shop.git("push", "--quiet", "origin", "HEAD~1:refs/tags/tfops/dev/v2")
    world.wish()
    ran = world.run("apply", "dev", "--yes")
    assert "dev is now v3" in ran.out, ran.out + ran.err
    found = world.run("verify", "dev", "-o", "json").result["findings"]
    assert [finding["topic"] for finding in found] == ["foreign-tag"]


def the_ledger_is_forced_backwards(world: World) -> None:
    world.wish()
    world.run("apply", "dev", "--yes")
    first = world.shop.git("rev-parse", "refs/tfops/envs/dev~1")
    made = world.witness.read_bytes()
    subprocess.run(["git", "-C", str(_remote(world)), "update-ref", "refs/tfops/envs/dev", first], check=True)
    world.wish()
    ran = world.run("apply", "dev", "--yes", "-o", "json")
    assert (ran.code, ran.error["guard"]) == (11, "rewritten-ledger"), ran.out
    assert world.witness.read_bytes() == made
    world.shop.git("push", "--quiet", "origin", "refs/tfops/envs/dev")
    _end_well(world)


ON_DISK: dict[str, Scenario] = {
    "the remote answers the intent after its timeout": it_answers_the_intent_after_its_timeout,
    "the remote answers the version after its timeout": it_answers_the_version_after_its_timeout,
    "the remote refuses before the apply": it_refuses_before_the_apply,
    "the remote goes away during the apply": it_goes_away_during_the_apply,
    "the remote hangs over the network, before and during the apply": it_hangs_over_the_network,
    "the remote is away when the lock is renewed": it_is_away_when_the_lock_is_renewed,
    "the state is cut short": it_is_cut_short,
    "the engine dies while it writes the state": it_is_torn_by_a_dying_engine,
    "the state is another, or an older one": it_is_another_or_an_older_one,
    "the disk is full": it_is_full,
    "the clock jumps an hour, either way": it_jumps_an_hour,
    "the next number is taken and points elsewhere": the_next_number_is_taken_and_points_elsewhere,
    "the ledger is forced backwards": the_ledger_is_forced_backwards,
}
OVER_HTTP: dict[str, Scenario] = {
    "the lock is gone when it is renewed": its_lock_is_gone_when_it_is_renewed,
    "a holder sleeps past its lease and wakes up": a_holder_sleeps_past_its_lease,
    "two people roll back and apply at once": two_roll_back_and_apply_at_once,
    "a clone is a month old": a_clone_is_a_month_old,
    "the engine alone is killed, over HTTP": it_alone_is_killed,
    "the engine alone is killed after it made what has no import": it_made_what_has_no_import,
}
ON_S3: dict[str, Scenario] = {"the engine alone is killed, over S3": it_alone_is_killed}
ON_POSTGRES: dict[str, Scenario] = {"the session of PostgreSQL is cut during the apply": its_session_is_cut}
SCENARIOS = {
    **{name: ("local", scenario) for name, scenario in ON_DISK.items()},
    **{name: ("http", scenario) for name, scenario in OVER_HTTP.items()},
    **{name: ("s3", scenario) for name, scenario in ON_S3.items()},
    **{name: ("pg", scenario) for name, scenario in ON_POSTGRES.items()},
}


def play(name: str, folder: Path, engine: str) -> float:
    """Play one scenario in a world of its own. Returns the seconds it took."""
    where, scenario = SCENARIOS[name]
    started = time.monotonic()
    with serve(where) as backend:
        scenario(new_world(folder, backend, engine, seed=len(name)))
    return time.monotonic() - started
