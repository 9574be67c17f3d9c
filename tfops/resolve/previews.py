"""Which preview environments there are: one for each branch that fits."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace

from tfops.config.names import is_branch_name
from tfops.config.preview import SLUG
from tfops.config.project import EnvironmentRule, ProjectConfig
from tfops.records.names import EnvName

_LONGEST_NAME = 63
_DIGEST = 6


def with_previews(rules: ProjectConfig, branches: Iterable[str]) -> ProjectConfig:
    """The rules with an environment for each branch that fits a template; an environment's own line wins."""
    found: dict[EnvName, EnvironmentRule] = {}
    for branch in sorted(set(branches)):
        for rule in rules.previews:
            name = preview_name(rule, branch)
            if name is not None and name not in rules.environments:
                found.setdefault(name, replace(rule, branch=branch))
    return replace(rules, environments={**rules.environments, **found}) if found else rules


def preview_name(rule: EnvironmentRule, branch: str) -> EnvName | None:
    """The environment of a branch, None when the branch doesn't fit.

    The same branch always gets the same name, two branches never: what a name can't hold (capitals, other
    characters, too much of it) is replaced, and a digest of the branch is added.
    """
    assert rule.preview is not None
    parts = re.split(r"(\*\*|\*)", rule.branch)
    words = {"*": "([^/]*)", "**": "(.*)"}
    match = re.fullmatch("".join(words.get(part, re.escape(part)) for part in parts), branch)
    if match is None or not is_branch_name(branch):
        return None
    return EnvName(rule.preview.template.replace(SLUG, _slug("-".join(match.groups()), branch, rule.preview.template)))


def _slug(wanted: str, branch: str, template: str) -> str:
    room = _LONGEST_NAME - len(template.replace(SLUG, ""))
    safe = re.sub(r"[^a-z0-9]+", "-", wanted.lower()).strip("-")
    if safe == wanted and len(safe) <= room:
        return safe
    digest = hashlib.sha256(branch.encode()).hexdigest()[:_DIGEST]
    kept = safe[: room - _DIGEST - 1].rstrip("-")
    return f"{kept}-{digest}" if kept else digest
