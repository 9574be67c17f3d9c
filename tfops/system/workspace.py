"""Everything that tfops keeps on disk: `<git common dir>/tfops/`, private to the user.

It never dirties the work tree and is shared by all work trees of a clone:

    sources/<tree id>/     `modules/` as it was in a commit, for tfops to read; no engine runs in it
    interfaces/            what modules take and give, by content
    rules/                 what tfops.yaml says, by content
    scratch/               roots that are planned to judge values, removed after use
    roots/<env>/<stack>/   the rendered root with its own `modules/`, the engine's `.terraform`, what runs wrote
    state/<env>/           the local backend
    backups/<env>/         copies of states, from before somebody did something to them
    runs/<env>/<run id>/   output and plan of one run, removed after use; by stack, where there are several
    locks/                 one process at a time in an environment's folder
    pending/               versions that were applied but not recorded yet
    bisect/                what a bisect that isn't finished was told
    hooks/<env>/           the commit checked out that an environment's hooks come from
    agent/                 commits checked out for runs without a person, and what those said
"""

import contextlib
import json
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from tfops.errors import Refused
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.system import clock, environ

_PRIVATE_FOLDER = 0o700


@contextlib.contextmanager
def explained_disk_errors(doing: str) -> Iterator[None]:
    """A full disk, a read-only or foreign folder becomes a sentence instead of a traceback."""
    try:
        yield
    except OSError as error:
        place = f": {error.filename}" if error.filename else ""
        raise Refused(
            "disk",
            f"could not {doing}",
            why=f"{error.strerror or error}{place}",
            hint="make room or writable, then run the same command again",
        ) from error


