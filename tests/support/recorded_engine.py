"""The program that stands in for an engine: it says what a real one said, or runs a real one and keeps what it says.

Started by a script that `StandIn` writes (tests/support/stand_in.py), with that script's folder as the first argument.
There `settings.json` names the folder of recordings; with `real` in it, the engine that is to be recorded; with
`twists`, what goes otherwise than recorded. Only the standard library's quick modules: an apply starts this four times.

An answer is found by what an engine's answer depends on, so that how often and in which order tfops asks is free:
the command and its flags, what the root is made of, what the state holds, whether someone holds the state's lock.
What it can be asked without a recording is the state itself, which lies where the root's `local` backend says.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import sys
import time
import zlib

TYPE_CHECKING = False
if TYPE_CHECKING:  # what takes time to import
    from collections.abc import Callable
    from typing import Any

    Answer = dict[str, Any]

RECORDED_AT = "2026-01-01T00:00:00.000000Z"
RECORDED_CREATED = "2026-01-01 00:00:00.000000 +0000 UTC"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
ROOT = "/ROOT"
INDEX = "case.json"

_TWO_WORDS = ("state", "providers")
# What says where to, how long, and in which form: no answer depends on it. Nor on `-refresh`: nothing that is recorded
# changes by itself.
_FREE = (
    *("-out=", "-var-file=", "-lock-timeout=", "-refresh=", "-input="),
    *("-json", "-no-color", "-detailed-exitcode", "-reconfigure"),
)
_LEFT_BY_INIT = (".terraform/modules/modules.json", ".terraform/terraform.tfstate", ".terraform.lock.hcl")
_PLANNED = (0, 2)
_UNKNOWN = 70


def read(path: str) -> str | None:
    """A file's text; None where there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def needed(path: str) -> str:
    text = read(path)
    assert text is not None, path
    return text


def write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def digest(value: Any) -> str:
    """Ids are new in each recording: what is found by a digest must not depend on them."""
    text = json.dumps(value, sort_keys=True)
    return f"{zlib.crc32(UUID.sub('an-id', text).encode()):08x}"


def command_of(argv: list[str]) -> tuple[str, list[str]]:
    """`plan`, `state pull`, …"""
    length = 2 if argv[0] in _TWO_WORDS and argv[1:] and not argv[1].startswith("-") else 1
    return " ".join(argv[:length]), argv[length:]


def state_path() -> str:
    backend = json.loads(needed("backend.tf.json"))["terraform"]["backend"]
    return str(os.path.normpath(backend["local"]["path"]))


def state_content(text: str | None) -> str:
    """What a state holds, as both versions of the engine write it, whatever it is called and numbered."""
    state = json.loads(text) if text else {}
    found: list[Any] = [state.get("outputs") or {}]
    for resource in state.get("resources") or []:
        named = [resource.get(part) for part in ("module", "mode", "type", "name")]
        parts = ("index_key", "status", "attributes")
        found += [
            [*named, "deposed" in instance, *(instance.get(part) for part in parts)]
            for instance in resource["instances"]
        ]
    return json.dumps(found)


def modules_content() -> list[Any]:
    """What `init` looks at: the modules that are called, and their files."""
    main = json.loads(read("main.tf.json") or "{}")
    calls = {name: block.get("source") for name, block in main.get("module", {}).items()}
    files = {}
    for source in calls.values():  # the others lie there too, and nobody reads them
        for folder, _, names in os.walk(source):
            files.update({f"{folder}/{name}": read(f"{folder}/{name}") for name in names if name.endswith(".tf")})
    return [calls, main.get("resource"), files]


def root_content() -> list[Any]:
    """What a plan is made of, the state apart: modules, values, blocks of tfops' own."""
    given = {name: value for name, value in os.environ.items() if name.startswith("TF_VAR_")}
    own = [read(name) for name in ("terraform.tfvars.json", "tfops_bridge.tf.json", "tfops_stacks_override.tf.json")]
    return [*modules_content(), own, given]


