"""The files of a copy: what an environment was at a version, with what was said to be different laid over it."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from tfops.config.document import Document, read_document
from tfops.config.edit import with_environment
from tfops.config.lines import config_lines
from tfops.config.names import PROJECT_FILE, did_you_mean, shown
from tfops.config.values import is_whole
from tfops.dataclass import dataclass
from tfops.errors import Refused, UsageError
from tfops.records.addresses import qualified
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.records.version import VersionRecord
from tfops.resolve.blame import input_names
from tfops.resolve.must_differ import PLACES

INPUTS = "inputs."
# Keys of an environment's line whose values are texts, whatever they look like.
_TEXTS = (*PLACES, "assume_role", "branch")


@dataclass(frozen=True, slots=True)
class Original:
    """What is copied: each stack's file with all that it inherits, the provider lock, the line in today's tfops.yaml.

    `parents` are the files that today say the same: the copy's files extend them. Empty where the branch has moved on.
    `folder` is where the copy's are written.
    """

    record: VersionRecord
    documents: Mapping[StackName, Document]
    parents: Mapping[StackName, str]
    lock: str | None
    line: Mapping[str, Any]
    folder: str = "environments"

    @property
    def env(self) -> EnvName:
        return self.record.env

    def inputs(self) -> dict[str, Any]:
        """`inputs.web.name` (`inputs.stack/web.name` where there are several) to value, as the files have it."""
        return {
            f"{INPUTS}{module}.{'.'.join(path)}": value
            for module, inputs in self.modules().items()
            for path, value in _leaves(inputs, ())
        }

    def modules(self) -> dict[str, Mapping[str, Any]]:
        """Qualified module to its inputs."""
        return {
            qualified(stack, name): block.get("inputs") or {}
            for stack, document in self.documents.items()
            for name, block in document.data["modules"].items()
        }


def _leaves(values: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in values.items():
        if isinstance(value, dict) and value and not is_whole(value):
            yield from _leaves(value, (*above, str(key)))
        else:
            yield (*above, str(key)), value


@dataclass(frozen=True, slots=True)
class Draft:
    """What a copy comes to: its files, path to text, and what differs from the original, path to value."""

    files: Mapping[str, str]
    settings: Mapping[str, Any]
    line: Mapping[str, Any]


def full_path(original: Original, asked: str) -> str:
    """`inputs.name` as `inputs.web.name`; a key of the environment's line as it is. Raises UsageError."""
    if not asked.startswith(INPUTS):
        return asked
    names = input_names((name.removeprefix(INPUTS) for name in original.inputs()), asked.removeprefix(INPUTS))
    if len(names) > 1:
        what = f"several modules of {original.env} have an input {shown(asked.removeprefix(INPUTS))}"
        raise UsageError(what, hint=" or ".join(f"{INPUTS}{name}" for name in names))
    return f"{INPUTS}{names[0]}" if names else asked


def draft(original: Original, copy: EnvName, settings: Mapping[str, str], project_text: str) -> Draft:
    """`settings` are full paths to texts, as typed. Raises UsageError for what can't be set, Refused (guard
    `unusual-form`) where tfops.yaml can't be changed without risk."""
    line, said = deepcopy(dict(original.line)), dict[str, Any]()
    inputs: dict[StackName, dict[tuple[str, ...], Any]] = {stack: {} for stack in original.documents}
    for path, text in settings.items():
        if path.startswith(INPUTS):
            stack, steps = _place(original, path)
            said[path] = inputs[stack][steps] = value_of(text, _at(original.documents[stack].data, steps))
        else:
            steps = tuple(path.split("."))
            said[path] = text if path in _TEXTS else value_of(text, _at(line, steps))
            _put(line, steps, said[path])
    files = dict(_files(original, copy, inputs))
    if original.lock is not None:
        files[f"{original.folder}/{copy}.lock.hcl"] = original.lock
    try:
        files[PROJECT_FILE] = with_environment(project_text, copy, line)
    except ValueError as error:
        what = f"`{PROJECT_FILE}` can't be changed without risk: {error}"
        raise Refused(
            "unusual-form", what, hint=f"add `{copy}` by hand, commit it, then: tfops apply {copy}"
        ) from error
    return Draft(files, said, line)


def _place(original: Original, path: str) -> tuple[StackName, tuple[str, ...]]:
    """The stack, and where in its file. Raises UsageError for a module that isn't there."""
    name = path.removeprefix(INPUTS)
    for module in original.modules():
        if name.startswith(f"{module}."):
            stack, _, own = module.rpartition("/")
            steps = name.removeprefix(f"{module}.").split(".")
            return StackName(stack or MAIN_STACK), ("modules", own, "inputs", *steps)
    hint = did_you_mean(name.partition(".")[0], original.modules()) or f"tfops config show {original.env}"
    raise UsageError(f"no module of {original.env} has an input {shown(name)}", hint=hint)


def value_of(text: str, before: Any) -> Any:
    """What was typed: as YAML, but a text stays a text in place of one, unless it is in quotes or brackets.

    Raises UsageError.
    """
    if isinstance(before, str) and text[:1] not in ("{", "[", '"', "'"):
        return text
    read = read_document("", f"value: {text}")
    if read.complaints or not isinstance(read.data, dict):
        raise UsageError(f"{shown(text)} is no value", why=read.complaints[0].message if read.complaints else "")
    return read.data["value"]


def _at(data: Any, steps: tuple[str, ...]) -> Any:
    for step in steps:
        data = data.get(step) if isinstance(data, dict) else None
    return data


def _put(data: dict[str, Any], steps: tuple[str, ...], value: Any) -> None:
    for step in steps[:-1]:
        below = data.get(step)
        data[step] = below if isinstance(below, dict) and not is_whole(below) else {}
        data = data[step]
    data[steps[-1]] = value


def _files(
    original: Original, copy: EnvName, said: Mapping[StackName, Mapping[tuple[str, ...], Any]]
) -> Iterator[tuple[str, str]]:
    for stack, document in original.documents.items():
        path = f"{original.folder}/{copy}.yaml" if stack == MAIN_STACK else f"{original.folder}/{copy}/{stack}.yaml"
        overlay, whole = _with({}, said[stack]), _with(document.data, said[stack])
        parent = original.parents.get(stack)
        if parent is not None and _merged(document.data, overlay) == whole:
            head = f"# `{copy}`: a copy of {original.env} {original.record.version}. What is different stands here.\n"
            yield path, f"{head}extends: {parent}\n{_text(overlay)}"
        else:
            head = f"# `{copy}`: a copy of what {original.env} was at {original.record.version}.\n"
            yield path, f"{head}{_text(whole)}"


def _with(data: Mapping[str, Any], said: Mapping[tuple[str, ...], Any]) -> dict[str, Any]:
    found = deepcopy(dict(data))
    for steps, value in said.items():
        _put(found, steps, value)
    return found


def _merged(below: Any, above: Any) -> Any:
    """As `extends` lays one file over another."""
    if not (isinstance(below, dict) and isinstance(above, dict)) or is_whole(below) or is_whole(above):
        return above
    return {**below, **{key: _merged(below.get(key), value) for key, value in above.items()}}


def _text(data: dict[str, Any]) -> str:
    document = Document("")
    document.data = data
    return "".join(f"{line.text}\n" for line in config_lines(document))
