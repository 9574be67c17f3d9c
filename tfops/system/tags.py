"""Tag objects without a ref, signed the way that the user's Git signs, and what is said where it can't."""

import tempfile

from tfops.errors import Refused
from tfops.model import CommitSha
from tfops.system.git import GitFailed, require_sha
from tfops.system.repository import Repository


def store_tag(repository: Repository, name: str, *, commit: CommitSha, tagger: str, message: str) -> str:
    """Store an annotated tag object, without a ref, and return its id.

    `git tag` isn't used: it makes the ref in the same breath, and drops lines that begin with #.
    Raises Refused (guard `signing-failed`) where Git shall sign and can't.
    """
    if repository.signs_tags:
        return _store_signed_tag(repository, name, commit=commit, message=message)
    head = f"object {require_sha(commit)}\ntype commit\ntag {name}\ntagger {tagger}\n\n"
    # not `git mktag`: the user's `fsck.*` settings decide there what a tag may be
    return repository.git.ask("hash-object", "-t", "tag", "-w", "--stdin", stdin=(head + message).encode()).text.strip()


def _store_signed_tag(repository: Repository, name: str, *, commit: CommitSha, message: str) -> str:
    """Let Git sign, in a Git folder of its own that shares only the objects: no ref is made here.

    That folder has the repository's hash, whatever Git's default is, and the user's settings as they count in the
    repository: `includeIf "gitdir:…"` would not find them there.
    """
    git = repository.git
    settings = git.ask("config", "--null", "--get-regexp", r"^(gpg|user|committer|tag)\.", ok=(0, 1)).text
    options = [part for row in settings.split("\0") if row for part in ("-c", row.replace("\n", "=", 1))]
    with tempfile.TemporaryDirectory() as folder:
        git.ask("init", "--quiet", "--bare", f"--object-format={_hash_of(commit)}", "--template=", folder)
        env = {"GIT_DIR": folder, "GIT_OBJECT_DIRECTORY": str(repository.common_dir / "objects")}
        argv = (*options, "tag", "--sign", "--cleanup=verbatim", "--file=-", name, require_sha(commit))
        try:
            git.ask(*argv, stdin=message.encode(), env=env)
        except GitFailed as error:
            raise signing_failed("tag", error) from error
        return git.ask("rev-parse", "--verify", f"refs/tags/{name}", env=env).text.strip()


def _hash_of(sha: str) -> str:
    return "sha1" if len(sha) == 40 else "sha256"


def signing_failed(kind: str, error: GitFailed) -> Refused:
    """The refusal for a signer that failed; `kind` is the object's: `commit` or `tag`."""
    return Refused(
        "signing-failed",
        f"this Git is set to sign (`{kind}.gpgSign`), and could not: without a signature nothing is recorded",
        why="\n".join(error.stderr.splitlines()[:4]),
        hint="try it: git commit-tree -S -m test 'HEAD^{tree}'   "
        f"(then fix the key or its agent, or: git config {kind}.gpgSign false)",
    )
