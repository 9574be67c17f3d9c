"""Whether an environment is to be changed without a person: decided from facts, with a name for every answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tfops.config.project import DriftPolicy, EnvironmentRule, Sync
from tfops.dataclass import dataclass
from tfops.records.decision import Decision, SyncReason
from tfops.records.names import CommitSha, EnvName
from tfops.records.version import Kind, Verified, VersionRecord

if TYPE_CHECKING:
    from tfops.records.blocked import Declined


_MOST_LISTED = 3


@dataclass(frozen=True, slots=True)
class SyncFacts:
    """What the decision looks at. `branches` are those of the remote that fit.

    `is_changed`: the rendered root or a module that it uses differs from what runs. `complaint` is why the head
    can't be rendered, `complaint_name` the guard's or error's name. `is_outrun`: the hold is a rollback's, and the
    head is newer than what the rollback took back. `busy` says who changes the environment now, `is_dead` that
    this is known to be over. `is_ledger_rewritten`: this clone knows another past than the remote. `is_ledger_missing`:
    there are versions, but not the ledger that recorded them. `drifted` are
    addresses that were last seen to differ from the version. `has_room`: there may be one preview more. `unpromoted`
    are modules and providers of the head that only a promotion may bring.
    """

    env: EnvName
    rule: EnvironmentRule
    now: datetime
    branch: str = ""
    branches: tuple[str, ...] = ()
    head: CommitSha | None = None
    current: VersionRecord | None = None
    is_ledger_rewritten: bool = False
    is_ledger_missing: bool = False
    is_rewritten: bool = False
    is_changed: bool = False
    complaint: str = ""
    complaint_name: str = ""
    hold: str = ""
    is_outrun: bool = False
    rehearses: str = ""
    is_stopped: bool = False
    is_signed: bool = True
    drifted: tuple[str, ...] = ()
    lock_by_hand: str = ""
    busy: str = ""
    busy_until: datetime | None = None
    is_dead: bool = False
    earlier: Declined | None = None
    has_room: bool = True
    unpromoted: tuple[str, ...] = ()

    @property
    def is_at_head(self) -> bool:
        """Whether the latest version is an apply of the branch's head, or of a part of it."""
        current = self.current
        return current is not None and current.commit == self.head and current.is_of_its_commit

    @property
    def runs_head(self) -> bool:
        """Whether it is all of it."""
        return self.is_at_head and self.current is not None and not self.current.partial

    @property
    def is_healing(self) -> bool:
        """Whether what runs is what the head says, but the real world isn't, and tfops.yaml wants that mended."""
        is_current = self.current is not None and (self.runs_head or not self.is_changed) and not self.is_stopped
        return bool(self.drifted) and is_current and self.rule.drift is DriftPolicy.HEAL

    @property
    def short(self) -> str:
        return (self.head or "")[:8]


def decide(facts: SyncFacts) -> Decision:
    """The first rule that has an answer; when none has a reason not to, the head is applied."""
    return next(found for rule in _RULES if (found := rule(facts)) is not None)


def orphan(env: EnvName, current: VersionRecord) -> Decision:
    """An environment that runs although tfops.yaml doesn't know it any more: never destroyed by itself."""
    text = f"runs {current.version}, but tfops.yaml doesn't have it: put it back there, or tfops prune {env} --yes"
    return Decision(env, SyncReason.ORPHAN, text, current.branch, current.commit, current.version)


def _no(
    facts: SyncFacts, reason: SyncReason, text: str, *, detail: str = "", again: datetime | None = None
) -> Decision:
    current = facts.current.version if facts.current else None
    return Decision(
        facts.env, reason, text, facts.branch, facts.head or "", current, detail=detail, again_at=again,
        is_in_sync=reason in (SyncReason.SYNCED, SyncReason.UNCHANGED),
    )  # fmt: skip


def _yes(facts: SyncFacts, reason: SyncReason, text: str) -> Decision:
    current = facts.current.version if facts.current else None
    return Decision(
        facts.env, reason, text, facts.branch, facts.head or "", current, acts=True, lifts_hold=bool(facts.hold)
    )


def _ledger(facts: SyncFacts) -> Decision | None:
    if facts.is_ledger_missing:
        text = "it has versions, but its ledger is not here: a fork, or it was deleted (tfops apply says more)"
        return _no(facts, SyncReason.NO_LEDGER, text)
    if not facts.is_ledger_rewritten:
        return None
    return _no(facts, SyncReason.LEDGER, "its ledger on the remote is not the one that this clone knows")


