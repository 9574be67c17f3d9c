"""Tag objects without a ref, signed the way that the user's Git signs, and what is said where it can't."""

import tempfile

from tfops.records.names import CommitSha
from tfops.system.failures import signing_failed
from tfops.system.git import GitFailed, require_sha
from tfops.system.loose import store_object
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
    return store_object(repository, "tag", (head + message).encode())


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
