"""Named refusals, decided from facts. Each name is also the flag that overrides it."""

from collections.abc import Callable, Iterator

from tfops.dataclass import dataclass
from tfops.errors import Refused
from tfops.records.names import EnvName
from tfops.records.version import Version


@dataclass(frozen=True, slots=True)
class ApplyFacts:
    """What the guards of `apply` look at. Counts are commits."""

    env: EnvName
    commit: str
    branch: str
    pattern: str
    is_on_branch: bool
    uncommitted: tuple[str, ...]
    has_remote: bool
    is_pushed: bool
    commits_behind: int
    current: Version | None
    is_older_than_current: bool
    hold: str
    unpromoted: tuple[str, ...] = ()
    promoted_from: str = ""


@dataclass(frozen=True, slots=True)
class Guard:
    """A rule that can refuse. `check` returns the refusal, or None; `flag` overrides it, and `help` says so.

    `is_liftable_anywhere`: it is a decision of people, not a protection of the branch, and protected environments
    have the flag too. `is_passing`: it says nothing about the commit, and without a person it is tried again;
    `is_outdated`: whoever looks again decides otherwise, so that is done at once.
    """

    name: str
    check: Callable[[ApplyFacts], tuple[str, str] | None]
    flag: str
    help: str
    is_liftable_anywhere: bool = False
    is_passing: bool = False
    is_outdated: bool = False

    @property
    def option(self) -> str:
        """The flag as Python names it."""
        return self.flag.lstrip("-").replace("-", "_")


def _wrong_branch(facts: ApplyFacts) -> tuple[str, str] | None:
    if facts.is_on_branch:
        return None
    what = f"commit {facts.commit[:8]} is not on {facts.env}'s branch ({facts.pattern})"
    return what, f"git switch {facts.pattern}" if "*" not in facts.pattern else "switch to a branch that matches"


def _dirty(facts: ApplyFacts) -> tuple[str, str] | None:
    if not facts.uncommitted:
        return None
    shown = ", ".join(facts.uncommitted[:3]) + (" …" if len(facts.uncommitted) > 3 else "")
    return f"there are changes that are not committed: {shown}", "git add -A && git commit"


def _unpushed(facts: ApplyFacts) -> tuple[str, str] | None:
    if facts.is_pushed or not facts.has_remote:
        return None
    return f"commit {facts.commit[:8]} is not on the remote yet: nobody else could see what runs", "git push"


def _behind(facts: ApplyFacts) -> tuple[str, str] | None:
    if facts.commits_behind == 0:
        return None
    noun = "commit" if facts.commits_behind == 1 else "commits"
    return f"the remote's `{facts.branch}` is {facts.commits_behind} {noun} ahead of this one", "git pull"


def _older(facts: ApplyFacts) -> tuple[str, str] | None:
    if not facts.is_older_than_current:
        return None
    what = f"commit {facts.commit[:8]} is older than what {facts.current} applied"
    return what, f"to go back: tfops rollback {facts.env}"


def _held(facts: ApplyFacts) -> tuple[str, str] | None:
    if not facts.hold:
        return None
    return f"{facts.env} is held at {facts.current}: {facts.hold}", "when the fix is in: --lift-hold"


def _unpromoted(facts: ApplyFacts) -> tuple[str, str] | None:
    if not facts.unpromoted:
        return None
    named = ", ".join(facts.unpromoted[:3]) + (" …" if len(facts.unpromoted) > 3 else "")
    what = f"commit {facts.commit[:8]} brings what wasn't promoted to {facts.env}: {named}"
    return what, f"tfops promote {facts.promoted_from} {facts.env}"


GUARDS = (
    Guard(
        "wrong-branch",
        _wrong_branch,
        "--allow-wrong-branch",
        "Apply a commit that is not on the environment's branch.",
    ),
    Guard("dirty", _dirty, "--allow-dirty", "Apply the commit although there are uncommitted changes."),
    Guard("unpushed", _unpushed, "--allow-unpushed", "Apply a commit that the remote doesn't have."),
    Guard(
        "behind",
        _behind,
        "--allow-behind",
        "Apply although the remote's branch has newer commits.",
        is_passing=True,
        is_outdated=True,
    ),
    Guard("older", _older, "--allow-older", "Apply a commit that is older than what runs."),
    Guard(
        "unpromoted",
        _unpromoted,
        "--allow-unpromoted",
        "Apply modules and providers that weren't promoted.",
    ),
    Guard("held", _held, "--lift-hold", "Go on after a rollback.", is_liftable_anywhere=True, is_passing=True),
)

PASSING = frozenset(guard.name for guard in GUARDS if guard.is_passing)
OUTDATED = frozenset(guard.name for guard in GUARDS if guard.is_outdated)


def refusals(facts: ApplyFacts, allowed: frozenset[str], *, is_protected: bool) -> Iterator[Refused]:
    """Every guard that says no, in the order of GUARDS."""
    for guard in GUARDS:
        verdict = guard.check(facts)
        if verdict is None:
            continue
        can_override = not is_protected or guard.is_liftable_anywhere
        if guard.name in allowed and can_override:
            continue
        what, hint = verdict
        yield Refused(
            guard.name, what, why=_why(facts, guard, allowed, can_override), hint=_hint(guard, hint, can_override)
        )


def _why(facts: ApplyFacts, guard: Guard, allowed: frozenset[str], can_override: bool) -> str:
    if guard.name in allowed and not can_override:
        return f"{facts.env} is protected: {guard.flag} has no effect"
    return ""


def _hint(guard: Guard, hint: str, can_override: bool) -> str:
    return hint if guard.flag in hint or not can_override else f"{hint}   (or override: {guard.flag})"


def require_none(facts: ApplyFacts, allowed: frozenset[str], *, is_protected: bool) -> None:
    """Raises the first refusal; names the others, so that nobody runs into them one by one."""
    found = list(refusals(facts, allowed, is_protected=is_protected))
    if not found:
        return
    first, *others = found
    if others:
        also = "also: " + "; ".join(f"{other.what} ({other.guard})" for other in others)
        first.why = f"{first.why}; {also}" if first.why else also
    raise first
