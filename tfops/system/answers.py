"""What a failed exchange with a remote says: no answer, or an answer that is no, and which no.

Hosts say it in words of their own, above or below Git's: no two alike, none described anywhere as a whole. What
none of the patterns knows is told in the host's words all the same.
"""

import enum
import re
from collections.abc import Iterable

from tfops.dataclass import dataclass

_MOST_LINES, _LONGEST_LINE = 4, 300


class No(enum.Enum):
    """Why a remote refuses, as far as its words tell, and what may help."""

    ATOMIC = (
        "it takes no atomic pushes",
        "another host, or its setting (receive.advertiseAtomic): a version is a tag and an event, both or none",
    )
    HIDDEN = "it hides these refs", "have the host take them, or keep ledgers elsewhere: tfops doctor"
    ARCHIVED = (
        "the repository is archived, or read-only",
        "have it opened for writing again; or it went elsewhere: git remote -v",
    )
    LOGIN = (
        "it doesn't know these credentials",
        "log in anew: a token or key is missing, wrong, revoked, or over its time. Try: git fetch",
    )
    PROTECTED = (
        "these refs are protected there",
        "let this user write the ledger's refs and tags `tfops/*`; what the host takes: tfops doctor",
    )
    RIGHT = (
        "these credentials may not do that",
        "ask for the right to push, tags included; what the host takes: tfops doctor",
    )
    ABSENT = (
        "there is no such repository, or these credentials may not see it",
        "look at the address, and at what this user may see: git remote -v",
    )
    NAME = "another name is in the way there", "take the other name away; what the host takes: tfops doctor"
    HOOK = "a hook there refuses", "ask those who run the host; what tfops pushes: tfops docs run-in-ci"
    OTHER = "no reason that tfops knows", "ask those who run the host; what tfops pushes: tfops docs run-in-ci"

    @property
    def text(self) -> str:
        return self.value[0]

    @property
    def hint(self) -> str:
        return self.value[1]


# In this order: a host that protects a ref says so above the words of its hook.
_WORDS = {
    No.ATOMIC: r"does not support --atomic",
    No.HIDDEN: r"hidden ref|stale info",  # who isn't shown a ref takes it for gone
    No.ARCHIVED: r"\barchived\b|\bread-only\b",
    No.LOGIN: r"authentication failed|could not read (?:username|password)|returned error: 401|HTTP 401\b"
    r"|invalid username or|permission denied \(|bad credentials|HTTP Basic: Access denied|token (?:has |is )?expired",
    No.PROTECTED: r"\bprotected\b|\bGH006\b|\bGH013\b|rule violations?",
    No.RIGHT: r"returned error: 403|HTTP 403\b|permission to \S+ denied|permission denied|access denied|not allowed"
    r"|\bforbidden\b|insufficient permission|not permitted|prohibited|not authorized|unauthorized|write access"
    r"|marked as read only",
    No.ABSENT: r"repository\s+not found|returned error: (?:404|410)|could not be found",
    No.NAME: r"exists; cannot create",
    No.HOOK: r"hook declined",
    No.OTHER: r"\[remote rejected\]|remote unpack failed|returned error: 4(?!08|29)\d\d|(?-i:\bERROR: )",
}
# Names of refs and addresses hold any word: an environment may be called `archived`.
_NAMES = re.compile(r"\S*\btfops/\S*|'(?:\w+:)?/[^']*'|\w+://\S+")
_REJECTED = re.compile(r"^ ! \[(?:remote )?rejected\].*\(([^()]+)\)\s*$", re.MULTILINE)
_TOLD = re.compile(r"^(?:remote: |fatal: |error: |ERROR: )?(?P<text>.*?)\s*$")
IN_THE_WAY = re.compile(r"'(?P<there>refs/[^']+)' exists; cannot create '(?P<wanted>refs/[^']+)'")
_OWN_WORDS = re.compile(r"^error: (?:hook declined to update |failed to push some refs|atomic push failed)")
_LOGIN_IN_ADDRESS = re.compile(r"(?<=://)[^/\s@']+@")


@dataclass(frozen=True, slots=True)
class Answer:
    """A no. `text` holds the host's own lines, safe to show."""

    why: No
    text: str


def answer_of(stderr: str, secrets: Iterable[str] = ()) -> Answer | None:
    """What a remote answered to an exchange that failed, None when nobody answered. `secrets` never stand in it."""
    words = _NAMES.sub("", stderr)
    why = next((no for no, pattern in _WORDS.items() if re.search(pattern, words, re.IGNORECASE)), None)
    return Answer(why, told(stderr, secrets)) if why else None


def told(stderr: str, secrets: Iterable[str] = ()) -> str:
    """The host's own lines, or Git's where there are none: without secrets, control characters, and what has no end."""
    lines = stderr.splitlines()
    theirs = [line.removeprefix("remote:").strip() for line in lines if line.startswith("remote:")]
    said = [line for line in theirs if any(map(str.isalnum, line)) and not _OWN_WORDS.match(line)]
    reasons = dict.fromkeys(_REJECTED.findall(stderr))
    found = [*said[:_MOST_LINES], *reasons] or _of_git(lines)
    return "\n".join(safe(line, secrets) for line in found)


def _of_git(lines: Iterable[str]) -> list[str]:
    texts = (match["text"] for line in lines if (match := _TOLD.match(line)))
    return [text for text in texts if text][:_MOST_LINES]


def safe(text: str, secrets: Iterable[str] = ()) -> str:
    """One line of somebody else's, safe to show."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    text = _LOGIN_IN_ADDRESS.sub("***@", text)
    plain = "".join(character if character.isprintable() else " " for character in text)
    return plain if len(plain) <= _LONGEST_LINE else f"{plain[: _LONGEST_LINE - 1]}…"
