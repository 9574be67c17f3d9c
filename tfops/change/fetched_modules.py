"""Modules from elsewhere that `init` fetched, held against those that a version ran with: sources move."""

from collections.abc import Mapping, Sequence

from tfops.change.stacks import StackSpec
from tfops.change.target import Target
from tfops.engine.modules import InstalledModule
from tfops.errors import Refused
from tfops.records.addresses import qualified
from tfops.records.download import Download
from tfops.records.names import StackName


def moved_modules(spec: StackSpec, installed: Sequence[InstalledModule]) -> tuple[str, ...]:
    """The paths of modules that are other ones under the same source: `app.inner`, qualified by their stack.

    On the way back the version that comes back counts, else the latest one.
    """
    known = spec.recorded.downloads if spec.recorded else {}
    then: Mapping[str, Download] = spec.past.downloads if spec.past is not None else known
    return tuple(
        qualified(spec.name, module.path)
        for module in installed
        if module.is_download and _is_another(module, then.get(module.path))
    )


def _is_another(module: InstalledModule, was: Download | None) -> bool:
    if was is None or not was.digest or (was.source, was.version) != (module.source, module.version):
        return False
    return was.digest != module.digest()


def moved_warning(moved: Sequence[str], spec: StackSpec) -> str:
    """What a plan should be read with."""
    what = "the version to go back to" if spec.past is not None else f"{spec.recorded.version}" if spec.recorded else ""
    return (
        f"{', '.join(moved)}: what the source gives here isn't what {what} was applied with; it moved, or this clone "
        "holds an older copy. Pin it: an exact version, or ?ref=COMMIT"
    )


def require_same_modules(target: Target, moved: Mapping[StackName, tuple[str, ...]], *, ignoring: bool) -> None:
    """Raises Refused (guard `moved-module`) where a way back would not be to what the version was."""
    if target.way.restores is None or ignoring or not any(moved.values()):
        return
    named = ", ".join(path for paths in moved.values() for path in paths)
    raise Refused(
        "moved-module",
        f"going back to {target.env} {target.way.restores.version} would run other modules than then: {named}",
        why="their sources say no fixed content, and what they give now has another digest than the version's card",
        hint=f"pin them to what they were then; or take what there is: tfops rollback {target.env} "
        f"{target.way.restores.version} --ignore-verdict",
    )