def is_locked(path: str) -> bool:
    """Whether another process holds the state, as the engine's `local` backend sees it."""
    try:
        with open(path, "r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return False
    except FileNotFoundError:
        return False
    except OSError:
        return True


def question(argv: list[str], plans: Callable[[str], Answer]) -> Answer:
    """What an answer depends on. `plans` maps a plan file's text to what is known of the plan: its name, its state."""
    command, rest = command_of(argv)
    asks: Answer = {"command": command}
    if command == "version":
        return asks
    if command in ("show", "apply"):
        plan = plans(next(word for word in rest if not word.startswith("-")))
        asks["plan"] = plan["name"]
        if command == "apply":
            asks["is_stale"] = plan["state"] != state_number(read(state_path()))
            asks["is_locked"] = is_locked(state_path())
        return asks
    asks["flags"] = sorted(word for word in rest if not word.startswith(_FREE) and word != "-lock=false")
    asks["root"] = digest(root_content() if command == "plan" else modules_content())
    if command == "plan":
        asks["state"] = digest(state_content(read(state_path())))
        asks["is_locked"] = "-lock=false" not in rest and is_locked(state_path())
    return asks


def state_number(text: str | None) -> list[Any]:
    state = json.loads(text) if text else {}
    return [state.get("lineage", ""), state.get("serial", 0)]


def out_file(argv: list[str]) -> str | None:
    return next((word.removeprefix("-out=") for word in argv if word.startswith("-out=")), None)


# Replaying


class Replay:
    def __init__(self, settings: Answer) -> None:
        self.folder, self.twists = settings["recordings"], settings.get("twists", {})
        self.answers: list[Answer] = json.loads(needed(f"{self.folder}/{INDEX}"))

    def run(self, argv: list[str]) -> int:
        command, rest = command_of(argv)
        known = {"state pull": self.pull, "state push": self.push}.get(command)
        if known:
            return known(rest)
        twist = self.twists.get(command, {})
        if twist.get("is_silent"):
            return 0
        if self.fails(twist):
            return 1
        asks = question(argv, lambda path: json.loads(needed(path)))
        answer = next((one for one in self.answers if one["asks"] == asks), None)
        if answer is None:
            there = "\n".join(json.dumps(one["asks"]) for one in self.answers if one["asks"]["command"] == command)
            sys.stderr.write(f"no recording in {self.folder} of\n{json.dumps(asks)}\nbut of\n{there}\n")
            return _UNKNOWN
        return self.give(answer, argv, twist)

    def fails(self, twist: Answer) -> bool:
        """Whether it is one of the first tries, which fail: it has said then why."""
        path = twist.get("counted")
        tried = int(read(path) or 0) if path else 0
        if path is None or tried >= twist["fails"]:
            return False
        write(path, str(tried + 1))
        self.say([twist.get("out", "")])
        sys.stderr.write(twist.get("err", ""))
        return True

    def give(self, answer: Answer, argv: list[str], twist: Answer) -> int:
        lines = (self.text(answer, "out") or "").splitlines(keepends=True)
        until = twist.get("after", 0)
        self.say(lines[:until])
        if "until" in twist:
            write(twist["until"] + ".reached", "")
            while not os.path.exists(twist["until"]):
                time.sleep(0.005)
        for name, kept in answer.get("files", {}).items():
            write(name, self.here(needed(f"{self.folder}/{kept}")))
        if not twist.get("dies") or twist.get("saves"):
            self.save(answer, twist)
        if twist.get("dies"):
            os.kill(os.getpid(), signal.SIGKILL)
        self.say(lines[until:])
        sys.stderr.write(self.text(answer, "err") or "")
        out = out_file(argv)
        if out and answer.get("has_plan"):
            write(out, json.dumps({"name": answer["name"], "state": state_number(read(state_path()))}))
        sys.stdout.flush()
        if answer["code"] < 0:
            os.kill(os.getpid(), -answer["code"])
        return 1 if twist.get("cannot_save") else int(answer["code"])

    def say(self, lines: list[str]) -> None:
        sys.stdout.write("".join(lines))
        sys.stdout.flush()

    def text(self, answer: Answer, part: str) -> str | None:
        name = answer.get(part)
        return self.here(needed(f"{self.folder}/{name}")) if name else None

    def here(self, text: str) -> str:
        """A recording's text, with this run's folder and time."""
        now = time.time()
        moment, rest = time.gmtime(now), f"{now % 1:.6f}"[1:]
        text = text.replace(ROOT, os.getcwd())
        text = text.replace(RECORDED_AT, time.strftime("%Y-%m-%dT%H:%M:%S", moment) + rest + "Z")
        return text.replace(RECORDED_CREATED, time.strftime("%Y-%m-%d %H:%M:%S", moment) + rest + " +0000 UTC")

    def save(self, answer: Answer, twist: Answer) -> None:
        """The state afterwards, numbered on from the one that is here."""
        recorded = self.text(answer, "state")
        if recorded is None:
            return
        path = state_path()
        after, before = json.loads(recorded), read(path)
        lineage, serial = state_number(before)
        after["serial"], after["lineage"] = serial + answer["writes"], lineage or after["lineage"]
        if before is not None:
            write(path + ".backup", before)
        write("errored.tfstate" if twist.get("cannot_save") else path, json.dumps(after, indent=2) + "\n")

    def pull(self, _: list[str]) -> int:
        self.say([read(state_path()) or ""])
        return 0

    def push(self, rest: list[str]) -> int:
        """As the engine does: neither another lineage nor an older serial is taken."""
        text, (lineage, serial) = needed(rest[-1]), state_number(read(state_path()))
        new = state_number(text)
        if lineage and (new[0] != lineage or new[1] < serial) and "-force" not in rest:
            sys.stderr.write("Failed to write state: cannot overwrite existing state\n")
            return 1
        write(state_path(), text)
        return 0


# Recording


class Recording:
    def __init__(self, settings: Answer) -> None:
        self.folder, self.real = settings["recordings"], settings["real"]
        os.makedirs(self.folder, exist_ok=True)

    def run(self, argv: list[str]) -> int:
        raw, and_then = self.record(argv)
        if and_then:  # tfops reads plan files of real engines by itself; those of a replay have to be shown
            self.record(and_then)
        sys.stdout.write(raw["out"])
        sys.stdout.flush()
        sys.stderr.write(raw["err"])
        if raw["code"] < 0:
            os.kill(os.getpid(), -raw["code"])
        return int(raw["code"])

    def record(self, argv: list[str]) -> tuple[Answer, list[str]]:
        """What the real engine says; and what else it is to be asked."""
        import subprocess  # noqa: PLC0415 - a replay must not wait for it

        command, _ = command_of(argv)
        name = self.next_name(command)
        asks = question(argv, self.plan)
        before = read(state_path()) if command not in ("version", "init") else None
        ran = subprocess.run([self.real, *argv], capture_output=True, text=True, check=False)
        after = read(state_path()) if command == "apply" else None
        raw: Answer = {
            "name": name,
            "asks": asks,
            "code": ran.returncode,
            "out": ran.stdout,
            "err": ran.stderr,
            "files": {path: read(path) for path in _LEFT_BY_INIT if read(path) is not None}
            if command in ("init", "get")
            else {},
            "state": after if after != before else None,
            "writes": state_number(after)[1] - state_number(before)[1] if after is not None else 0,
            "here": os.getcwd(),
        }
        out = out_file(argv)
        has_plan = out is not None and os.path.exists(out)
        if out and has_plan:
            raw |= {"plan": file_digest(out), "plan_state": state_number(read(state_path()))}
        write(f"{self.folder}/{name}.json", json.dumps(raw))
        return raw, ["show", "-json", out] if out and has_plan and ran.returncode in _PLANNED else []

    def next_name(self, command: str) -> str:
        """Engines of several stacks ask side by side."""
        for number in range(1, 1000):
            try:
                os.mkdir(f"{self.folder}/{number:03d}")
            except FileExistsError:
                continue
            return f"{number:03d}-{command.replace(' ', '-')}"
        raise AssertionError(command)

    def plan(self, path: str) -> Answer:
        wanted = file_digest(path)
        names = [name for name in sorted(os.listdir(self.folder)) if name.endswith(".json")]
        raws = [json.loads(needed(f"{self.folder}/{name}")) for name in names]
        return next({"name": raw["name"], "state": raw["plan_state"]} for raw in raws if raw.get("plan") == wanted)


def file_digest(path: str) -> str:
    with open(path, "rb") as file:
        return f"{zlib.crc32(file.read()):08x}"


def main(argv: list[str]) -> int:
    settings = json.loads(needed(f"{argv[0]}/settings.json"))
    return (Recording if settings.get("real") else Replay)(settings).run(argv[1:])
