"""Which environment a command about the past means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfops.config.names import is_environment_name
from tfops.errors import Refused
from tfops.ledger.versions import Listing, list_latest, require_known, versions_of
from tfops.records.names import EnvName

if TYPE_CHECKING:
    from tfops.change.project import Project
    from tfops.records.version import VersionRecord


def environment_with_versions(project: Project, env: str | None) -> EnvName:
    """Also environments that tfops.yaml no longer has: their history stays."""
    if env is not None and is_environment_name(env) and versions_of(project.repository, EnvName(env)).latest:
        return EnvName(env)
    if env is not None:
        from tfops.resolve.branches import require_environment  # noqa: PLC0415 - of what was never applied, or misspelt

        return require_environment(env, project.config_at(project.repository.head))
    from tfops.change.environment import find_place  # noqa: PLC0415 - only who names none: what a branch stands for

    return find_place(project, None).env


def named_versions(project: Project, env: str | None) -> tuple[EnvName, Listing]:
    """The same with its versions, which are read once: there may be thousands."""
    listing = versions_of(project.repository, EnvName(env)) if env and is_environment_name(env) else None
    if env and listing and listing.latest:
        return EnvName(env), listing
    name = environment_with_versions(project, env)
    return name, versions_of(project.repository, name)


def applied_versions(project: Project, env: str | None) -> tuple[EnvName, Listing, VersionRecord]:
    """The same of one that runs, with what runs. Raises Refused (guard `never-applied`), and as `require_known`."""
    name, listing = named_versions(project, env)
    require_known(name, listing)
    if listing.latest is None:
        raise Refused("never-applied", f"{name} has no version yet", hint=f"tfops apply {name}")
    return name, listing, listing.latest


def running_version(project: Project, env: str | None) -> tuple[EnvName, VersionRecord]:
    """The same for who needs no other version: of thousands only the newest is read."""
    name = EnvName(env) if env and is_environment_name(env) else environment_with_versions(project, env)
    listing = list_latest(project.repository, name).get(name, Listing())
    if listing.trouble or listing.latest is None:
        name, _, latest = applied_versions(project, env)
        return name, latest
    return name, listing.latest
