"""Someone who is always a little faster: the next push to a ledger comes too late, once."""

from datetime import UTC, datetime
from pathlib import Path

from tests.support.sandbox import Sandbox

_LEDGER, _NEXT = "refs/tfops/envs/dev", "refs/rival/next"

# A hook must not move refs while what was pushed is in quarantine; the rival's commit is here already.
_HOOK = f"""\
#!/bin/sh
unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
grep -q {_LEDGER} || exit 0
next=$(git rev-parse --quiet --verify {_NEXT}) || exit 0
before=$(git rev-parse --quiet --verify "$next^" || echo {"0" * 40})
git update-ref {_LEDGER} "$next" "$before"
git update-ref -d {_NEXT}
exit 0
"""


def be_faster_once(clone: Sandbox, remote: Path) -> None:
    """Whoever pushes to dev's ledger next loses: an event of a rival, on top of today's head, comes first."""
    clone.git("fetch", "--quiet", "origin")
    head = clone.git("ls-remote", "origin", _LEDGER).partition("\t")[0]
    if head:
        clone.git("fetch", "--quiet", "origin", head)
    tree = f"{head}^{{tree}}" if head else clone.git("hash-object", "-t", "tree", "-w", "/dev/null")
    at = datetime.now(UTC).isoformat()
    message = f"dev: the rival was here\n\nTfops-Event: closed\nTfops-By: rival\nTfops-At: {at}\n"
    parents = ("-p", head) if head else ()
    commit = clone.git("commit-tree", tree, *parents, "-m", message)
    clone.git("push", "--quiet", "origin", f"+{commit}:{_NEXT}")
    hook = remote / "hooks/pre-receive"
    hook.write_text(_HOOK)
    hook.chmod(0o755)
