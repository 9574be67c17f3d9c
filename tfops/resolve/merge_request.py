"""Which merge requests brought commits, by what forges write into the messages of merges."""

import re
from collections.abc import Iterable

from tfops.dataclass import dataclass
from tfops.records.names import CommitSha

# GitHub and Gitea, Bitbucket; GitLab says it at the end; who squashes leaves the number behind the title.
_MERGED = re.compile(
    r"Merge pull request (?:'(?P<title>.*)' \()?(?P<number>#[0-9]+)|Merged in .*\(pull request (?P<other>#[0-9]+)\)"
)
_SEE = re.compile(r"^See merge request (?:\S*?)(?P<number>![0-9]+)$", re.MULTILINE)
_SQUASHED = re.compile(r"(?P<title>.+) \((?P<number>[#!][0-9]+)\)")


@dataclass(frozen=True, slots=True)
class MergeRequest:
    """`number` as the forge writes it: `#12`, `!34`. `commit` is the one that brought it."""

    number: str
    title: str
    commit: CommitSha


def merge_requests(messages: Iterable[tuple[CommitSha, str]]) -> tuple[MergeRequest, ...]:
    """Those that the commits' messages name, each once, in their order."""
    found: dict[str, MergeRequest] = {}
    for commit, message in messages:
        if (one := _merge_request(commit, message)) is not None:
            found.setdefault(one.number, one)
    return tuple(found.values())


def _merge_request(commit: CommitSha, message: str) -> MergeRequest | None:
    subject, _, rest = message.strip().partition("\n")
    body = rest.strip().partition("\n")[0]
    if match := _SEE.search(message):
        return MergeRequest(match["number"], body if subject.startswith("Merge branch") else subject, commit)
    if match := _MERGED.match(subject):
        return MergeRequest(match["number"] or match["other"], match["title"] or body, commit)
    match = _SQUASHED.fullmatch(subject)
    return MergeRequest(match["number"], match["title"], commit) if match else None
