"""Which environments a command is about that acts on many."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from fnmatch import fnmatchcase

from tfops.config.names import shown, why_and_hint
from tfops.dataclass import dataclass
from tfops.errors import Refused, UsageError
from tfops.records.names import EnvName

_WHERE = "labels stand in tfops.yaml, or in environments/ENV.yaml: labels: {team: web}"

LabelsOf = Callable[[EnvName], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Selection:
    """What was asked for. What is said in several ways must all be so; of `globs`, and of the values of one label, one.

    `affected` and `changed_since` (a commit's name) are about what the checked-out commit touches.
    """

    everything: bool = False
    globs: tuple[str, ...] = ()
    labels: Mapping[str, frozenset[str]] | None = None
    affected: bool = False
    changed_since: str = ""

    def names(self, env: EnvName) -> bool:
        """Whether it is named in full, not only met by a pattern."""
        return env in self.globs

    @property
    def text(self) -> str:
        """As it was typed, without `--affected` and its like."""
        labels = (f"--label {key}={value}" for key, values in (self.labels or {}).items() for value in sorted(values))
        return " ".join((*(f"--env {shown(glob)}" for glob in self.globs), *labels))


def parse_labels(texts: Sequence[str]) -> dict[str, frozenset[str]]:
    """`KEY=VALUE` each. Raises UsageError."""
    found: dict[str, frozenset[str]] = {}
    for text in texts:
        key, sign, value = text.partition("=")
        if not (sign and key and value):
            raise UsageError(f"{shown(text)} is not a label", hint="KEY=VALUE, for instance: --label team=web")
        found[key] = found.get(key, frozenset()) | {value}
    return found


def choose(selection: Selection, environments: Collection[EnvName], labels_of: LabelsOf) -> tuple[EnvName, ...]:
    """The environments that it means, in their order, whatever a commit touches.

    Raises Refused (guard `nothing-selected`) where none is met, and for a pattern or a label that meets none at all.
    """
    for glob in selection.globs:
        _require_met(glob, environments)
    globs = selection.globs or ("*",)
    found = [env for env in environments if any(fnmatchcase(env, glob) for glob in globs)]
    if selection.labels:
        known = {env: labels_of(env) for env in found}
        _require_known(selection.labels, known)
        found = [env for env, labels in known.items() if _has(labels, selection.labels)]
    if not found:
        raise Refused("nothing-selected", f"no environment fits {selection.text or '--all'}", hint="tfops status")
    return tuple(found)


def _has(labels: Mapping[str, str], wanted: Mapping[str, Collection[str]]) -> bool:
    return all(labels.get(key) in values for key, values in wanted.items())


def _require_met(glob: str, environments: Collection[EnvName]) -> None:
    if any(fnmatchcase(env, glob) for env in environments):
        return
    start = re.split(r"[*?\[]", glob, maxsplit=1)[0]
    # Of a pattern, what could have been meant is one that begins as an environment does.
    alike = {f"{env[: len(start)]}{glob[len(start) :]}" if start and start != glob else env for env in environments}
    why, hint = why_and_hint(glob, alike, see="tfops status")
    what = "is" if start == glob else "matches"
    raise Refused("nothing-selected", f"--env {shown(glob)} {what} no environment", why=why, hint=hint)


def _require_known(wanted: Mapping[str, Collection[str]], known: Mapping[EnvName, Mapping[str, str]]) -> None:
    having = {f"{key}={value}" for labels in known.values() for key, value in labels.items()}
    for text in sorted(f"{key}={value}" for key, values in wanted.items() for value in values):
        if text not in having:
            why, hint = why_and_hint(text, having, see=_WHERE)
            raise Refused("nothing-selected", f"no environment has the label {shown(text)}", why=why, hint=hint)
