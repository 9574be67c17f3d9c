"""`init` and `new`: files that were written."""

from __future__ import annotations

from tfops.dataclass import dataclass
from tfops.views import draw
from tfops.views.base import View, text_report
from tfops.views.words import plain


@dataclass(frozen=True, slots=True)
class InitResult:
    """The end of `init`. `roots` are Terraform folders that could be adopted; `to_do` is what the pipeline needs
    besides its files."""

    folder: str
    written: tuple[str, ...]
    kept: tuple[str, ...]
    commit: str
    environment: str
    roots: tuple[str, ...] = ()
    needs_values: bool = False
    to_do: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewResult:
    """The end of `new environment` and `new module`. `branch` is what the environment is bound to."""

    kind: str
    name: str
    written: tuple[str, ...]
    changed: tuple[str, ...]
    branch: str


@text_report.register(InitResult)
def _init(result: InitResult, view: View) -> draw.Renderable:
    lines = [draw.Text(f"  + {path}", style="green") for path in result.written]
    lines += [draw.Text(f"  = {path} (kept as it was)", style="dim") for path in result.kept]
    where = "" if result.folder == "." else f"cd {result.folder} && "
    if result.commit and result.to_do:
        after = f"Committed as {result.commit[:8]}. Next: {where}git push, once that is done: the pipeline runs then"
    elif result.commit:
        after = f"Committed as {result.commit[:8]}. Next: {where}tfops apply {result.environment}"
    else:
        then = "merge it: the pipeline runs from then on" if result.to_do else f"tfops apply {result.environment}"
        after = f"Next: {where}git add -A && git commit, then {then}"
    if result.needs_values:
        name = f"/{result.environment}.yaml"
        file = next((path for path in result.written if path.endswith(name)), f"environments{name}")
        after = f"Next: write your values into {plain(file)}, then tfops validate"
    roots = ", ".join(result.roots[:3]) + (f" and {len(result.roots) - 3} more" if len(result.roots) > 3 else "")
    hint = (
        [draw.Text(f"Terraform is applied in {plain(roots)}: tfops adopt ENV FOLDER takes a folder over.")]
        if roots
        else []
    )
    hint += [draw.Text(f"For the pipeline: {plain(line)}") for line in result.to_do]
    return draw.Group(*lines, draw.Text(), *hint, draw.Text(plain(after), style="bold"))


@text_report.register(NewResult)
def _new(result: NewResult, view: View) -> draw.Renderable:
    lines = [draw.Text(f"  + {plain(path)}", style="green") for path in result.written]
    lines += [draw.Text(f"  ~ {plain(path)}", style="yellow") for path in result.changed]
    if result.kind == "environment":
        after = f"Bound to branch {result.branch}. Next: tfops validate {result.name}, then commit."
    else:
        after = f"Next: tfops explain {result.name}, then use it: an environment's `source: {result.name}`"
    return draw.Group(*lines, draw.Text(), draw.Text(plain(after), style="bold"))
