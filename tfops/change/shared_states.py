"""That no two environments keep their state in one place: found in tfops.yaml, before either is planned."""

import re
from collections.abc import Iterator
from dataclasses import replace

from tfops.change.state_places import place_today
from tfops.config.preview import SLUG
from tfops.config.project import EnvironmentRule, ProjectConfig
from tfops.dataclass import dataclass
from tfops.errors import ConfigError
from tfops.records.complaint import Complaint
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.system.trees import Tree

_HINT = "each environment needs a place of its own: put {env} into a value that says where"
_OWN_HINT = "each environment needs a place of its own: a `workspace`, or a value in `backend_config`"


@dataclass(frozen=True, slots=True)
class _StateOf:
    """An environment, or a template of previews by its name, and where its states are."""

    name: str
    rule: EnvironmentRule
    places: frozenset[tuple[str, str]]
    stacks: int

    @property
    def is_template(self) -> bool:
        return SLUG in self.name

    def makes(self, other: "_StateOf") -> bool:
        """Whether a preview of this template would, for some branch, be where the other one is.

        An environment's own line with a preview's name stands instead of the preview.
        """
        instead = re.fullmatch(_any_slug(self.name), other.name) is not None
        return any(
            kind == theirs and re.fullmatch(_any_slug(where), found) and not (instead and SLUG in where)
            for kind, where in self.places
            for theirs, found in other.places
        )


def _any_slug(text: str) -> str:
    return re.escape(text).replace(re.escape(SLUG), "[a-z0-9-]+")


def place_complaints(rules: ProjectConfig, tree: Tree) -> Iterator[Complaint]:
    """Every environment whose state would be where another one's is, with its place in tfops.yaml."""
    from tfops.config.project_file import project_document  # noqa: PLC0415 - nothing is read where no place is special

    if not _is_special(rules):
        return
    document = project_document(tree)
    placed = [_of(rules, tree, name, rule) for name, rule in _written(rules)]
    first: dict[tuple[str, str], _StateOf] = {}
    templates = [one for one in placed if one.is_template]
    for one in placed:
        others = [first[place] for place in one.places if place in first]
        others += [template for template in templates if template is not one and template.makes(one)]
        if one.is_template and not all(SLUG in where for _, where in one.places):
            yield document.complaint(_spot(one), f"all previews of {one.name} would share one state", _HINT)
        elif len(one.places) < one.stacks:
            message = f"the stacks of {one.name} would share one state"
            hint = _OWN_HINT if one.rule.own_backends else "put {stack} into a value that says where"
            yield document.complaint(_spot(one), message, hint)
        elif others:
            later = one if one.rule.backend or not others[0].rule.backend else others[0]
            other = others[0] if later is one else one
            hint = _OWN_HINT if later.rule.own_backends else _HINT
            yield document.complaint(_spot(later), f"{later.name} would keep its state where {other.name} does", hint)
        for place in one.places:
            first.setdefault(place, one)


def require_own_places(rules: ProjectConfig, tree: Tree) -> None:
    """Raises ConfigError. Nothing is read where no environment has settings of its own for the backend."""
    if complaints := list(place_complaints(rules, tree)):
        raise ConfigError(complaints)


def _is_special(rules: ProjectConfig) -> bool:
    """Whether an environment has settings of its own for the backend, or all have the same place."""
    plain, two = replace(rules, environments={}), ("a", "b")
    found = {place_today(plain, EnvName(env), StackName(stack)).where for env in two for stack in two}
    has_own = any(rule.backend or rule.own_backends for rule in (*rules.environments.values(), *rules.previews))
    return has_own or len(found) < len(two) ** 2


def _written(rules: ProjectConfig) -> Iterator[tuple[str, EnvironmentRule]]:
    """The lines of tfops.yaml: previews as their template."""
    yield from ((name, rule) for name, rule in rules.environments.items() if rule.preview is None)
    yield from ((rule.preview.template, rule) for rule in rules.previews if rule.preview)


def _of(rules: ProjectConfig, tree: Tree, name: str, rule: EnvironmentRule) -> _StateOf:
    from tfops.config.stacks import stack_files  # noqa: PLC0415 - as above

    env = EnvName(name)
    known = replace(rules, environments={env: rule})
    base = rule.preview.config if rule.preview else rule.rehearses or env
    stacks = stack_files(tree, base)[0] or {MAIN_STACK: ""}
    sound = [stack for stack in map(StackName, stacks) if not known.backend_of(env, stack).problem]
    places = (place_today(known, env, stack).where for stack in sound)
    return _StateOf(name, rule, frozenset(places), len(sound))


def _spot(one: _StateOf) -> tuple[str, ...]:
    return ("environments", one.name, "backend") if one.rule.backend else ("environments", one.name)
