"""What tfops wants to know of a forge, and what it tells one: the same for all of them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

from tfops.dataclass import dataclass
from tfops.forge.asking import Asking
from tfops.records.complaint import Complaint
from tfops.records.names import CommitSha


@dataclass(frozen=True, slots=True)
class Account:
    """Who somebody is on a forge. `id` is the forge's number, which a renamed account keeps."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class MergeRequest:
    """A merge request. `head` is the commit under review, `base` the branch that it is to be merged into.

    `stranger` says why whoever can push to its head may not push to the base; empty where both are one repository.
    `author` is None where only the forge's API says who it is.
    """

    number: int
    head: CommitSha
    base: str
    author: Account | None = None
    stranger: str = ""


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A merge request that is open: its number, and where it is looked at."""

    number: int
    address: str


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A merge request as it is asked for: from one branch of the repository into another one."""

    branch: str
    base: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a merge request."""

    id: int
    author: Account
    text: str


State = Literal["pending", "success", "failure"]


@dataclass(frozen=True, slots=True)
class Status:
    """What stands beside a commit under the name `context`. `address` is where a click leads, empty for nowhere."""

    context: str
    state: State
    text: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """What somebody said about a merge request, at which commit. `is_official`: they may push to the base.

    `commit` is empty where the forge doesn't say what they looked at.
    """

    by: Account
    verdict: Literal["approved", "rejected"]
    commit: str
    at: datetime
    is_official: bool
    is_dismissed: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """What a plan does, as GitLab's widget counts it."""

    create: int = 0
    update: int = 0
    delete: int = 0


class Client(Protocol):
    """One repository on one forge, as a token may use it. Each call is one question, or one for each page.

    All raise `ForgeFailed` and its subclasses (`forge/asking.py`).
    """

    @property
    def asking(self) -> Asking: ...

    def me(self) -> Account: ...

    def merge_request(self, number: int) -> MergeRequest: ...

    def merged_as(self, commit: CommitSha) -> MergeRequest | None:
        """The merge request whose merge made this commit of the base; None where no one did, or the forge can't say."""

    def open_request(self, branch: str, base: str) -> OpenRequest | None:
        """The open merge request from one branch of this repository into another one."""

    def add_request(self, wanted: NewRequest) -> OpenRequest: ...

    def comments(self, number: int) -> list[Comment]: ...

    def add_comment(self, number: int, text: str) -> None: ...

    def edit_comment(self, number: int, comment: int, text: str) -> None: ...

    def delete_comment(self, number: int, comment: int) -> None: ...

    def statuses(self, commit: CommitSha) -> Mapping[str, tuple[Account, Status]]:
        """The newest of each context, with who set it. Contexts are keys as the forge tells them apart."""

    def set_status(self, commit: CommitSha, status: Status) -> None: ...

    def reviews(self, number: int) -> list[Review]: ...

    def is_member(self, team: str, account: Account) -> bool:
        """Whether somebody is in a team, a group or (`@maintainer`) a role that CODEOWNERS names."""


@dataclass(frozen=True, slots=True)
class HookHeaders:
    """The names of the headers of a push event, in lower case.

    `signature` is an HMAC-SHA256 of the body in hexadecimal, perhaps behind `sha256=`; `token` the secret itself.
    """

    event: tuple[str, ...]
    delivery: tuple[str, ...]
    signature: tuple[str, ...] = ()
    token: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LogLines:
    """What a job writes into its log. `annotation` is empty where a log can't point at a line of a file."""

    annotation: Callable[[Complaint], str]
    open_group: Callable[[str], str]
    close_group: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Forge:
    """What is different about one kind of forge. A new one is a file beside this, and its row in `FORGES`.

    `engine_variables` are what a provider of this forge takes from the environment. `most_bytes` of UTF-8 fit into a
    comment. `reports` are the files that a job hands over, by name (without counts: those about mistakes alone);
    `summary_file` is where a job's summary in Markdown is appended, empty where there is none. `throws_away`: this
    job's machine was made for it, and is gone afterwards.
    """

    name: str
    title: str
    runs_us: Callable[[], bool]
    job_address: Callable[[], str]
    branch: Callable[[], str]
    merge_target: Callable[[], str]
    merge_request: Callable[[], MergeRequest | None]
    connect: Callable[[], Client]
    engine_variables: Collection[str]
    hook: HookHeaders
    log: LogLines
    reports: Callable[[Counts | None, Sequence[Complaint]], Mapping[str, str]]
    summary_file: Callable[[], str]
    most_bytes: int
    throws_away: Callable[[], bool] = lambda: False
