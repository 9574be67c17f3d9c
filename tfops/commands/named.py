"""Which environment a command about the past means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfops.config.names import is_environment_name
from tfops.ledger.versions import versions_of
from tfops.records.names import EnvName

if TYPE_CHECKING:
    from tfops.change.project import Project


def environment_with_versions(project: Project, env: str | None) -> EnvName:
    """Also environments that tfops.yaml no longer has: their history stays."""
    if env is not None and is_environment_name(env) and versions_of(project.repository, EnvName(env)).latest:
        return EnvName(env)
    if env is not None:
        from tfops.resolve.branches import require_environment  # noqa: PLC0415 - of what was never applied, or misspelt

        return require_environment(env, project.config_at(project.repository.head))
    from tfops.change.environment import find_place  # noqa: PLC0415 - only who names none: what a branch stands for

    return find_place(project, None).env