def _over(facts: SyncFacts) -> Decision | None:
    """A preview goes with its branch, or when nothing changed it for its time to live; never from under a person."""
    preview, current = facts.rule.preview, facts.current
    if preview is None or current is None or current.kind is Kind.DESTROY or facts.hold or facts.lock_by_hand:
        return None
    what = Decision(
        facts.env, SyncReason.BRANCH_GONE, f"branch `{current.branch}` is gone", current.branch, current.commit,
        current.version, acts=True,
    )  # fmt: skip
    if facts.head is None:
        return what
    ends = current.applied_at + timedelta(seconds=preview.ttl_s)
    if preview.ttl_s and ends <= facts.now:
        return replace(
            what, reason=SyncReason.TTL_OVER, text=f"nothing changed it since {current.applied_at:%Y-%m-%d %H:%M} UTC"
        )
    return None


def _branch(facts: SyncFacts) -> Decision | None:
    """Deleted, not there yet, or one of several: nobody guesses."""
    if facts.head is not None:
        return None
    if facts.branches:
        listed = ", ".join(facts.branches[:3])
        text = f"{len(facts.branches)} branches match ({listed}): run tfops apply from the right one once"
        return _no(facts, SyncReason.SEVERAL_BRANCHES, text)
    return _no(facts, SyncReason.NO_BRANCH, f"the remote has no branch `{facts.branch or facts.rule.branch}`")


def _destroyed(facts: SyncFacts) -> Decision | None:
    if facts.current is None or facts.current.kind is not Kind.DESTROY:
        return None
    if facts.rule.preview is not None and facts.head != facts.current.commit:
        return None  # it went when its time was over; a push brings it back
    return _no(facts, SyncReason.DESTROYED, f"was destroyed by hand; to make it anew: tfops apply {facts.env}")


def _place(facts: SyncFacts) -> Decision | None:
    """A place for drills follows no branch."""
    if facts.rule.rehearses is None:
        return None
    is_in_use = facts.current is not None and facts.current.kind is not Kind.DESTROY
    what = "holds a rehearsal" if is_in_use else "is a place for drills"
    return _no(facts, SyncReason.DRILL, f"{what} of {facts.rule.rehearses}")


def _drill(facts: SyncFacts) -> Decision | None:
    if not facts.rehearses:
        return None
    return _no(facts, SyncReason.DRILL, f"holds a rehearsal of {facts.rehearses}")


def _followed(facts: SyncFacts) -> Decision | None:
    """A run that died is finished before anything else is asked: it left a lock."""
    commit = facts.head or (facts.current.commit if facts.current else "")
    if not (facts.busy and facts.is_dead and commit):
        return None
    return replace(_yes(facts, SyncReason.FOLLOWED, f"finishes what died: {facts.busy}"), commit=commit)


def _busy(facts: SyncFacts) -> Decision | None:
    if not facts.busy:
        return None
    return _no(facts, SyncReason.BUSY, facts.busy, again=facts.busy_until)


def _synced(facts: SyncFacts) -> Decision | None:
    if not facts.is_at_head or facts.is_stopped or facts.is_healing:
        return None
    assert facts.current is not None
    if facts.current.verified is Verified.FAILED:
        return _no(facts, SyncReason.NOT_VERIFIED, f"{facts.current.version} is not verified")
    if not facts.runs_head:
        return None
    return _no(facts, SyncReason.SYNCED, f"runs {facts.short} of {facts.branch}")


def _rewritten(facts: SyncFacts) -> Decision | None:
    if not facts.is_rewritten:
        return None
    text = f"`{facts.branch}` was rewritten: {facts.short} doesn't follow what runs; if that is right: tfops apply"
    return _no(facts, SyncReason.REWRITTEN, f"{text} {facts.env}")


def _broken(facts: SyncFacts) -> Decision | None:
    if not facts.complaint:
        return None
    return _no(facts, SyncReason.BROKEN, facts.complaint, detail=facts.complaint_name)


def _unchanged(facts: SyncFacts) -> Decision | None:
    if facts.is_changed or facts.is_stopped or facts.current is None or facts.hold or facts.is_healing:
        return None
    return _no(facts, SyncReason.UNCHANGED, f"{facts.short} of {facts.branch} changes nothing of it")