class Workspace:
    """The folders of one clone. Created on first use with mode 0700."""

    def __init__(self, common_dir: Path) -> None:
        self.top = common_dir / "tfops"
        self._made: set[Path] = set()

    def _folder(self, *parts: str) -> Path:
        path = self.top.joinpath(*parts)
        if path in self._made and path.is_dir():
            return path
        with explained_disk_errors("create tfops' folder"):
            path.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
            self.top.chmod(_PRIVATE_FOLDER)
        self._made.add(path)
        return path

    def backups(self, env: EnvName) -> Path:
        """Copies of states, from before something was done to them by hand."""
        return self._folder("backups", env)

    def root(self, env: EnvName, stack: StackName) -> Path:
        return self._folder("roots", env, stack)

    def state(self, env: EnvName) -> Path:
        return self._folder("state", env)

    @property
    def sources(self) -> Path:
        return self._folder("sources")

    @property
    def interfaces(self) -> Path:
        return self._folder("interfaces")

    @property
    def rules(self) -> Path:
        return self._folder("rules")

    @property
    def verdicts(self) -> Path:
        return self._folder() / "verdicts.json"

    @property
    def labels(self) -> Path:
        """The labels of environments, as their files said when somebody asked last."""
        return self._folder() / "labels.json"

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """A private folder that is gone afterwards."""
        with tempfile.TemporaryDirectory(dir=self._folder("scratch"), ignore_cleanup_errors=True) as folder:
            yield Path(folder)

    @property
    def fetches(self) -> Path:
        return self._folder("fetches")

    @property
    def locks(self) -> Path:
        return self._folder("locks")

    @property
    def plugin_cache(self) -> Path:
        """The user's own, shared by all clones, where TF_PLUGIN_CACHE_DIR names a folder that is there."""
        own = environ.variable("TF_PLUGIN_CACHE_DIR")
        return Path(own).resolve() if own and Path(own).is_dir() else self._folder("plugin-cache")

    @property
    def crashes(self) -> Path:
        return self._folder("crashes")

    @property
    def engine_cache(self) -> Path:
        return self._folder() / "engine.json"

    @property
    def home_branch(self) -> Path:
        """What the remote answered when it was asked for its default branch."""
        return self._folder() / "home-branch.json"

    @property
    def clone_id(self) -> str:
        """Tells this clone from every other one: what it locked, it may unlock.

        Bound to its folder: a copy of a clone (a CI cache, an image, `cp -r`) gets an id of its own.
        """
        folder = self._folder()
        path, inode = folder / "clone-id", str(folder.stat().st_ino)
        known = path.read_text(encoding="utf-8").split() if path.exists() else []
        if len(known) != 2 or known[1] != inode:
            known = [secrets.token_hex(8), inode]
            write_file(path, " ".join(known))
        return known[0]

    def checkout(self, env: EnvName) -> Path:
        """Where a commit of an environment is checked out for a run without a person; it may not be there yet."""
        return self._folder("agent", "checkouts") / env

    @property
    def reports(self) -> Path:
        """Where runs without a person leave what they say, until the next one of the same environment."""
        return self._folder("agent", "reports")

    def last_right(self, env: EnvName) -> Path:
        """When this clone last saw that the real world is what the version says."""
        return self._folder("agent", "right") / f"{env}.json"

    def bisect(self, env: EnvName) -> Path:
        """What a bisect that isn't finished was told."""
        return self._folder("bisect") / f"{env}.json"

    def pending(self, env: EnvName) -> Path:
        return self._folder("pending") / f"{env}.json"

    def forget_environment(self, env: EnvName) -> None:
        """Remove the root, the local state and the runs of an environment that was only a rehearsal."""
        for kind in ("roots", "state", "runs", "hooks"):
            shutil.rmtree(self.top / kind / env, ignore_errors=True)

    @contextlib.contextmanager
    def run(self, env: EnvName, run_id: str = "") -> Iterator[Path]:
        """A private folder for one run's plan and output; gone afterwards, and with it older ones.

        Kept (without the plan) when the engine began to apply and the run did not end well: its output
        is then the record of what was done. The caller holds the environment's lock.
        """
        runs = self._folder("runs", env)
        for left in (*runs.rglob("*.bin"), *runs.rglob("*.out"), *runs.rglob("*.err")):  # of a run that was killed
            if left.suffix == ".bin" or not left.stem.endswith("-apply"):  # what was done is in that one alone
                left.unlink(missing_ok=True)
        path = self._folder("runs", env, run_id or new_run_id())
        try:
            yield path
        except BaseException:
            for plan in path.rglob("*.bin"):
                plan.unlink()
            if not any(path.rglob("*-apply.out")):
                shutil.rmtree(path, ignore_errors=True)
            raise
        shutil.rmtree(path, ignore_errors=True)

    def hooks(self, env: EnvName) -> Path:
        """Where the files of an environment's hooks are checked out; it may not be there yet."""
        return self._folder("hooks") / env

    def outputs(self, env: EnvName) -> list[Path]:
        """What engines of this environment wrote or write, in this clone."""
        return sorted((self.top / "runs" / env).rglob("*.out"))

    def run_folder(self, env: EnvName, run_id: str) -> Path:
        """Where a run of this clone kept its output; it may be gone, or never have been here."""
        return self.top / "runs" / env / run_id

    def forget_run(self, env: EnvName, run_id: str) -> None:
        """Remove what one run left: it did nothing that needs to be known."""
        shutil.rmtree(self.run_folder(env, run_id), ignore_errors=True)

    def forget_runs(self, env: EnvName) -> None:
        """Remove what failed runs left: a version was recorded since."""
        shutil.rmtree(self.top / "runs" / env, ignore_errors=True)


def part_of_run(folder: Path, stack: StackName) -> Path:
    """A stack's part of a run's folder: what an environment that is one file runs stays in the folder itself."""
    return folder if stack == MAIN_STACK else folder / stack


def rewrite_outputs(folder: Path, change: Callable[[str], str]) -> None:
    """Put what engines wrote in a run's folder through `change`. None of them may still be at work."""
    for path in [*folder.rglob("*.out"), *folder.rglob("*.err")]:
        text = path.read_text(encoding="utf-8", errors="replace")
        changed = change(text)
        if changed != text:
            write_file(path, changed)


