"""The process's environment: read by name, and the part of it that child processes may see."""

import contextlib
import getpass
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

# What Git must not inherit when tfops runs inside a hook or another Git command: it would make Git
# look at another repository than the one the user stands in.
_GIT_REDIRECTS = frozenset(
    {
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_COMMON_DIR",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_NAMESPACE",
        "GIT_PREFIX",
        "GIT_QUARANTINE_PATH",
        "GIT_EXTERNAL_DIFF",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_GRAFT_FILE",
        "GIT_SHALLOW_FILE",
        "GIT_REPLACE_REF_BASE",
        "GIT_ATTR_SOURCE",
        "GIT_CONFIG",
        "GIT_LITERAL_PATHSPECS",
        "GIT_GLOB_PATHSPECS",
        "GIT_NOGLOB_PATHSPECS",
        "GIT_ICASE_PATHSPECS",
        "GIT_TRACE",
        "GIT_TRACE_CURL",
    }
)


# How many work beside each other, for each of them: whoever started it shows the newest line of what it tells.
SIDE_BY_SIDE = "TFOPS_SIDE_BY_SIDE"


def variable(name: str) -> str:
    """The value of an environment variable, empty when it is not set."""
    return os.environ.get(name, "")


def side_by_side() -> int:
    """How many of us share this machine, as whoever started us says; 0 where nobody did."""
    count = variable(SIDE_BY_SIDE)
    return int(count) if count.isdecimal() else 0


def is_set(name: str) -> bool:
    return name in os.environ


def everything() -> Mapping[str, str]:
    return dict(os.environ)


def lay_over(variables: Mapping[str, str]) -> None:
    """From now on these are set, for a process that was made for it."""
    os.environ.update(variables)


def free_memory() -> int | None:
    """The bytes that this process and its children may still take; None where that isn't known (only Linux says)."""
    try:
        fields = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        free = int(fields["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return None
    return min([free, *filter(None, map(_limit_in, _LIMITS))])


# Of a container, by the two generations of control groups.
_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def _limit_in(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):  # there is none, or it says `max`
        return None


@contextlib.contextmanager
def without_git_redirects() -> Iterator[None]:
    """For a library that hands our whole environment to Git: what would lead it elsewhere is away meanwhile."""
    hidden = {name: os.environ.pop(name) for name in _GIT_REDIRECTS if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(hidden)


def git_environment() -> dict[str, str]:
    """The environment for Git: ours, without redirects, never asking on a terminal, in English.

    A commit is what everybody has under its id: what somebody replaced in their own clone doesn't count.
    """
    env = {name: value for name, value in os.environ.items() if name not in _GIT_REDIRECTS}
    fixed = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_REPLACE_OBJECTS": "1"}
    return env | fixed | {"LC_ALL": "C", "LANGUAGE": ""}


def in_ci() -> bool:
    return variable("CI").lower() not in ("", "0", "false")


def user_and_host() -> tuple[str, str]:
    """The login name and the machine's name, for locks and for commits without a Git identity."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container whose user id has no entry in passwd
        user = f"uid{os.getuid()}"
    return user, socket.gethostname()


def home() -> Path:
    return Path.home()
