"""What tfops.yaml says about an environment, key by key, and `same_but`: what may differ between two of them."""

import dataclasses
import enum
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tfops.config.document import Document
from tfops.config.names import did_you_mean, shown
from tfops.config.project import ProjectConfig
from tfops.records.complaint import Complaint
from tfops.records.difference import Group
from tfops.records.names import EnvName

# A key of an environment's block, and the field that holds it. Branch, labels and the like only name an environment.
_OF_ENVIRONMENT = {
    "account": "account",
    "region": "region",
    "assume_role": "role",
    "protected": "protected",
    "required_checks": "required_checks",
    "verify": "verify",
    "hooks": "hooks",
    "rollback": "rolls_back",
    "sync": "sync",
    "drift": "drift",
    "windows": "windows",
    "deletes": "deletes",
    "signed_commits": "requires_signed_commits",
    "review": "review",
}
# A key of the project, which two environments differ in where they run at different commits.
_OF_PROJECT = {
    "protect": "protect",
    "no_downgrade": "no_downgrade",
    "actions.ask": "ask_actions",
    "inventory": "inventory",
    "require.signed": "requires_signatures",
}
_OTHERS = ("backend", "engine")
_GROUPS = tuple(str(group) for group in Group if group not in (Group.OUTPUTS, Group.RULES))
_FIRST_WORDS = tuple(dict.fromkeys([*_GROUPS, *_OF_ENVIRONMENT, *(key.split(".")[0] for key in _OF_PROJECT), *_OTHERS]))
_ENTRY = re.compile(r"[a-z_]+(\.[^\s]+)?")
_RULE = "for instance: inputs.size, inputs.web.size, region, resources.aws_instance; `*` stands for anything"


def rules_about(rules: ProjectConfig, env: EnvName) -> dict[str, Any]:
    """By the words of tfops.yaml, as JSON has it; what nobody decided is left out."""
    found = {key: getattr(rules, name) for key, name in _OF_PROJECT.items()}
    found |= {"engine.use": rules.engine.use, "engine.version": rules.engine.version.text}
    backend = rules.backend_of(env)
    found |= {f"backend.{backend.kind}.{key}": value for key, value in backend.settings.items()}
    found |= {
        f"providers.{name}.{key}": value for name, block in rules.providers.items() for key, value in block.items()
    }
    if rule := rules.environments.get(env):
        found |= {key: getattr(rule, name) for key, name in _OF_ENVIRONMENT.items()}
        found["rollback"] = "auto" if rule.rolls_back else ""
    return {key: _plain(value) for key, value in found.items() if _is_decided(value)}


def _is_decided(value: Any) -> bool:
    """`deletes: 0` is."""
    return value is not None and value is not False and value not in ("", ())


def _plain(value: Any) -> Any:
    """A window says itself what was written."""
    if dataclasses.is_dataclass(value):
        if text := getattr(value, "text", ""):
            return text
        return {one.name: _plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, enum.Enum):
        return value.value
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def check_same_but(document: Document, data: dict[str, Any]) -> Iterator[Complaint]:
    """What a schema can't say of `same_but`."""
    entries = data.get("same_but")
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, str) and (problem := _problem(entry)):
            yield document.complaint(("same_but", index), *problem)


def _problem(entry: str) -> tuple[str, str] | None:
    word, _, rest = entry.partition(".")
    if not _ENTRY.fullmatch(entry):
        return f"{shown(entry)} names nothing that can differ", _RULE
    if word not in _FIRST_WORDS:
        return f"{shown(entry)} names nothing that can differ", did_you_mean(word, _FIRST_WORDS)
    if word == Group.INPUTS and not rest:
        return "all inputs may differ: then nothing is compared", "name them: inputs.size, or inputs.*.size"
    return None


def may_differ(paths: Iterable[str], same_but: Iterable[str]) -> bool:
    """Whether an entry names one of the paths, or what it is a part of."""
    entries = tuple(same_but)
    return any(_pattern(entry).fullmatch(path) for path in paths for entry in entries)


def _pattern(entry: str) -> re.Pattern[str]:
    words = {"*": ".*"}
    text = "".join(words.get(part, re.escape(part)) for part in re.split(r"(\*)", entry))
    return re.compile(rf"{text}([.\[].*)?", re.DOTALL)
