"""What tfops asks a repository: its commits, branches, cleanliness, and identity."""

import contextlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from tfops.errors import ProjectError
from tfops.model import Commit, CommitSha, Person
from tfops.system import environ
from tfops.system.git import BrokenRef, GitFailed, GitRunner, broken_refs, find_root, require_sha
from tfops.system.git_objects import ObjectReader, ObjectUnreadable

# What a change is made of; dirt elsewhere (a README, a test) can't change an environment.
PROJECT_PATHS = ("tfops.yaml", "environments", "modules")

_SHA256_DIGITS = 64
_FACTS = "%H%x00%an%x00%ae%x00%at%x00%s%x00%x00"


class Repository:
    """A clone that someone stands in."""

    def __init__(self, start: Path) -> None:
        self.root = find_root(start)
        self.git = GitRunner(self.root)

    @cached_property
    def objects(self) -> ObjectReader:
        """The object store; only ever asked with full object ids."""
        return ObjectReader(self.root)

    @cached_property
    def common_dir(self) -> Path:
        """The `.git` folder that all work trees of this clone share."""
        return Path(self.git.ask("rev-parse", "--path-format=absolute", "--git-common-dir").text.rstrip("\n"))

    @cached_property
    def is_shallow(self) -> bool:
        return (self.common_dir / "shallow").exists()

    @cached_property
    def head(self) -> CommitSha:
        """The commit that is checked out. Raises ProjectError when nothing was committed yet."""
        sha = self.git.line("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        if not sha:
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
        ref = self.git.line("symbolic-ref", "--quiet", "HEAD")
        return ref.removeprefix("refs/heads/")

    @cached_property
    def remote(self) -> str:
        """The remote that versions are shared through: `origin`, or the only one; empty without one."""
        names = self.git.line("remote").split("\n")
        if "origin" in names:
            return "origin"
        return names[0] if len(names) == 1 else ""

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
        sha = self.git.line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        return require_sha(sha) if sha else None

    def value_of(self, ref: str) -> CommitSha | None:
        """The object that a full ref name points to, whatever it is; None when there is no such ref.

        Raises BrokenRef for a ref that is there and that Git can't read.
        """
        assert ref.startswith("refs/")
        done = self.git.ask("for-each-ref", "--format=%(refname) %(objectname)", ref)
        if ref in broken_refs(done.stderr):
            raise BrokenRef(f"Git can't read `{ref}`: {done.stderr.strip()}")
        rows = dict(row.split(" ") for row in done.text.splitlines())
        return require_sha(rows[ref]) if ref in rows else None

    def is_ancestor(self, ancestor: CommitSha, descendant: CommitSha) -> bool:
        """Whether history leads from `ancestor` to `descendant`; a commit is its own ancestor."""
        if ancestor == descendant:
            return True
        argv = ("merge-base", "--is-ancestor", require_sha(ancestor), require_sha(descendant))
        return self.git.ask(*argv, ok=(0, 1, 128)).code == 0

    def count_between(self, older: CommitSha, newer: CommitSha) -> int:
        """How many commits `newer` has that `older` hasn't."""
        return int(self.git.line("rev-list", "--count", f"{require_sha(older)}..{require_sha(newer)}") or 0)

    def commits_between(self, older: CommitSha, newer: CommitSha) -> tuple[Commit, ...]:
        """The commits that `newer` has and `older` hasn't and that touch the project, newest first.

        Empty when one of them is not in this clone.
        """
        span = f"{require_sha(older)}..{require_sha(newer)}"
        argv = ("log", "--no-show-signature", f"--format={_FACTS}", span, "--", *PROJECT_PATHS)
        rows = self.git.ask(*argv, ok=(0, 128)).text.split("\0\0\n")
        return tuple(_commit_of(row.split("\0")) for row in rows if row)

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
        known = self.git.line("symbolic-ref", "--quiet", f"{prefix}HEAD") if self.remote else ""
        if known or not self.remote:
            return known.removeprefix(prefix)
        try:
            answer = self.git.over_network("ls-remote", "--symref", "--end-of-options", self.remote, "HEAD").text
        except GitFailed:
            return ""
        rows = [line.split() for line in answer.splitlines() if line.startswith("ref: refs/heads/")]
        return rows[0][1].removeprefix("refs/heads/") if rows else ""

    def forget_branches(self, heads: Mapping[str, CommitSha]) -> None:
        """Take away what this clone knows of branches of the remote, where they still are what `heads` says."""
        commands = "".join(f"delete refs/remotes/{self.remote}/{name} {sha}\n" for name, sha in heads.items())
        with contextlib.suppress(GitFailed):  # all or none: one that a fetch moved meanwhile is the next turn's
            self.git.ask("update-ref", "--stdin", stdin=commands.encode())

    def uncommitted(self) -> Sequence[str]:
        """Paths of the project that differ from HEAD or that Git doesn't know yet."""
        argv = ("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--", *PROJECT_PATHS)
        entries = self.git.ask(*argv).text.split("\0")
        return sorted(entry[3:] for entry in entries if len(entry) > 3)

    def has_good_signature(self, sha: CommitSha) -> bool:
        """Whether Git finds the commit's signature good (known key or not is Git's configuration)."""
        return self.git.line("log", "--no-show-signature", "-1", "--format=%G?", require_sha(sha)) in ("G", "U")

    def snapshot_work_tree(self) -> str:
        """Store the project's files as they lie on disk as a Git tree, and return its id.

        Works on a copy of the index: neither the user's index nor any ref is touched.
        """
        with tempfile.TemporaryDirectory() as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            has_commit = self.git.line("rev-parse", "--verify", "--quiet", "HEAD^{commit}") != ""
            self.git.ask("read-tree", "HEAD" if has_commit else "--empty", env=index)
            present = [path for path in PROJECT_PATHS if (self.root / path).exists()]
            self.git.ask("add", "--all", "--", *present, env=index)
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
        return self.git.line("config", "--type=bool", "--get", f"{kind}.gpgSign") == "true"

    @property
    def person(self) -> Person:
        """Who commits here: as Git's configuration or environment says, else the user of this machine."""
        configured = self._committer
        if configured:
            return configured
        user, host = environ.user_and_host()
        return Person(user, f"{user}@{host}")

    @property
    def is_person_configured(self) -> bool:
        """Whether Git knows who commits here (in CI it often doesn't)."""
        return self._committer is not None

    @cached_property
    def _committer(self) -> Person | None:
        try:
            ident = self.git.ask("var", "GIT_COMMITTER_IDENT").text
        except GitFailed:
            return None
        name, _, rest = ident.partition(" <")
        return Person(name, rest.partition("> ")[0])


def _commit_of(fields: Sequence[str]) -> Commit:
    sha, name, email, authored_at, subject = fields
    return Commit(require_sha(sha), subject, Person(name, email), datetime.fromtimestamp(int(authored_at), UTC))
