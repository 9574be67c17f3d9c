"""`verify`: the chain of events and the tags of an environment, checked against each other."""

from collections.abc import Iterator

from tfops.change.environment import find_place
from tfops.change.project import Project
from tfops.change.ui import Ui
from tfops.config.project import ProjectConfig
from tfops.errors import ProjectError, Refused
from tfops.ledger.chain import read_events, read_present
from tfops.ledger.codec import encode
from tfops.ledger.versions import Listing, read_tagged_card, versions_of
from tfops.records.card import Card
from tfops.records.event import EventKind, LedgerEvent
from tfops.records.finding import Finding
from tfops.records.names import EnvName
from tfops.records.version import VersionRecord
from tfops.system.remote import LEDGERS, RemoteUnreachable
from tfops.system.trees import GitTree
from tfops.views.verify import VerifyResult


def verify(project: Project, env: str, ui: Ui) -> VerifyResult:
    """Walk the chain and the tags. One that is rewritten, missing, damaged, foreign or (where required) unsigned is a
    finding, and so is one that the remote doesn't have."""
    place = find_place(project, env)
    project.fetch_for_change(place.rules)
    found = findings_of(project, place.rules, place.env)
    ui.phase("")
    return found


def findings_of(project: Project, rules: ProjectConfig, env: EnvName) -> VerifyResult:
    """The same of what was fetched. Raises Refused when the remote doesn't answer."""
    events, damage = _events(project, env)
    listing = versions_of(project.repository, env)
    signed = _signed(project, events)
    findings = [
        *damage,
        *_shared(project, rules, env),
        *_chain(project, env, len(events)),
        *_tags(project, events, listing),
    ]
    if rules.requires_signatures:
        findings += [
            Finding("unsigned", f"event {event.sha[:8]} ({event.text})", is_problem=True)
            for event in events
            if event.sha not in signed
        ]
        findings += [
            Finding("unsigned", f"{record.tag} has no signature that Git finds good", is_problem=True)
            for record in listing.tagged
            if project.repository.git.ask("verify-tag", f"refs/tags/{record.tag}", ok=range(256)).code != 0
        ]
    return VerifyResult(env, len(events), len(listing.tagged), len(signed), tuple(findings))


def _events(project: Project, env: EnvName) -> tuple[list[LedgerEvent], list[Finding]]:
    """What can be read of the chain, and what can't."""
    damage = []
    try:
        read_present(project.repository, env).require_readable()
    except Refused as error:
        damage.append(Finding("damaged-ledger", f"{error.what}: {error.why}", is_problem=True))
    try:
        return read_events(project.repository, env), damage
    except Refused as error:
        return [], damage or [Finding("damaged-ledger", f"{error.what}: {error.why}", is_problem=True)]


def _shared(project: Project, rules: ProjectConfig, env: EnvName) -> Iterator[Finding]:
    """A clone that still has what was deleted on the remote sees nothing in a fetch: both are compared."""
    remote = project.repository.remote
    try:
        lost = project.refs(rules).only_here(env)
    except RemoteUnreachable as error:
        what = f"the remote `{remote}` does not answer"
        raise Refused("remote-unreachable", what, why=str(error), hint="git fetch") from error
    for ref in lost:
        name = ref.removeprefix("refs/tags/")
        yield Finding(
            "missing-on-remote",
            f"{name} is in this clone, but not on `{remote}`",
            is_problem=True,
            hint=f"if nobody deleted it on purpose, put it back: git push {remote} {ref}:{_there(rules, ref)}",
        )


def _there(rules: ProjectConfig, ref: str) -> str:
    """The name that the remote has for it."""
    return rules.ledger_ref.replace("{env}", ref.removeprefix(f"{LEDGERS}/")) if ref.startswith(f"{LEDGERS}/") else ref


def _chain(project: Project, env: EnvName, known: int) -> Iterator[Finding]:
    """Every commit of the ledger is an event, and none has two parents."""
    ref = f"{LEDGERS}/{env}"
    if not known:
        return
    total = int(project.repository.git.line("rev-list", "--count", "--end-of-options", ref))
    if total != known:
        yield Finding(
            "foreign-event", f"{total - known} commits of the ledger are not events of tfops", is_problem=True
        )


def _tags(project: Project, events: list[LedgerEvent], listing: Listing) -> Iterator[Finding]:
    """Each recorded event has its tag, and each tag its event."""
    recorded = {event.run_id: event for event in events if event.kind == EventKind.RECORDED}
    tagged: set[str] = set()
    for record in listing.tagged:
        try:
            card = read_tagged_card(project.repository, record)
        except Refused as error:
            yield Finding("damaged-tag", f"{record.tag}: {error.what}", is_problem=True)
            continue
        tagged.add(card.run_id)
        event = recorded.get(card.run_id)
        if event is not None:
            yield from _difference(project, record, card, event)
        else:
            yield Finding("foreign-version", f"{record.tag} has no event in the ledger", is_problem=True)
    for run_id, event in recorded.items():
        if run_id not in tagged:
            yield Finding("missing-tag", f"event {event.sha[:8]} ({event.text}) has no tag", is_problem=True)
    for tag in listing.unread:
        yield Finding("damaged-tag", f"{tag} can't be read", is_problem=True)
    for tag in listing.foreign:
        yield Finding("foreign-tag", f"{tag} was not made by tfops", is_problem=True)


def _difference(project: Project, record: VersionRecord, card: Card, event: LedgerEvent) -> Iterator[Finding]:
    try:
        agrees = _agrees(project, record, card, event)
    except ProjectError as error:
        yield Finding("damaged-ledger", f"event {event.sha[:8]} ({event.text}): {error.what}", is_problem=True)
        return
    if not agrees:
        yield Finding("rewritten-tag", f"{record.tag} is not what event {event.sha[:8]} recorded", is_problem=True)


def _agrees(project: Project, record: VersionRecord, card: Card, event: LedgerEvent) -> bool:
    """The tag stands on the card's commit, and its card is the one that the ledger has."""
    kept = GitTree.of_commit(project.repository, event.sha).read("card.json") or ""
    on_commit = project.repository.resolve_commit(f"refs/tags/{record.tag}") == record.commit
    return on_commit and kept == encode(card)


def _signed(project: Project, events: list[LedgerEvent]) -> set[str]:
    """The events whose signature Git finds good; one process for all of them."""
    if not events:
        return set()
    argv = ("log", "--no-show-signature", "--no-walk=unsorted", "--format=%H %G?", "--stdin")
    shas = "\n".join(event.sha for event in events)
    rows = (line.split() for line in project.repository.git.ask(*argv, stdin=shas.encode()).text.splitlines())
    return {row[0] for row in rows if len(row) == 2 and row[1] in ("G", "U")}
