"""Whether what is used of a source is behind what the source offers."""

from collections.abc import Mapping, Sequence

from tfops.config.constraint import Constraint
from tfops.config.remote_source import GitPlace, Release, newest_release
from tfops.records.outdated import Found, Standing


def judge_versions(constraint: str, versions: Sequence[str]) -> Found:
    """A module of a registry under a version constraint: behind where it doesn't allow the newest release."""
    newest = newest_release(versions)
    if newest is None:
        return Found(Standing.UNKNOWN, why="the registry has no release of it")
    if not constraint:
        return Found(Standing.MOVING, newest.text, newest.text, "no `version`: it is the newest one there")
    try:
        allowed = Constraint(constraint)
        takes = newest_release(version for version in versions if _allows(allowed, version))
    except ValueError as error:
        return Found(Standing.UNKNOWN, newest=newest.text, why=str(error))
    exact = takes.text if takes else next((one for one in versions if one == constraint.lstrip("=v ")), "")
    if not exact:
        return Found(Standing.UNKNOWN, newest=newest.text, why=f"no release fits `{constraint}`")
    return _compared(exact, newest)


def _allows(constraint: Constraint, version: str) -> bool:
    release = Release.read(version)
    return release is not None and release.is_final and constraint.allows(version)


def _compared(takes: str, newest: Release) -> Found:
    is_behind = (own := Release.read(takes)) is None or newest.is_after(own)
    return Found(Standing.BEHIND if is_behind else Standing.CURRENT, takes, newest.text)


def judge_tags(place: GitPlace, tags: Mapping[str, str]) -> Found:
    """A module of a Git repository, by its tags: tag to commit."""
    named = [place.ref] if place.ref in tags else [tag for tag, commit in tags.items() if commit == place.ref]
    known = [release for release in map(Release.read, named) if release]
    if known:
        takes = max(known, key=lambda release: (release.numbers, release.is_final))
        newest = newest_release(tags, before=takes.before)
        return _compared(takes.text, newest) if newest else Found(Standing.CURRENT, takes.text, takes.text)
    newest = newest_release(tags)
    offered = newest.text if newest else ""
    if place.names_commit:
        return Found(Standing.UNKNOWN, place.ref[:8], offered, "no release has this commit")
    if place.ref in tags:
        return Found(Standing.UNKNOWN, place.ref, offered, "this tag is no version")
    what = f"`{place.ref}` is a branch, or isn't there" if place.ref else "no `ref`: whatever the default branch holds"
    return Found(Standing.MOVING, place.ref, offered, what)


def judge_lock(version: str, versions: Sequence[str]) -> Found:
    """A provider that a lock file holds."""
    newest = newest_release(versions)
    if newest is None:
        return Found(Standing.UNKNOWN, version, why="the registry has no release of it")
    return _compared(version, newest)
