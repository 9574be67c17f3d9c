"""`output`: what the applied version gave, from its card."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tfops.commands.named import applied_versions
from tfops.config.names import shown, why_and_hint
from tfops.dataclass import dataclass
from tfops.errors import ConfigError, ProjectError, Refused, UsageError
from tfops.ledger.versions import read_plain_card
from tfops.records.names import CommitSha
from tfops.views.output import OutputForm, OutputResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfops.change.project import Project
    from tfops.change.ui import Ui


def output(
    project: Project, env: str | None, name: str | None, *, fetch: bool, ui: Ui, form: OutputForm = OutputForm.TABLE
) -> OutputResult:
    """All outputs of the latest version, or the one that is called `url`, `web.url` or `network/vpc.id`.

    Raises Refused: `never-applied`, `unknown-output`; `hidden-output` for one whose value no card has.
    """
    if fetch:
        project.fetch_here(ui)
    found, _, latest = applied_versions(project, env)
    card = read_plain_card(project.repository, latest)
    known = OutputResult(found, latest.version, card["outputs"], form=form)
    if name is None:
        return _all(project, known, card)
    return _one(project, known, card, name)


def _all(project: Project, known: OutputResult, card: Mapping[str, Any]) -> OutputResult:
    if known.form is OutputForm.RAW:
        raise UsageError("--raw is for one output: name it", hint=f"tfops output {known.env} NAME --raw")
    missing = _missing_outputs(project, card)
    return replace(known, hidden=missing.hidden, not_recorded=missing.not_recorded, unseen=missing.unseen)


def _one(project: Project, known: OutputResult, card: Mapping[str, Any], name: str) -> OutputResult:
    fitting = [(module, one) for module, values in known.outputs.items() for one in values if _fits(name, module, one)]
    if not fitting:
        raise _no_such_output(known, name, _missing_outputs(project, card))
    if len(fitting) > 1:
        several = " or ".join(f"{module}.{one}" for module, one in fitting)
        raise UsageError(f"several modules of {known.env} have an output {shown(name)}", hint=f"write {several}")
    [(module, one)] = fitting
    value = known.outputs[module][one]
    if known.form is OutputForm.RAW:
        _require_raw(f"{module}.{one}", value)
    return replace(known, outputs={module: {one: value}}, is_one=True)


def _fits(name: str, module: str, output: str) -> bool:
    return name in (output, f"{module}.{output}")


def _require_raw(name: str, value: Any) -> None:
    """Raises UsageError for what has no bare text, Refused where a part of it was masked before it was stored."""
    if isinstance(value, list | dict) or value is None:
        raise UsageError(f"`{name}` is no text, number or bool", hint="--json writes any value")
    from tfops.engine.mask import MASK  # noqa: PLC0415 - the engine's folder: for this one word

    if isinstance(value, str) and MASK in value:
        raise _hidden(name)


def _hidden(name: str) -> Refused:
    return Refused(
        "hidden-output",
        f"`{name}` is sensitive, or has a secret in it",
        why="secrets are never stored: no card has the value",
        hint="read it where the module keeps it, or from the engine itself",
    )


def _no_such_output(known: OutputResult, name: str, missing: _Missing) -> Refused:
    for hidden, refusal in ((missing.hidden, _hidden), (missing.not_recorded, _not_recorded)):
        found = [f"{module}.{one}" for module, names in hidden.items() for one in names if _fits(name, module, one)]
        if found:
            return refusal(found[0])
    names = [f"{module}.{one}" for module, values in known.outputs.items() for one in values]
    why, hint = why_and_hint(name, names, see=f"tfops output {known.env}")
    what = f"{known.env} {known.version} has no output {shown(name)}"
    return Refused("unknown-output", what, why=why, hint=hint)


def _not_recorded(name: str) -> Refused:
    why = "a card keeps values up to 4 KB, of what the change applied"
    return Refused("hidden-output", f"the card has no value of `{name}`", why=why, hint="apply, or ask the engine")


@dataclass(frozen=True, slots=True)
class _Missing:
    """What modules declare, and the card doesn't have."""

    hidden: Mapping[str, tuple[str, ...]]
    not_recorded: Mapping[str, tuple[str, ...]]
    unseen: tuple[str, ...]


def _missing_outputs(project: Project, card: Mapping[str, Any]) -> _Missing:
    """By the modules' files as the version had them; none where this clone lacks the commit."""
    from tfops.change.modules import interfaces_of  # noqa: PLC0415 - HCL: for what the card doesn't say
    from tfops.config.modules.interface import public_outputs_of  # noqa: PLC0415
    from tfops.system.trees import GitTree  # noqa: PLC0415

    modules: Mapping[str, Any] = card["modules"]
    local = {name: part["source"] for name, part in modules.items() if part["digest"]}
    unseen = tuple(name for name in modules if name not in local)
    try:
        interfaces = interfaces_of(project, GitTree.of_commit(project.repository, CommitSha(card["commit"])))
        declared = {name: interfaces.local(source) for name, source in local.items()}
        public = {name: public_outputs_of(interfaces, source) for name, source in local.items()}
    except (ConfigError, ProjectError, Refused):
        return _Missing({}, {}, unseen)
    names = {name: list(found.outputs) if found else [] for name, found in declared.items()}
    hidden = {name: tuple(one for one in names[name] if one not in public[name]) for name in local}
    known: Mapping[str, Any] = card["outputs"]
    left = {
        name: tuple(one for one in names[name] if one in public[name] and one not in known.get(name, {}))
        for name in local
    }
    return _Missing(_filled(hidden), _filled(left), unseen)


def _filled(names: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {name: found for name, found in names.items() if found}
