"""Which modules a name means, and in which order environments get a patch."""

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby

from tfops.config.project import EnvironmentRule
from tfops.config.remote_source import INNER
from tfops.records.addresses import TERRAFORM_REGISTRY, TOFU_REGISTRY
from tfops.records.names import EnvName

_FOLDER = "modules/"


def names_folder(wanted: str, folders: Collection[str]) -> bool:
    """Whether a word means one of the folders below `modules/`: `network`, `modules/network`."""
    return wanted.removeprefix(_FOLDER).rstrip("/") in folders


def names_source(wanted: str, source: str) -> bool:
    """Whether a word means a module from elsewhere, in any version: with or without `git::`, the registry's host, the
    folder inside of it, `?ref=…` and a version behind a space."""
    return _bare(wanted) == _bare(source) or wanted == source


def _bare(source: str) -> str:
    place = source.partition(" ")[0].partition("?")[0].removeprefix("git::")
    for registry in (TERRAFORM_REGISTRY, TOFU_REGISTRY):
        place = place.removeprefix(registry)
    return INNER.split(place)[0].removesuffix(".git").rstrip("/")


def promotion_waves(
    wanted: Collection[EnvName], rules: Mapping[EnvName, EnvironmentRule]
) -> tuple[tuple[EnvName, ...], ...]:
    """The environments wave by wave: after the one that each is promoted from, and the protected after the others."""

    def key(env: EnvName) -> tuple[int, bool]:
        return _level(env, rules), rules[env].protected

    ordered = sorted(wanted, key=lambda env: (*key(env), env))
    return tuple(tuple(found) for _, found in groupby(ordered, key))


def _level(env: EnvName, rules: Mapping[EnvName, EnvironmentRule]) -> int:
    return len(promoted_through(env, rules))


def promoted_through(env: EnvName, rules: Mapping[EnvName, EnvironmentRule]) -> Sequence[EnvName]:
    """The environments that come before, the nearest first."""
    way: list[EnvName] = []
    rule = rules.get(env)
    while rule is not None and rule.promote is not None and rule.promote.source not in way:
        way.append(rule.promote.source)
        rule = rules.get(rule.promote.source)
    return way
