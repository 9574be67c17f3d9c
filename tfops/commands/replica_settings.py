"""What the copy is to have otherwise: typed, asked for on a terminal, or refused with what to type."""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tfops.change.ui import Ui
from tfops.commands.replica_files import Original, full_path
from tfops.config.edit import inline_text
from tfops.config.names import why_and_hint
from tfops.errors import Refused, UsageError
from tfops.records.names import EnvName
from tfops.resolve.must_differ import MustDiffer, Names, must_differ


def all_settings(
    original: Original, copy: EnvName, settings: Mapping[str, str], same: Iterable[str], ui: Ui
) -> dict[str, str]:
    """Full path to text. `same` are paths that stay as they are. Raises Refused (guard `must-differ`), UsageError."""
    said = {full_path(original, path): text for path, text in settings.items()}
    kept = {full_path(original, path) for path in same}
    _require_sensible(original, said, kept)
    wanted = must_differ(original.inputs(), original.line, Names(original.env, copy))
    missing = [one for one in wanted if one.path not in (*said, *kept)]
    if missing and not ui.is_interactive:
        raise _refused(original, copy, missing)
    for one in missing:
        answer = ui.ask(f"{one.path} ({one.why}: {typed(one.value)})", typed(_proposal(one)))
        if answer != typed(one.value):
            said[one.path] = answer
    return said


def _require_sensible(original: Original, said: Mapping[str, str], kept: set[str]) -> None:
    if both := sorted(said.keys() & kept):
        raise UsageError(f"--set and --same: `{both[0]}` is the one or the other")
    known = [*original.inputs(), *_paths(original.line)]
    for path in sorted(kept):
        if path not in known:
            why, hint = why_and_hint(path, known, see=f"tfops config show {original.env}")
            raise UsageError(f"--same: {original.env} has no `{path}`", why=why, hint=hint)


def _paths(line: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for key, value in line.items():
        yield f"{before}{key}"
        if isinstance(value, dict):
            yield from _paths(value, f"{before}{key}.")


def _proposal(one: MustDiffer) -> Any:
    return one.value if one.proposal is None else one.proposal


def typed(value: Any) -> str:
    """A value as `--set` takes it."""
    return value if isinstance(value, str) and value[:1] not in ("{", "[", '"', "'", "") else inline_text(value)


def _refused(original: Original, copy: EnvName, missing: Sequence[MustDiffer]) -> Refused:
    flags = [f"--set {shlex.quote(f'{one.path}={typed(_proposal(one))}')}" for one in missing if one.proposal]
    flags += [f"--set {shlex.quote(one.path)}=…" for one in missing if one.proposal is None]
    count = "1 value" if len(missing) == 1 else f"{len(missing)} values"
    return Refused(
        "must-differ",
        f"{count} of {original.env} must differ in {copy}, or be meant to be the same",
        why="\n".join(f"{one.path}: {typed(one.value)} ({one.why})" for one in missing),
        hint=f"add {' '.join(flags)}   (as it is: --same PATH)",
    )
