"""`adopt`: a Terraform folder that becomes an environment."""

from __future__ import annotations

from tfops.dataclass import dataclass
from tfops.records.names import EnvName
from tfops.records.plan import Plan
from tfops.records.version import Version
from tfops.views import draw
from tfops.views.base import View, text_report
from tfops.views.words import plain, plural


@dataclass(frozen=True, slots=True)
class AdoptResult:
    """The end of `adopt`: the files that were written, or the version once they were committed.

    `secrets` are inputs that must be set in the environment, `kept_providers` those whose blocks stay in the module.
    """

    env: EnvName
    folder: str
    written: tuple[str, ...]
    changed: tuple[str, ...]
    secrets: tuple[str, ...]
    kept_providers: tuple[str, ...]
    version: Version | None
    plan: Plan


@text_report.register(AdoptResult)
def _adopt(result: AdoptResult, view: View) -> draw.Renderable:
    moved = plural(len(result.plan.work), "resource")
    get = "gets a new address" if len(result.plan.work) == 1 else "get new addresses"
    if result.version is not None:
        head = draw.Text.assemble(("✓ ", "bold green"), (f"{result.env} is now {result.version}", "bold"))
        head.append(f", taken over from {plain(result.folder)} · {moved} moved, nothing touched", style="dim")
        return draw.Group(head, draw.Text(f"  Don't apply in {plain(result.folder)} any more.", style="yellow"))
    lines = [draw.Text(f"  + {plain(path)}", style="green") for path in result.written]
    lines += [draw.Text(f"  ~ {plain(path)}", style="yellow") for path in result.changed]
    notes = [f"set {name.upper()} in the environment: `{name}` is a secret" for name in result.secrets]
    notes += [
        f"provider `{name}` stays in the module: its block has more than plain values" for name in result.kept_providers
    ]
    lines += [draw.Text(f"  {plain(note)}", style="yellow") for note in notes]
    lines += [draw.Text(), draw.Text(f"The first plan is empty: {moved} {get}, nothing is touched.", style="green")]
    after = f"Next: commit, bring it to its branch, then the same again: tfops adopt {result.env} {result.folder}"
    return draw.Group(*lines, draw.Text(plain(after), style="bold"))
