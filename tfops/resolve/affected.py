"""Which environments a commit touches, and why: what each comes to before and after, compared.

Pure: the contents are read elsewhere. Names of files decide nothing, except in the words of a reason.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import field, fields
from typing import Any

from tfops.config.environment import EnvironmentConfig
from tfops.config.names import PROJECT_FILE
from tfops.config.project import EnvironmentRule, ProjectConfig
from tfops.config.source import LocalSource, RemoteSource
from tfops.dataclass import dataclass
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.records.rendered import MAIN_FILE

_MOST_NAMES = 5

# A field of the rules, and what tfops.yaml calls it where that is another word.
_WORDS = {
    "role": "assume_role",
    "rolls_back": "rollback",
    "requires_signed_commits": "signed_commits",
    "requires_signatures": "require.signed",
    "ledger_ref": "ledger.ref",
    "ask_actions": "actions.ask",
}
# What speaks of an environment as a whole, is compared by what is rendered, speaks of the agent itself, or only names.
_NOT_RULES = frozenset(
    {
        "branch",
        "preview",
        "environments",
        "previews",
        "platforms",
        "agent",
        "providers",
        "backend",
        "labels",
        "same_but",
        "own_backends",
        "names_backend",
    }
)
# Fields that are groups of keys in tfops.yaml too.
_GROUPS = frozenset({"engine", "secrets", "encryption"})


@dataclass(frozen=True, slots=True)
class Comes:
    """What an environment comes to at a commit.

    `roots` are its rendered files by name; `modules` the digest of each folder below `modules/` that it uses, those
    too that modules call by relative paths, and `reaches` by folder those that it leads to, itself included;
    `complaint` says why it can't be read, and then nothing else is known but its rule. `folder` is where its modules
    are.
    """

    rules: ProjectConfig
    rule: EnvironmentRule
    config: EnvironmentConfig | None = None
    roots: Mapping[str, str] = field(default_factory=dict)
    lock: str | None = None
    modules: Mapping[str, str] = field(default_factory=dict)
    reaches: Mapping[str, frozenset[str]] = field(default_factory=dict)
    complaint: str = ""
    folder: str = "modules"


def why_affected(env: EnvName, before: Comes | None, after: Comes | None) -> tuple[str, ...]:
    """The reasons, in words; none when the environment stays what it is."""
    if before is None or after is None:
        return () if before is after else ("new in tfops.yaml",) if before is None else ("removed from tfops.yaml",)
    if after.complaint:
        return (f"can't be read: {after.complaint}",)
    if before.complaint:
        return ("can be read again",)
    found = [*_branch(before, after), *_rules(env, before, after), *_stacks(before, after)]
    found += _modules(before, after)
    found += ["the provider lock"] if before.lock != after.lock else []
    return tuple(found) or tuple(_rendered(before, after))


def _branch(before: Comes, after: Comes) -> Iterator[str]:
    if before.rule.branch != after.rule.branch:
        yield f"bound to branch {after.rule.branch}, was {before.rule.branch}"


def _rules(env: EnvName, before: Comes, after: Comes) -> Iterator[str]:
    for name in _different(before.rule, after.rule):
        yield f"{PROJECT_FILE}: environments.{env}.{name}"
    for name in _different(before.rules, after.rules):
        yield f"{PROJECT_FILE}: {name}"
    providers = before.rules.providers, after.rules.providers
    if providers[0] != providers[1]:
        changed = [name for name in sorted({*providers[0], *providers[1]}) if _differs(name, *providers)]
        yield f"{PROJECT_FILE}: providers.{_listed(changed)}"
    if before.rules.backend_of(env) != after.rules.backend_of(env):
        yield f"{PROJECT_FILE}: backend"


def _different(before: Any, after: Any) -> Iterator[str]:
    for one in fields(before):
        was, now = getattr(before, one.name), getattr(after, one.name)
        if one.name in _NOT_RULES or was == now:
            continue
        inner = list(_different(was, now)) if one.name in _GROUPS else [""]
        yield from (".".join(filter(None, (_WORDS.get(one.name, one.name), key))) for key in inner)


def _stacks(before: Comes, after: Comes) -> Iterator[str]:
    assert before.config is not None
    assert after.config is not None
    was, now = before.config.stacks, after.config.stacks
    yield from (f"stack {name} is new" for name in now if name not in was)
    yield from (f"stack {name} is gone" for name in was if name not in now)
    for stack in now.keys() & was.keys():
        for word, values in (("provider", "providers"), ("local", "locals")):
            changed = _changed(getattr(was[stack], values), getattr(now[stack], values))
            if changed:
                yield f"{_many(word, changed)} {_in(stack, _listed(changed))}"
        old, new = was[stack].modules, now[stack].modules
        yield from (f"module {_in(stack, name)} is new" for name in new if name not in old)
        yield from (f"module {_in(stack, name)} is gone" for name in old if name not in new)
        for name in new.keys() & old.keys():
            if _source(before, old[name].source) != _source(after, new[name].source):
                yield from _source_change(_in(stack, name), old[name].source, new[name].source)
            changed = _changed(old[name].inputs, new[name].inputs)
            if changed:
                yield f"module {_in(stack, name)}: {_many('input', changed)} {_listed(changed)}"
            changed = [key for key in _OF_A_CALL if getattr(old[name], key) != getattr(new[name], key)]
            if changed:
                yield f"module {_in(stack, name)}: {_listed(changed)}"


_OF_A_CALL = ("for_each", "count", "depends_on", "providers")


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [name for name in sorted({*before, *after}) if _differs(name, before, after)]


def _many(word: str, names: list[str]) -> str:
    return word if len(names) == 1 else f"{word}s"


def _source(comes: Comes, source: LocalSource | RemoteSource) -> Any:
    """A folder by its content: under another name it is the same."""
    return comes.modules.get(source.path) if isinstance(source, LocalSource) else source


def _source_change(name: str, old: LocalSource | RemoteSource, new: LocalSource | RemoteSource) -> Iterator[str]:
    """A folder that changed where it is, is named once for all who use it."""
    if old != new:
        yield f"module {name}: source {new.text}, was {old.text}"


def _modules(before: Comes, after: Comes) -> Iterator[str]:
    """A folder inside of another one that changed is part of it."""
    both = sorted(after.modules.keys() & before.modules.keys())
    changed = [path for path in both if before.modules[path] != after.modules[path]]
    for path in changed:
        if not any(path.startswith(f"{other}/") for other in changed):
            where = (path or "the repository") if _is_own(after) else f"{after.folder}/{path}"
            yield f"{where} changed: used by {_listed(sorted(_users(after, path)))}"


def _is_own(comes: Comes) -> bool:
    """Whether it is made of root modules that somebody wrote by hand: these reach folders anywhere."""
    return comes.config is not None and bool(comes.config.own_roots)


def _users(comes: Comes, path: str) -> Iterator[str]:
    assert comes.config is not None
    for stack, found in comes.config.stacks.items():
        for name, module in found.modules.items():
            if isinstance(module.source, LocalSource) and path in comes.reaches.get(module.source.path, ()):
                yield f"module {_in(stack, name)}"


def _rendered(before: Comes, after: Comes) -> Iterator[str]:
    """What else is rendered otherwise; a folder's own name doesn't count."""
    was, now = _by_content(before), _by_content(after)
    names = [name for name in sorted({*was, *now}) if _differs(name, was, now)]
    if names:
        yield f"rendered {_listed(names)}"


def _by_content(comes: Comes) -> dict[str, Any]:
    return {
        name: _without_names(comes, json.loads(text)) if name.rpartition("/")[2] == MAIN_FILE else text
        for name, text in comes.roots.items()
    }


def _without_names(comes: Comes, root: Any) -> Any:
    for module in root.get("module", {}).values():
        path = str(module.get("source", "")).removeprefix("./modules/")
        module["source"] = comes.modules.get(path, module.get("source"))
    return root


def _in(stack: StackName, module: str) -> str:
    return module if stack == MAIN_STACK else f"{stack}/{module}"


def _differs(key: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    return (key in before) != (key in after) or bool(before.get(key) != after.get(key))


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
