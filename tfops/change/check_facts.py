"""What a check may know of the change that it judges, and that it failed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from tfops import exact
from tfops.change.ui import Ui
from tfops.dataclass import dataclass
from tfops.engine.environment import base_environment
from tfops.records.names import EnvName
from tfops.system.workspace import write_file


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What the checks may know of the change. `outputs` are public; `folder` is private to the run.

    `plans` is the folder with the plans that they judge, none when what runs is judged; `roots` are the rendered roots
    of the stacks that are judged. `on_tick` is called while they work (the lease of the lock is renewed), `is_stopped`
    ends them early.
    """

    env: EnvName
    version: str
    commit: str
    root: Path
    folder: Path
    variables: Sequence[str]
    mask: Callable[[str], str]
    ui: Ui
    outputs: Mapping[str, Any] = field(default_factory=dict)
    plans: Path | None = None
    roots: Mapping[str, Path] = field(default_factory=dict)
    on_tick: Callable[[], None] = lambda: None
    is_stopped: Callable[[], bool] = lambda: False

    def environment(self, more: Sequence[str] = ()) -> dict[str, str]:
        """What a command may see: what the engine may, `more` by name or `PREFIX_*`, and the facts of the change."""
        outputs = self.folder / "outputs.json"
        write_file(outputs, exact.dumps(self.outputs))
        return base_environment((*self.variables, *more)) | {
            "TFOPS_ENV": self.env,
            "TFOPS_VERSION": self.version,
            "TFOPS_COMMIT": self.commit,
            "TFOPS_OUTPUTS": str(outputs),
            "TFOPS_PLANS": str(self.plans or ""),
        }

    @property
    def words(self) -> tuple[str, str, str]:
        """While a check works, when it passed, when it failed."""
        return ("checking", "checked", "check failed") if self.plans else ("verifying", "verified", "not verified")


class FailedCheck(Exception):
    """The text is in our words. `said` is what the command or server said, to be shown once; `code` a command's exit
    code, where it had one."""

    def __init__(self, why: str, said: str = "", code: int | None = None) -> None:
        super().__init__(why)
        self.said = said
        self.code = code