def _held(facts: SyncFacts) -> Decision | None:
    if not facts.hold or facts.is_outrun:
        return None
    version = facts.current.version if facts.current else "-"
    return _no(facts, SyncReason.HELD, f"held at {version}: {facts.hold}; to go on: tfops resume {facts.env}")


def _promotion(facts: SyncFacts) -> Decision | None:
    if not facts.unpromoted or facts.rule.promote is None:
        return None
    listed = ", ".join(facts.unpromoted[:_MOST_LISTED])
    text = f"{facts.short} brings {listed}: tfops promote {facts.rule.promote.source} {facts.env}"
    return _no(facts, SyncReason.PROMOTION, text)


def _manual(facts: SyncFacts) -> Decision | None:
    if facts.rule.sync is not Sync.MANUAL or facts.is_healing:
        return None
    current = facts.current
    what = f"the rest of {facts.short}" if facts.is_at_head and current and current.partial else facts.short
    return _no(facts, SyncReason.MANUAL, f"{what} waits for a person (sync: manual): tfops apply {facts.env}")


def _unsigned(facts: SyncFacts) -> Decision | None:
    if facts.is_signed:
        return None
    return _no(facts, SyncReason.UNSIGNED, f"{facts.short} has no signature that this Git finds good (signed_commits)")


def _locked(facts: SyncFacts) -> Decision | None:
    return _no(facts, SyncReason.LOCKED, facts.lock_by_hand) if facts.lock_by_hand else None


def _room(facts: SyncFacts) -> Decision | None:
    if facts.has_room or facts.rule.preview is None:
        return None
    return _no(
        facts, SyncReason.NO_ROOM, f"there are {facts.rule.preview.most} of `{facts.rule.preview.template}` already"
    )


def _window(facts: SyncFacts) -> Decision | None:
    if not facts.rule.windows:
        return None
    from tfops.config.window import next_open  # noqa: PLC0415 - time zones come with it

    opens = next_open(facts.rule.windows, facts.now)
    if opens <= facts.now:
        return None
    return _no(
        facts, SyncReason.WINDOW, f"{facts.short} waits for its window: {opens:%a %Y-%m-%d %H:%M} UTC", again=opens
    )


def _declined(facts: SyncFacts) -> Decision | None:
    """What was tried once is tried again only when its time has come; a newer commit is another matter."""
    earlier = facts.earlier
    if earlier is None or earlier.commit != facts.head or len(earlier.agreed) >= facts.rule.review.approvals:
        return None
    if earlier.retry_at is None:
        return _no(facts, SyncReason.DECLINED, earlier.text, detail=earlier.reason)
    if earlier.retry_at <= facts.now:
        return None
    text = f"{earlier.text}; tried again at {earlier.retry_at:%H:%M:%S} UTC"
    return _no(facts, SyncReason.RETRY, text, detail=SyncReason.RETRY.value, again=earlier.retry_at)


def _act(facts: SyncFacts) -> Decision:
    if facts.is_stopped:
        return _yes(facts, SyncReason.STOPPED, f"a change stopped half-way; {facts.short} of {facts.branch} goes on")
    if facts.is_healing:
        count = "1 resource" if len(facts.drifted) == 1 else f"{len(facts.drifted)} resources"
        return _yes(facts, SyncReason.HEAL, f"{count} drifted: {', '.join(facts.drifted[:_MOST_LISTED])}")
    if facts.current is None:
        return _yes(facts, SyncReason.NEW, f"{facts.short} of {facts.branch} is the first")
    return _yes(facts, SyncReason.CHANGED, f"{facts.short} of {facts.branch} {_does(facts)}")


def _does(facts: SyncFacts) -> str:
    """What the head has to do with what runs: where a person applied a part of it, the rest is still owed."""
    current = facts.current
    if current is None or not current.partial or not facts.is_at_head:
        return "changes it"
    return f"isn't all applied: {current.version} was only {current.partial} (--target)"


_RULES: tuple[Callable[[SyncFacts], Decision | None], ...] = (
    _ledger,
    _followed,
    _busy,
    _over,
    _place,
    _branch,
    _destroyed,
    _drill,
    _synced,
    _rewritten,
    _broken,
    _unchanged,
    _held,
    _promotion,
    _manual,
    _unsigned,
    _locked,
    _room,
    _window,
    _declined,
    _act,
)
