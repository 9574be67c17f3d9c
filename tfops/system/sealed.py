"""What is kept encrypted, by `sops` and the age keys of who may read it. From memory to memory."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tfops.errors import ProjectError, Refused
from tfops.system import process

_TIMEOUT_S = 120.0
_MOST_BYTES = 512 << 20
_NAME = "plan.bin"  # whatever has a name that sops knows nothing of is one value


def seal(content: bytes, recipients: Sequence[str], *, env: Mapping[str, str]) -> bytes:
    """For the holders of these age keys. Raises Refused (guard `plan-key`)."""
    return _sops(("encrypt", "--age", ",".join(recipients)), content, env, doing="encrypted")


def unseal(content: bytes, *, env: Mapping[str, str]) -> bytes:
    """With the keys that sops finds. Raises Refused (guard `plan-key`)."""
    return _sops(("decrypt",), content, env, doing="decrypted")


def _sops(words: Sequence[str], content: bytes, env: Mapping[str, str], *, doing: str) -> bytes:
    argv = ["sops", words[0], "--filename-override", _NAME, *words[1:]]
    what = f"the plan can't be {doing}"
    try:
        done = process.ask(
            argv, env=env, cwd=Path("/"), timeout_s=_TIMEOUT_S, most_bytes=_MOST_BYTES, stdin=content
        )  # fmt: skip
    except ProjectError as error:
        raise Refused(
            "plan-key", what, why=f"sops can't be run: {error.why}", hint="install sops: https://getsops.io"
        ) from error
    if done.code != 0:
        hint = "see that a key of `plan_files.age` is here: SOPS_AGE_KEY, SOPS_AGE_KEY_FILE"
        if words[0] == "encrypt":
            hint = "are the recipients in `plan_files.age` of tfops.yaml right?"
        raise Refused("plan-key", what, why=f"sops ended with exit code {done.code}", hint=hint)
    return done.stdout
