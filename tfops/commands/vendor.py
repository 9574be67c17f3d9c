"""`vendor`: modules from elsewhere, copied into `modules/` and called from there; what was fetched is written down."""

import contextlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from tfops.change.project import Project
from tfops.change.request import Request
from tfops.change.stack import locate
from tfops.change.ui import Ui
from tfops.commands.outdated import remote_calls
from tfops.commands.vendor_uses import NamedModule, Package, meant, named_modules, own_sources
from tfops.config.edit_source import with_source, without_version
from tfops.config.names import shown
from tfops.config.project import ProjectConfig
from tfops.config.vendored import SOURCE_FILE, Vendored, read_vendored
from tfops.dataclass import dataclass
from tfops.engine.environment import engine_environment
from tfops.engine.fetched import fetch
from tfops.engine.mask import Masker
from tfops.engine.modules import InstalledModule
from tfops.engine.runner import Runner
from tfops.errors import Refused, UsageError
from tfops.records.complaint import Mark
from tfops.records.copied import CopiedModule
from tfops.system import signals
from tfops.system.copied import copy_folder, folder_digest
from tfops.system.git import GitFailed, GitRunner
from tfops.system.trees import GitTree
from tfops.system.workspace import explained_disk_errors, in_work_tree, replace_text, write_file
from tfops.views.vendor import VendorCheckResult, VendorResult

_ENGINE_FOLDER = ".terraform/modules"


@dataclass(frozen=True, slots=True)
class _Copy:
    """A package as it was fetched, and the folder below `modules/` that it gets."""

    package: Package
    folder: str
    fetched: Path
    record: Vendored
    is_there: bool


def vendor(project: Project, asked: Sequence[str], name: str, request: Request, ui: Ui) -> VendorResult:
    """Copy what was asked for (environments, sources, modules by name), and have the files call the copies.

    `name` is the folder for a single one. What calls modules from elsewhere itself goes on to do so, and is told.
    Raises Refused, ConfigError, EngineFailed: nothing is written then.
    """
    tree, root = project.tree(worktree=True), project.repository.root
    rules, modules = project.rules_in(tree), tree.folders.modules
    everywhere = named_modules(project, tree, rules)
    wanted = _with_sharers(meant(asked, everywhere, rules), everywhere)
    packages = sorted({one.package for one in wanted})
    if name and len(packages) > 1:
        raise UsageError(
            "`--as` names one folder", why=f"{len(packages)} modules are meant", hint="one after the other"
        )
    with _fetched(project, rules, wanted, packages, request, ui) as (folder, installed):
        copies = [
            _copy(tree, root, package, name, _package_folder(wanted, package, installed[f"m{index}"]))
            for index, package in enumerate(packages)
        ]
        _require_different(copies)
        texts = _texts(tree, wanted, {copy.package: copy.folder for copy in copies})
        with signals.deferred("The modules were copied first: look at them, and commit them."):
            for copy in copies:
                if not copy.is_there:
                    _put(in_work_tree(root, f"{modules}/{copy.folder}"), folder, copy)
            for path, text in texts.items():
                replace_text(in_work_tree(root, path), text)
    inner = [
        f"{copies[int(one.path.partition('.')[0].removeprefix('m'))].folder}: {one.source} {one.version}".strip()
        for one in installed.values()
        if "." in one.path and one.is_download and not one.source.startswith((".", "/"))
    ]
    envs = list(dict.fromkeys(one.env for one in wanted))
    calls = remote_calls(project, tree, own_sources(project, tree, envs))
    left = [*(f"{modules}/{text}" for text in inner), *(f"{place}: {source}" for source, place in calls)]
    return VendorResult(
        tuple(_told(modules, copy) for copy in copies), tuple(texts), tuple(envs), tuple(dict.fromkeys(left))
    )


def _told(modules: str, copy: _Copy) -> CopiedModule:
    record = copy.record
    return CopiedModule(f"{modules}/{copy.folder}", record.source, record.version, record.commit, not copy.is_there)


def check(project: Project, asked: Sequence[str]) -> VendorCheckResult:
    """Whether the copies, or those in the folders that were asked for, still are what was fetched."""
    tree, root = project.tree(worktree=True), project.repository.root
    modules = tree.folders.modules
    known = {name: _record(tree, name) for name in tree.names(modules)}
    copies = {name: record for name, record in known.items() if record is not None}
    wanted = [word.removeprefix(f"{modules}/").rstrip("/") for word in asked] or list(copies)
    for word in wanted:
        if word not in copies:
            hint = f"copies: {', '.join(copies) or 'none'}"
            raise Refused("unknown-module", f"`{modules}/` has no copy {shown(word)} from elsewhere", hint=hint)
    return VendorCheckResult(tuple(
        CopiedModule(
            f"{modules}/{word}", copies[word].source, copies[word].version, copies[word].commit,
            is_as_fetched=_digest(root / modules / word) == copies[word].digest,
        )
        for word in wanted
    ))  # fmt: skip


def _record(tree: GitTree, folder: str) -> Vendored | None:
    path = f"{tree.folders.modules}/{folder}/{SOURCE_FILE}"
    return read_vendored(path, tree.read(path) or "")


def _digest(folder: Path) -> str:
    return f"sha256:{folder_digest(folder, without=SOURCE_FILE)}"


def _with_sharers(wanted: Sequence[NamedModule], everywhere: Sequence[NamedModule]) -> list[NamedModule]:
    """With the modules of other environments whose source stands at the same place of a shared file.

    Raises Refused (guard `shared-file`) where they have another version.
    """
    found = dict.fromkeys(wanted)
    for one in everywhere:
        same = next((other for other in found if other.source_mark == one.source_mark), None)
        if same is not None and same.package != one.package:
            raise Refused(
                "shared-file",
                f"{same.source_mark} names the source of `{one.name}` for {same.env} and {one.env}, which have "
                "different versions of it",
                hint=f"write `source:` of `{one.name}` in the file of each, beside its `version:`",
            )
        if same is not None:
            found[one] = None
    return list(found)


