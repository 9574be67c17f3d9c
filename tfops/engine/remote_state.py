"""A state where a backend keeps it, reached by a root that holds nothing else: no provider, no module."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfops import exact
from tfops.engine.commands import CommandLine, EngineFlags
from tfops.engine.failures import engine_error
from tfops.engine.locate import Engine
from tfops.engine.moved_mark import content_digest
from tfops.engine.runner import Ended, Runner
from tfops.records.rendered import BACKEND_FILE, ENCRYPTION_FILE
from tfops.system.workspace import write_file

_DOCUMENT = "moving.tfstate"


class RemoteState:
    """One backend, called `name` in messages. Every method raises EngineFailed or Locked with the engine's words."""

    def __init__(self, engine: Engine, runner: Runner, *, name: str, flags: EngineFlags) -> None:
        self._runner = runner
        self._name = name
        self._commands = CommandLine(engine.executable, flags)

    def reach(self, backend_file: str, *, encryption: str | None = None) -> None:
        """Initialize the backend. `encryption` is the file with OpenTofu's block, where states are encrypted.

        The engine does that first and then asks for the providers that the state names. They aren't needed, so it
        finds none in an empty folder: what counts is that it has taken the backend.
        """
        root = self._runner.root
        write_file(root / BACKEND_FILE, backend_file)
        if encryption is not None:
            write_file(root / ENCRYPTION_FILE, encryption)
        (root / "none").mkdir(exist_ok=True)
        ended = self._runner.run(self._commands.init_backend(plugins=str(root / "none")))
        if not (root / ".terraform/terraform.tfstate").is_file():
            raise engine_error(f"{self._name} can't be reached", ended.errors)

    def pull(self) -> dict[str, Any]:
        """The state's document, empty where there is none."""
        ended = self._runner.run(self._commands.pull_state(), shielded=True)
        self._require_done(ended, f"the state in {self._name} can't be read")
        text = ended.take_output()
        document: dict[str, Any] = exact.loads(text) if text.strip() else {}
        return document

    def push(self, document: Mapping[str, Any], *, force: bool = False) -> None:
        """Under the state's own lock. Without `force` the engine refuses another lineage, and an older serial."""
        path: Path = self._runner.root / _DOCUMENT
        write_file(path, exact.dumps(document, indent=2))
        try:
            argv = self._commands.push_state(_DOCUMENT, force=force)
            self._require_done(self._runner.run(argv, shielded=True), f"the state can't be written to {self._name}")
        finally:
            path.unlink()

    def put(self, document: Mapping[str, Any], *, over: Mapping[str, Any]) -> None:
        """Push over what was found. In an empty place the engine gives the first push a lineage of its own."""
        self.push(document, force=over.get("lineage", "") not in ("", document["lineage"]))
        there = self.pull()
        is_ours = content_digest(there) == content_digest(document)
        if is_ours and there.get("lineage") != document["lineage"]:
            self.push(document, force=True)

    def _require_done(self, ended: Ended, what: str) -> None:
        if ended.code != 0:
            raise engine_error(what, ended.errors)
