"""What tfops asks a repository: its commits, branches, cleanliness, and identity."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tfops.dataclass import dataclass
from tfops.errors import ProjectError
from tfops.records.commit import Commit, Person
from tfops.records.names import CommitSha
from tfops.system import clock, environ
from tfops.system.git import GitFailed, GitRunner, find_clone, require_sha
from tfops.system.git_objects import ObjectReader, ObjectUnreadable
from tfops.system.project_folders import USUAL_FOLDERS, ProjectFolders, folders_at, folders_in
from tfops.system.ref_files import RefFiles

if TYPE_CHECKING:
    from tfops.system.commit_walk import CommitGraph


# A state holds secrets: none becomes an object of the repository because it lies beside the code.
_NO_STATES = tuple(f":(exclude,glob,top)**/{name}" for name in ("*.tfstate", "*.tfstate.*", "terraform.tfstate.d/**"))

_SHA256_DIGITS = 64
_REMOTE = re.compile(r"remote\.(?P<name>.+)\.[^.]+", re.DOTALL)
_TAGS = "refs/tags/"
_SYMBOLIC = "ref: "
# What Git takes as it stands; it cleans other names up, in its own way.
_PLAIN_NAME = re.compile(r"[^\W_](?:[\w -]*[^\W_])?")
_PLAIN_EMAIL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._+-]*@)?[A-Za-z0-9.-]*[A-Za-z0-9]")
_FACTS = "%H%x00%an%x00%ae%x00%at%x00%s%x00%x00"


class Repository:
    """A clone that someone stands in."""

    def __init__(self, start: Path) -> None:
        clone = find_clone(start)
        self.root = clone.root
        self.common_dir = clone.common_dir
        self.git = GitRunner(self.root, RefFiles(clone.git_dir, clone.common_dir))
        self._related: dict[tuple[CommitSha, CommitSha], bool] = {}
        self._folders: dict[str, ProjectFolders] = {}

    @cached_property
    def history(self) -> CommitGraph:
        """How commits follow each other."""
        from tfops.system.commit_walk import CommitGraph  # noqa: PLC0415 - for who compares commits

        return CommitGraph(self.objects)

    @cached_property
    def objects(self) -> ObjectReader:
        """The object store; only ever asked with full object ids."""
        return ObjectReader(self.root)

    @cached_property
    def is_shallow(self) -> bool:
        return (self.common_dir / "shallow").exists()

    @cached_property
    def head(self) -> CommitSha:
        """The commit that is checked out. Raises ProjectError when nothing was committed yet."""
        here = self.git.ref(f"refs/heads/{self.branch}") if self.branch else None
        sha = here or self.git.line("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        if not sha:
            there = self.git.line("for-each-ref", "--count=1", "--format=%(refname:lstrip=3)", "refs/remotes/")
            if there:  # a clone of a remote whose HEAD leads nowhere
                raise ProjectError("no branch is checked out, and the remote has some", hint=f"git switch {there}")
            hint = "git add -A && git commit -m 'Start' (tfops applies commits, never loose files)"
            raise ProjectError("the repository has no commit yet", hint=hint)
        return require_sha(sha)

    @property
    def has_sha256(self) -> bool:
        """Whether objects are named by SHA-256 here."""
        return len(self.head) == _SHA256_DIGITS

    @cached_property
    def branch(self) -> str:
        """The checked-out branch's name, empty when HEAD is detached."""
        return self.git.checked_out().removeprefix("refs/heads/")

    @cached_property
    def remote(self) -> str:
        """The remote that versions are shared through: `origin`, or the only one; empty without one."""
        names = {match["name"] for match in map(_REMOTE.fullmatch, self.settings) if match}
        if "origin" in names:
            return "origin"
        return names.pop() if len(names) == 1 else ""

    @cached_property
    def settings(self) -> Mapping[str, str]:
        """Git's settings as they count here, the last value of each; sections and names in lower case."""
        rows = self.git.ask("config", "--list", "--null").text.split("\0")
        pairs = (row.partition("\n") for row in rows if row)
        # a name without a value is true: https://git-scm.com/docs/git-config#_syntax
        return {key: value if separator else "true" for key, separator, value in pairs}

    def commit(self, sha: CommitSha) -> Commit:
        """The facts of a commit that is in this clone. Raises ProjectError when it isn't."""
        try:
            found = self.objects.commit(sha)
        except ObjectUnreadable as error:
            hint = error.hint or "git fetch --all --tags (and --unshallow)"
            raise ProjectError(f"commit {sha[:8]} is not in this clone", why=error.why, hint=hint) from error
        return Commit(sha, found.subject, found.author, found.authored_at)

    def commits(self, shas: Iterable[CommitSha]) -> dict[CommitSha, Commit]:
        """The same for many, by one Git process; those that aren't in this clone are left out."""
        wanted = "".join(f"{require_sha(sha)}\n" for sha in sorted(set(shas)))
        argv = ("log", "--no-show-signature", "--no-walk=unsorted", "--ignore-missing", f"--format={_FACTS}", "--stdin")
        rows = self.git.ask(*argv, stdin=wanted.encode()).text.split("\0\0\n") if wanted else []
        found = [_commit_of(row.split("\0")) for row in rows if row]
        return {commit.sha: commit for commit in found}

    def resolve_commit(self, ref: str) -> CommitSha | None:
        """The commit that a full ref name (`refs/…`) points to, None when there is no such ref."""
        assert ref.startswith("refs/")
        value = self.git.ref(ref)
        if value is None or not ref.startswith(_TAGS):
            return value
        sha = self.git.line("rev-parse", "--verify", "--quiet", f"{value}^{{commit}}")
        return require_sha(sha) if sha else None

    def value_of(self, ref: str, *, beside: Sequence[str] = ()) -> CommitSha | None:
        """The object that a full ref name points to, whatever it is; None when there is no such ref.

        `beside` are spaces of refs that will be asked for next. Raises BrokenRef for a ref that Git can't read.
        """
        assert ref.startswith("refs/")
        return self.git.readable_ref(ref, beside=beside)

    def is_ancestor(self, ancestor: CommitSha, descendant: CommitSha) -> bool:
        """Whether history leads from `ancestor` to `descendant`; a commit is its own ancestor."""
        if ancestor == descendant:
            return True
        pair = ancestor, descendant
        if pair not in self._related and (only := self.history.count_only_in(ancestor, descendant)) is not None:
            self._related[pair] = only == 0
        if pair not in self._related:
            argv = ("merge-base", "--is-ancestor", require_sha(ancestor), require_sha(descendant))
            code = self.git.ask(*argv, ok=(0, 1, 128)).code
            if code == 128:  # one of them isn't here yet
                return False
            self._related[pair] = code == 0
        return self._related[pair]

    def named_commit(self, name: str) -> CommitSha | None:
        """The commit that a person's word stands for (a tag, a short id, `HEAD~2`); None where it stands for none."""
        argv = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        sha = self.git.ask(*argv, ok=(0, 1, 128)).text.strip()
        return require_sha(sha) if sha else None

    def merge_base(self, one: CommitSha, other: CommitSha) -> CommitSha | None:
        """The newest commit that both come from; None when they have none in common, or one isn't in this clone."""
        if one == other:
            return one
        found = self.git.ask("merge-base", require_sha(one), require_sha(other), ok=(0, 1, 128)).text.split()
        return require_sha(found[0]) if found else None

    def count_between(self, older: CommitSha, newer: CommitSha) -> int:
        """How many commits `newer` has that `older` hasn't."""
        if older == newer:
            return 0
        known = self.history.count_only_in(newer, older)
        if known is not None:
            return known
        return int(self.git.line("rev-list", "--count", f"{require_sha(older)}..{require_sha(newer)}") or 0)

    @property
    def folders_here(self) -> ProjectFolders:
        """Where the project's files are in the work tree, as it lies here."""
        return folders_at(self.root)

    def folders_of(self, blob_id: str) -> ProjectFolders:
        """The same by the id of a tfops.yaml."""
        if blob_id not in self._folders:
            text = self.objects.blob(blob_id).decode("utf-8", "surrogateescape")
            self._folders[blob_id] = folders_in(text)
        return self._folders[blob_id]

    def _paths_at(self, commit: CommitSha) -> Sequence[str]:
        """Those of the project in a commit; the usual ones for one that isn't in this clone."""
        with contextlib.suppress(ObjectUnreadable, ProjectError):
            found = next(
                (one for one in self.objects.tree(self.objects.commit(commit).tree) if one.name == "tfops.yaml"), None
            )
            return self.folders_of(found.object_id).paths if found and found.is_file else USUAL_FOLDERS.paths
        return USUAL_FOLDERS.paths

    def commits_between(self, older: CommitSha, newer: CommitSha, paths: Sequence[str] = ()) -> tuple[Commit, ...]:
        """The commits that `newer` has and `older` hasn't and that touch the project, or `paths` of it, newest first.

        Empty when one of them is not in this clone.
        """
        span = f"{require_sha(older)}..{require_sha(newer)}"
        argv = ("log", "--no-show-signature", f"--format={_FACTS}", span, "--", *(paths or self._paths_at(newer)))
        rows = self.git.ask(*argv, ok=(0, 128)).text.split("\0\0\n")
        return tuple(_commit_of(row.split("\0")) for row in rows if row)

    def messages_between(self, older: CommitSha, newer: CommitSha) -> Iterator[tuple[CommitSha, str]]:
        """The whole messages of what was merged or committed on the branch itself between the two and touched the
        project, newest first; none when one of them is not in this clone."""
        span = f"{require_sha(older)}..{require_sha(newer)}"
        argv = ("log", "--no-show-signature", "--first-parent", "--format=%H%x00%B%x00%x00", span, "--")
        rows = self.git.ask(*argv, *self._paths_at(newer), ok=(0, 128)).text.split("\0\0\n")
        pairs = (row.partition("\0") for row in rows if row)
        return ((require_sha(sha), message) for sha, _, message in pairs)

    def people_of(self, commit: CommitSha, *, since: CommitSha | None = None) -> tuple[list[Person], list[Person]]:
        """Who wrote and who committed the commits after `since`, or the one alone; each once, the newest first."""
        span = [f"{require_sha(since)}..{require_sha(commit)}"] if since else ["-1", require_sha(commit)]
        rows = self.git.ask("log", "--no-show-signature", "--format=%an%x00%ae%x00%cn%x00%ce", *span).text.splitlines()
        fields = [row.split("\0") for row in rows]
        authors = dict.fromkeys(Person(name, email) for name, email, _, _ in fields)
        return list(authors), list(dict.fromkeys(Person(name, email) for _, _, name, email in fields))

    def commits_touching(self, sha: CommitSha, path: str, *, most: int) -> Iterator[CommitSha]:
        """The newest commits up to `sha` that changed a file, newest first."""
        argv = ("rev-list", f"--max-count={most}", require_sha(sha), "--", path)
        return map(require_sha, self.git.ask(*argv).text.split())

    def branches_containing(self, sha: CommitSha) -> Sequence[str]:
        """Branches (of the remote when there is one) that the commit is part of, by short name."""
        space = f"refs/remotes/{self.remote}" if self.remote else "refs/heads"
        argv = ("for-each-ref", f"--contains={require_sha(sha)}", "--format=%(refname)", space)
        refs = self.git.line(*argv).split("\n")
        return [ref.removeprefix(f"{space}/") for ref in refs if ref and not ref.endswith("/HEAD")]

    def branch_head(self, branch: str) -> CommitSha | None:
        """The head of a branch: as the remote has it when there is a remote, else here."""
        if self.remote:
            return self.resolve_commit(f"refs/remotes/{self.remote}/{branch}")
        return self.resolve_commit(f"refs/heads/{branch}")

    def default_branch(self) -> str:
        """The remote's default branch: as this clone knows it, else as the remote answers; empty when neither does."""
        prefix = f"refs/remotes/{self.remote}/"
        known = self._followed(f"{prefix}HEAD") if self.remote else ""
        if known or not self.remote:
            return known.removeprefix(prefix)
        try:
            answer = self.git.over_network("ls-remote", "--symref", "--end-of-options", self.remote, "HEAD").text
        except GitFailed:
            return ""
        rows = [line.split() for line in answer.splitlines() if line.startswith("ref: refs/heads/")]
        return rows[0][1].removeprefix("refs/heads/") if rows else ""

    def _followed(self, ref: str) -> str:
        """The ref that a symbolic one stands for, read where Git mostly keeps it; empty where there is none."""
        with contextlib.suppress(OSError):
            text = (self.common_dir / ref).read_text(encoding="utf-8", errors="surrogateescape")
            if text.startswith(_SYMBOLIC):
                return text.removeprefix(_SYMBOLIC).strip()
        return self.git.line("symbolic-ref", "--quiet", ref)

    def forget_branches(self, heads: Mapping[str, CommitSha]) -> None:
        """Take away what this clone knows of branches of the remote, where they still are what `heads` says."""
        commands = "".join(f"delete refs/remotes/{self.remote}/{name} {sha}\n" for name, sha in heads.items())
        with contextlib.suppress(GitFailed):  # all or none: one that a fetch moved meanwhile is the next turn's
            self.git.ask("update-ref", "--stdin", stdin=commands.encode())

    def uncommitted(self, paths: Sequence[str] = ()) -> Sequence[str]:
        """Paths of the project, or below `paths`, that differ from HEAD or that Git doesn't know yet; no states."""
        paths = paths or self.folders_here.paths
        argv = ("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--", *paths, *_NO_STATES)
        entries = self.git.ask(*argv).text.split("\0")
        return sorted(entry[3:] for entry in entries if len(entry) > 3)

    def has_good_signature(self, sha: CommitSha) -> bool:
        """Whether Git finds the commit's signature good (known key or not is Git's configuration)."""
        return self.git.line("log", "--no-show-signature", "-1", "--format=%G?", require_sha(sha)) in ("G", "U")

    def snapshot_work_tree(self, paths: Sequence[str] = ()) -> str:
        """Store the project's files, or those at `paths`, as they lie on disk as a Git tree, and return its id.

        Works on a copy of the index: neither the user's index nor any ref is touched.
        """
        paths = paths or self.folders_here.paths
        with tempfile.TemporaryDirectory() as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            has_commit = self.git.line("rev-parse", "--verify", "--quiet", "HEAD^{commit}") != ""
            self.git.ask("read-tree", "HEAD" if has_commit else "--empty", env=index)
            present = [path for path in paths if (self.root / path).exists()]
            self.git.ask("add", "--all", "--", *present, *_NO_STATES, env=index)
            return self.git.ask("write-tree", env=index).text.strip()

    def tree_with(self, files: Mapping[str, str]) -> str:
        """Store the tree of the checked-out commit with these files (path to text) in it, and return its id."""
        with tempfile.TemporaryDirectory() as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            self.git.ask("read-tree", "HEAD", env=index)
            for path, text in files.items():
                content = text.encode("utf-8", "surrogateescape")
                blob = self.git.ask("hash-object", "-w", "--stdin", "--no-filters", stdin=content).text.strip()
                self.git.ask("update-index", "--add", "--cacheinfo", f"100644,{require_sha(blob)},{path}", env=index)
            return self.git.ask("write-tree", env=index).text.strip()

    @cached_property
    def signs_commits(self) -> bool:
        """Whether the user's Git signs commits by itself."""
        return self._signs("commit")

    @cached_property
    def signs_tags(self) -> bool:
        """Whether the user's Git signs tags by itself."""
        return self._signs("tag")

    def _signs(self, kind: str) -> bool:
        value = self.settings.get(f"{kind}.gpgsign", "false")
        return value == "true" or (value != "false" and self._is_true(f"{kind}.gpgSign"))

    def _is_true(self, name: str) -> bool:
        """`yes`, `on`, `1`, and whatever else Git takes for true."""
        return self.git.line("config", "--type=bool", "--get", name) == "true"

    @property
    def person(self) -> Person:
        """Who commits here: as Git's configuration or environment says, else the user of this machine."""
        if self.committer:
            return self.committer.person
        user, host = environ.user_and_host()
        return Person(user, f"{user}@{host}")

    @property
    def _has_other_committer(self) -> bool:
        """Whether somebody else may count than `user.name` and `user.email` say."""
        variables = map(environ.is_set, ("GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "GIT_COMMITTER_DATE"))
        return any(variables) or any(name.startswith("committer.") for name in self.settings)

    @cached_property
    def committer(self) -> Committer | None:
        """Who commits here as Git puts it into a commit, None where it knows nobody (in CI it often doesn't)."""
        name, email = self.settings.get("user.name", ""), self.settings.get("user.email", "")
        if _PLAIN_NAME.fullmatch(name) and _PLAIN_EMAIL.fullmatch(email) and not self._has_other_committer:
            return Committer(Person(name, email), clock.zone())
        try:
            ident = self.git.ask("var", "GIT_COMMITTER_IDENT").text.strip()
        except GitFailed:
            return None
        name, _, rest = ident.partition(" <")
        email, _, when = rest.partition("> ")
        return Committer(Person(name, email), when.partition(" ")[2])


@dataclass(frozen=True, slots=True)
class Committer:
    """A person, and the offset of their clock (`+0200`)."""

    person: Person
    zone: str


def _commit_of(fields: Sequence[str]) -> Commit:
    sha, name, email, authored_at, subject = fields
    return Commit(require_sha(sha), subject, Person(name, email), datetime.fromtimestamp(int(authored_at), UTC))