@contextlib.contextmanager
def _fetched(
    project: Project,
    rules: ProjectConfig,
    wanted: Sequence[NamedModule],
    packages: Sequence[Package],
    request: Request,
    ui: Ui,
) -> Iterator[tuple[Path, Mapping[str, InstalledModule]]]:
    """A folder that is gone afterwards, and what was fetched into it by its path: `m0`, `m0.inner`."""
    with project.workspace.scratch() as folder:
        for name in ("root", "run", "copies"):
            (folder / name).mkdir(mode=0o700)
        env_vars = engine_environment(more=rules.engine.env, secrets={}, plugin_cache=project.workspace.plugin_cache)
        runner = Runner(folder / "root", folder / "run", env_vars, Masker(()), ui.engine_event, ui.engine_signal)
        ui.phase(f"fetching {len(packages)} modules")
        calls = {f"m{index}": _call(wanted, package) for index, package in enumerate(packages)}
        installed = fetch(locate(project, rules, request.engine), runner, calls)
        ui.phase("")
        yield folder, {one.path: one for one in installed}


def _call(wanted: Sequence[NamedModule], package: Package) -> dict[str, str | None]:
    """Of one that uses it: Terraform 1.15 fetches no module of a call that lacks a required input."""
    one = next(one for one in wanted if one.package == package)
    place, _, query = package.address.partition("?")
    source = (f"{place}//{one.inside}" if one.inside else place) + (f"?{query}" if query else "")
    version = {"version": package.version} if package.version else {}
    return {**dict.fromkeys(one.inputs), "source": source, **version}


def _package_folder(wanted: Sequence[NamedModule], package: Package, installed: InstalledModule) -> tuple[Path, str]:
    """The top of what was fetched, and its version."""
    inside = next(one.inside for one in wanted if one.package == package)
    folder = installed.folder.resolve()
    return (folder.parents[len(inside.split("/")) - 1] if inside else folder), installed.version


def _copy(tree: GitTree, root: Path, package: Package, name: str, fetched: tuple[Path, str]) -> _Copy:
    """Raises Refused where the folder is taken, or was changed since it was copied."""
    (folder, version), modules = fetched, tree.folders.modules
    record = Vendored(package.address, version, _commit(folder), _digest(folder))
    longer = f"{package.name}-{version or record.commit[:8] or record.digest[7:15]}"
    for wanted in [name] if name else [package.name, longer]:
        known = _record(tree, wanted)
        if known is not None and known.source.partition("?")[0] == package.address.partition("?")[0]:
            _require_unchanged(root, f"{modules}/{wanted}", known)
            return _Copy(package, wanted, folder, record, is_there=known == record)
        if not in_work_tree(root, f"{modules}/{wanted}").exists():
            return _Copy(package, wanted, folder, record, is_there=False)
    raise Refused(
        "exists",
        f"`{modules}/{name or package.name}` is there already, and is another module",
        hint="choose another name: --as NAME",
    )


def _require_unchanged(root: Path, folder: str, known: Vendored) -> None:
    if _digest(root / folder) != known.digest:
        raise Refused(
            "changed-copy",
            f"`{folder}` isn't what was fetched: somebody changed it, and that would be lost",
            hint=f"look at it: git log -p -- {folder}; or choose another name: --as NAME",
        )


def _require_different(copies: Sequence[_Copy]) -> None:
    folders = [copy.folder for copy in copies]
    double = next((folder for folder in folders if folders.count(folder) > 1), "")
    if double:
        named = " and ".join(copy.package.text for copy in copies if copy.folder == double)
        raise Refused("exists", f"{named} would both be `{double}`", hint="one after the other, with --as NAME")


def _commit(folder: Path) -> str:
    """What Git had checked out; empty for what didn't come by Git."""
    if not (folder / ".git").exists():
        return ""
    try:
        return GitRunner(folder).line("rev-parse", "--verify", "HEAD")
    except GitFailed:
        return ""


def _texts(tree: GitTree, wanted: Sequence[NamedModule], folders: Mapping[Package, str]) -> dict[str, str]:
    """The files that name them, as they will be. Raises Refused (guard `unusual-form`)."""
    changes = dict[Mark, Callable[[str], str]]()  # what several environments share is changed once
    for one in wanted:
        source = "/".join(filter(None, (folders[one.package], one.inside)))
        changes[one.source_mark] = partial(with_source, module=one.name, source=source)
        if one.version_mark is not None:
            changes[one.version_mark] = partial(without_version, module=one.name)
    texts = dict[str, str]()
    for mark, change in changes.items():
        try:
            texts[mark.path] = change(texts.get(mark.path) or tree.read(mark.path) or "")
        except ValueError as error:
            hint = "write `source:` and `version:` of the module in the usual form, each on a line of its own"
            raise Refused("unusual-form", f"{mark} can't be changed without risk: {error}", hint=hint) from error
    return texts


def _put(target: Path, scratch: Path, copy: _Copy) -> None:
    made = scratch / "copies" / copy.folder
    copy_folder(copy.fetched, made)
    with explained_disk_errors(f"copy {copy.folder}"):
        write_file(made / SOURCE_FILE, copy.record.file)
        (made / SOURCE_FILE).chmod(0o644)
        if target.exists():
            shutil.move(target, scratch / f"{copy.folder}.before")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(made, target)