def new_run_id() -> str:
    return f"{clock.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def run_began(run_id: str) -> datetime:
    """When the run with this id began, by its own clock; now, for an id that doesn't say."""
    try:
        return datetime.strptime(run_id.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return clock.now()


@contextlib.contextmanager
def exclusive(folder: Path, *, wait_s: float = -1) -> Iterator[None]:
    """One process at a time for the `with` block, on this machine. After `wait_s` seconds it is entered anyway.

    Engines that fill one provider cache at once damage it (hashicorp/terraform#31964).
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - completion imports this module

    lock = FileLock(folder / ".lock", mode=0o600)
    with explained_disk_errors(f"lock {folder.name}"), contextlib.suppress(Timeout):
        lock.acquire(timeout=wait_s)
    try:
        yield
    finally:
        lock.release()


def write_file(path: Path, text: str) -> None:
    """Write 0600, whole or not at all: a reader never sees half a file."""
    write_bytes(path, text.encode("utf-8", "surrogateescape"))


def write_bytes(path: Path, content: bytes) -> None:
    """The same for what is no text."""
    with explained_disk_errors(f"write {path.name}"):
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def replace_text(path: Path, text: str) -> None:
    """Write a file of the user's anew, with the mode that it has, whole or not at all. Line ends stay as they are."""
    with explained_disk_errors(f"write {path.name}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.new")
        try:
            temporary.write_text(text, encoding="utf-8", newline="")
            if path.exists():
                temporary.chmod(stat.S_IMODE(path.stat().st_mode))
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def write_new_files(root: Path, files: Mapping[str, str], executable: Collection[str] = ()) -> None:
    """Write files of the project, with the modes that the user's files have. The caller knows that none is there.

    Bytes that aren't UTF-8 travel in the texts as lone surrogates (`surrogateescape`). Raises Refused as
    `in_work_tree`, before anything is written.
    """
    for name, path in {name: in_work_tree(root, name) for name in files}.items():
        text = files[name]
        with explained_disk_errors(f"write {name}"):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", errors="surrogateescape", newline="") as file:
                file.write(text)
            if name in executable:
                mode = path.stat().st_mode
                path.chmod(mode | (mode & 0o444) >> 2)


def in_work_tree(root: Path, name: str) -> Path:
    """Where a file of the project is written. Raises Refused (guard `outside-repository`) where the way goes through
    a link: what is checked out is somebody else's choice, and a link there can lead anywhere."""
    path = root
    for part in PurePosixPath(name).parts:
        path /= part
        if path.is_symlink():
            raise Refused(
                "outside-repository",
                f"`{path.relative_to(root)}` is a link: `{name}` is not written through it",
                hint="replace the link with what it leads to",
            )
    return path


def read_json(path: Path) -> Any:
    """The content of a JSON file of our own; None when it is missing or damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def lay_out(folder: Path, files: Mapping[str, str], *, removes: Callable[[str], bool]) -> None:
    """Make a folder hold `files`, and nothing else of which `removes` says so; unchanged files stay untouched.

    What a resource or a provisioner wrote there by a relative path is theirs: the state speaks of it.
    """
    with explained_disk_errors("write the rendered root"):
        for entry in folder.iterdir():
            is_ours = entry.name in files and entry.is_file() and not entry.is_symlink()
            if is_ours or not (entry.name in files or removes(entry.name)):
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
    for name, text in files.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != text.encode("utf-8", "surrogateescape"):
            write_file(path, text)


def unpack(folder: Path, files: Mapping[str, str]) -> None:
    """Write files by path below a folder of our own that nobody reads yet."""
    with explained_disk_errors("write a scratch folder"):
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8", errors="surrogateescape")


def private_temporary_file(prefix: str, text: str) -> Path:
    """Write a text that nobody else may read, outside of any project, and return its path."""
    descriptor, name = tempfile.mkstemp(prefix=prefix, suffix=".log")
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
        file.write(text)
    return Path(name)
