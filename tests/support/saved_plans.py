"""Plans made by a real engine in a folder, read twice: by tfops from the file, and from the engine's `show -json`."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from tfops.config.project import EngineChoice
from tfops.engine.digest import without_secrets
from tfops.engine.locate import find_engine
from tfops.engine.plan import planned_kinds, planned_outputs, read_plan, secrets_of, to_plan
from tfops.engine.planfile.document import read_plan_of
from tfops.engine.planfile.planned_on import state_planned_on
from tfops.engine.planfile.unfamiliar import Unfamiliar
from tfops.engine.state import parse_state, sensitive_values
from tfops.errors import Refused
from tfops.records.plan import Plan
from tfops.records.state import StackState

_PLAN = "plan.bin"


class Ended(NamedTuple):
    """How an engine's command ended."""

    code: int
    out: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What tfops makes of a plan."""

    plan: Plan | str  # or why it is refused
    outputs: Mapping[str, Any]
    kinds: Mapping[str, Any]
    secrets: frozenset[str]
    facts: list[Any]


@dataclass(slots=True)
class Workbench:
    """A folder where one engine plans and applies what a test writes."""

    folder: Path
    engine: str
    env: dict[str, str] = field(default_factory=dict)
    is_empty: bool = False

    def run(self, *args: str, codes: tuple[int, ...] = (0,)) -> Ended:
        """An engine's command; the test fails where it ends in another way."""
        found = find_engine(EngineChoice(), self.engine)
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ}
        env = kept | {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"} | self.env
        done = subprocess.run(
            [found.executable, *args], cwd=self.folder, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode in codes, f"{args}: {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return Ended(done.returncode, done.stdout)

    def write(self, hcl: str) -> None:
        (self.folder / "main.tf").write_text(hcl)

    def init(self) -> None:
        self.run("init", "-input=false", "-no-color")

    def plan(self, *flags: str, codes: tuple[int, ...] = (0, 2)) -> bytes:
        """Plan what is written. Returns the saved plan's file."""
        (self.folder / _PLAN).unlink(missing_ok=True)
        done = self.run("plan", "-input=false", "-no-color", "-detailed-exitcode", f"-out={_PLAN}", *flags, codes=codes)
        self.is_empty = done.code == 0
        return (self.folder / _PLAN).read_bytes()

    def apply(self, codes: tuple[int, ...] = (0,)) -> None:
        """Apply what was planned last."""
        self.run("apply", "-input=false", "-no-color", _PLAN, codes=codes)

    @property
    def version(self) -> str:
        return find_engine(EngineChoice(), self.engine).version

    def read(self) -> Reading:
        """The plan of the last `plan`, by tfops' own reader."""
        return self._reading(read_plan_of((self.folder / _PLAN).read_bytes(), self.version))

    def show(self) -> Reading:
        """The same by the engine's."""
        return self._reading(read_plan(self.run("show", "-json", _PLAN).out))

    def pull(self) -> tuple[StackState, frozenset[str]]:
        """The state as the engine says it, without the digest, and what is sensitive in it."""
        text = self.run("state", "pull").out
        return replace(parse_state(text), sha256=""), sensitive_values(text)

    def planned_on(self) -> tuple[StackState, frozenset[str]] | None:
        """The same by the file of the last plan; None where it has something otherwise."""
        content = (self.folder / _PLAN).read_bytes()
        try:
            return state_planned_on(content, read_plan_of(content, self.version))
        except Unfamiliar:
            return None

    def _reading(self, document: Mapping[str, Any]) -> Reading:
        try:
            plan = to_plan(document, is_empty=self.is_empty, is_partial=True)
        except Refused as error:
            return Reading(error.why, {}, {}, frozenset(), _facts(document))
        secrets = secrets_of(document)
        return Reading(plan, planned_outputs(document), planned_kinds(document), secrets, _facts(document))


def _facts(document: Mapping[str, Any]) -> list[Any]:
    """What the engine shows of each change: more than a `Plan` keeps. Order and marks are compared by the rest."""
    return [
        sorted(map(_fact, document.get("resource_changes") or []), key=_place),
        sorted(map(_fact, document.get("resource_drift") or []), key=_place),
        {name: _change(change) for name, change in (document.get("output_changes") or {}).items()},
        sorted(map(_invocation, document.get("action_invocations") or []), key=repr),
        [document[flag] for flag in ("errored", "applyable", "complete")],
    ]


def _place(fact: Mapping[str, Any]) -> tuple[str, str]:
    return fact["address"], fact["deposed"]


def _fact(item: Mapping[str, Any]) -> dict[str, Any]:
    names = ("address", "previous_address", "mode", "type", "deposed", "action_reason")
    return {name: item.get(name) or "" for name in names} | _change(item["change"])


def _invocation(item: Mapping[str, Any]) -> list[Any]:
    names = ("address", "type", "config_unknown", "lifecycle_action_trigger")
    config = without_secrets(item.get("config_values"), item.get("config_sensitive"))
    return [*(item.get(name) for name in names), config]


def _change(change: Mapping[str, Any]) -> dict[str, Any]:
    names = ("actions", "before", "after", "after_unknown", "importing")
    return {name: change.get(name) for name in names} | {"replace_paths": change.get("replace_paths") or []}
