"""What is damaged in one environment's ledger or tags is said, and stops no other (docs/how-to/agent.md)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.git.conftest import commit_file, git
from tests.support.cards import make_card
from tfops.change.environment import find_place
from tfops.change.project import Project
from tfops.change.request import Request
from tfops.change.snapshot import read_snapshot
from tfops.change.target import apply_target
from tfops.cli.terminal import Terminal
from tfops.commands.history import history
from tfops.commands.reconcile_facts import decide_all
from tfops.commands.status import status
from tfops.commands.verify import verify
from tfops.errors import Refused
from tfops.ledger.chain import read_events, read_present
from tfops.ledger.record import record_version
from tfops.ledger.versions import versions_of
from tfops.records.decision import SyncReason
from tfops.records.hold import Hold
from tfops.records.names import EnvName
from tfops.system import clock
from tfops.system.remote import Refs
from tfops.system.repository import Repository

DEV, PROD = EnvName("dev"), EnvName("prod")
LEDGER, TAG = "refs/tfops/envs/dev", "refs/tags/tfops/dev/v2"
RULES = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main}\n  prod: {branch: main}\n"


@pytest.fixture
def world(here: Path) -> Path:
    """Both environments have two versions, and dev is on hold."""
    commit_file(here, "tfops.yaml", RULES)
    commit_file(here, "modules/thing/main.tf", 'variable "value" {}\n')
    for env in (DEV, PROD):
        commit_file(here, f"environments/{env}.yaml", "modules: {main: {source: thing, inputs: {value: 1}}}\n")
    for env in (DEV, PROD):
        for number in (1, 2):
            repository = Repository(here)
            hold = Hold(reason="wait", by="ann", since=clock.now()) if number == 2 and env == DEV else None
            card = make_card(repository.head, environment=env, version=number, run_id=f"{env}-{number}", hold=hold)
            record_version(repository, Refs(repository), card, "x", base=read_present(repository, env).head)
    return here


def _file(name: str, content: bytes) -> Callable[[Path], None]:
    """A commit on top of the ledger in which one file is another."""

    def damage(here: Path) -> None:
        (here / "damage").write_bytes(content)
        blob = git(here, "hash-object", "-w", "damage")
        rows = [row for row in git(here, "ls-tree", LEDGER).splitlines() if not row.endswith(f"\t{name}")]
        listing = "\n".join([*rows, f"100644 blob {blob}\t{name}"])
        (here / "damage").write_text(listing + "\n")
        tree = git(here, "-c", "alias.make=!git mktree < damage", "make")
        (here / "damage").unlink()
        git(here, "update-ref", LEDGER, git(here, "commit-tree", tree, "-p", LEDGER, "-m", "damaged"))

    return damage


def _written(ref: str, text: str) -> Callable[[Path], None]:
    def damage(here: Path) -> None:
        (here / ".git" / ref).write_text(text)

    return damage


def _on(what: str) -> Callable[[Path], None]:
    """The ledger's ref on something that is no commit; Git itself wouldn't set it."""

    def damage(here: Path) -> None:
        (here / ".git" / LEDGER).write_text(git(here, "rev-parse", what) + "\n")

    return damage


def _git(*argv: str) -> Callable[[Path], None]:
    def damage(here: Path) -> None:
        git(here, *argv)

    return damage


def _without_objects(here: Path) -> None:
    """The files of the ledger's head are gone from the disk."""
    blob = git(here, "rev-parse", f"{LEDGER}:card.json")
    (here / ".git/objects" / blob[:2] / blob[2:]).unlink()


LEDGERS = {
    "card is cut": _file("card.json", b'{"a":'),
    "card is a list": _file("card.json", b"[]"),
    "card of nothing": _file("card.json", b"{}"),
    "card is empty": _file("card.json", b""),
    "card is no UTF-8": _file("card.json", b'{"version": "\xff\xfe'),
    "lock is cut": _file("lock.json", b'{"run_id":'),
    "lock is another thing": _file("lock.json", b'{"a": 1}'),
    "intent is cut": _file("intent.json", b"{"),
    "hold is a number": _file("hold.json", b"4"),
    "drift is a text": _file("drift.json", b'"x"'),
    "on a blob": _on("HEAD:tfops.yaml"),
    "on a tree": _on("HEAD^{tree}"),
    "on nothing": _written(LEDGER, "d" * 40 + "\n"),
    "not an id": _written(LEDGER, "what is this\n"),
    "empty": _written(LEDGER, ""),
    "an object is gone": _without_objects,
}


@pytest.mark.parametrize("damage", LEDGERS.values(), ids=LEDGERS)
def test_a_damaged_ledger_stops_no_other_environment(damage: Callable[[Path], None], world: Path) -> None:
    damage(world)
    project, ui = Project.open(world), Terminal(quiet=True)
    found = status(project, fetch=True, ui=ui)
    rows = {row.env: row for row in found.environments}
    assert (bool(rows[DEV].damage), rows[PROD].damage, found.has_damage) == (True, "", True)
    assert rows[DEV].current and rows[PROD].current, "what the tags say is shown still"
    decisions = {decision.env: decision.reason for decision in decide_all(project, [], ui)[1]}
    assert decisions == {DEV: SyncReason.DAMAGED, PROD: SyncReason.SYNCED}
    with pytest.raises(Refused) as caught:
        apply_target(read_snapshot(project, find_place(project, "dev")), Request(allowed=frozenset({"held"})))
        read_present(project.repository, DEV).require_readable()
    assert caught.value.guard == "damaged-ledger"
    apply_target(read_snapshot(project, find_place(project, "prod")), Request())


def test_a_chain_with_a_hole_is_damage_that_is_named(world: Path) -> None:
    first = git(world, "rev-list", "--max-parents=0", LEDGER)
    (world / ".git/objects" / first[:2] / first[2:]).unlink()
    with pytest.raises(Refused) as caught:
        read_events(Repository(world), DEV)
    assert caught.value.guard == "damaged-ledger"


def _tag(content: str) -> Callable[[Path], None]:
    def damage(here: Path) -> None:
        (here / "damage").write_text(content.format(commit=git(here, "rev-parse", "HEAD")))
        made = git(here, "hash-object", "-w", "-t", "tag", "--literally", "damage")
        (here / "damage").unlink()
        git(here, "update-ref", TAG, made)

    return damage


_HEAD = "object {commit}\ntype commit\ntag tfops/dev/v2\ntagger a <a@b> 1 +0000\n\n"
TAGS = {
    "cut": _tag(_HEAD + "dev v2: x\n\nTfops-Schema: 1\nTfops-Kind: apply\n"),
    "strange": _tag(_HEAD + "dev v2: x\n\nTfops-Kind: dance\nTfops-Commit: {commit}\nTfops-By: a\nTfops-At: now\n"),
    "moved to nothing": _written(TAG, "d" * 40 + "\n"),
    "not an id": _written(TAG, "what is this\n"),
    "deleted": _git("update-ref", "-d", TAG),
    "lightweight": _git("update-ref", TAG, "HEAD"),
}


@pytest.mark.parametrize("damage", TAGS.values(), ids=TAGS)
def test_a_version_whose_tag_is_damaged_is_known_from_the_ledger(damage: Callable[[Path], None], world: Path) -> None:
    damage(world)
    project, ui = Project.open(world), Terminal(quiet=True)
    [dev, prod] = status(project, fetch=True, ui=ui).environments
    assert dev.current and (str(dev.current.version), dev.current.hold, dev.damage) == ("v2", "wait", "")
    assert prod.current and str(prod.current.version) == "v2"
    with pytest.raises(Refused, match="held") as caught:
        apply_target(read_snapshot(project, find_place(project, "dev")), Request())
    assert caught.value.guard == "held"


@pytest.mark.parametrize("name", ["cut", "strange", "moved to nothing", "not an id"])
def test_an_environment_whose_tags_can_not_be_read_is_never_called_never_applied(name: str, world: Path) -> None:
    """Not even where the ledger is gone too."""
    TAGS[name](world)
    git(world, "update-ref", "-d", "refs/tags/tfops/dev/v1")
    git(world, "update-ref", "-d", LEDGER)
    project, ui = Project.open(world), Terminal(quiet=True)
    [dev, _] = status(project, fetch=True, ui=ui).environments
    assert "can't be read" in dev.damage
    assert history(project, "dev", verdict=False, fetch=True, ui=ui).unread == ("tfops/dev/v2",)
    with pytest.raises(Refused) as caught:
        apply_target(read_snapshot(project, find_place(project, "dev")), Request())
    assert caught.value.guard == "damaged-tag"


def test_a_tag_that_somebody_else_made_is_in_nobodys_way(world: Path) -> None:
    git(world, "tag", "tfops/prod/v7")
    git(world, "tag", "--annotate", "--message=mine", "tfops/prod/v8")
    listing = versions_of(Repository(world), PROD)
    assert (listing.foreign, listing.trouble, listing.highest) == (("tfops/prod/v7", "tfops/prod/v8"), "", 8)


def _topics(folder: Path) -> list[tuple[str, str]]:
    return [(one.topic, one.text) for one in verify(Project.open(folder), "dev", Terminal(quiet=True)).findings]


@pytest.mark.parametrize("name", ["card is cut", "lock is cut", "on a blob", "empty", "an object is gone"])
def test_verify_names_a_damaged_ledger(name: str, world: Path) -> None:
    LEDGERS[name](world)
    assert "damaged-ledger" in dict(_topics(world))


@pytest.mark.parametrize(
    ("name", "topic"),
    [("cut", "damaged-tag"), ("not an id", "damaged-tag"), ("deleted", "missing-tag"), ("lightweight", "foreign-tag")],
)
def test_verify_names_a_tag_though_the_ledger_stands_for_it(name: str, topic: str, world: Path) -> None:
    TAGS[name](world)
    assert topic in dict(_topics(world))


@pytest.mark.parametrize("ledger", ["refs/tfops/envs/{env}", "refs/heads/tfops/{env}"])
def test_verify_finds_what_was_deleted_on_the_remote_from_a_clone_that_still_has_it(
    ledger: str, world: Path, remote: Path
) -> None:
    """docs/reference/commands.md, `missing-on-remote`."""
    commit_file(world, "tfops.yaml", f"{RULES}ledger: {{ref: '{ledger}'}}\n")
    name = ledger.replace("{env}", "dev")
    git(world, "push", "--quiet", "origin", "main", f"{LEDGER}:{name}", "refs/tags/tfops/*")
    assert _topics(world) == []
    git(remote, "update-ref", "-d", TAG)
    assert _topics(world) == [("missing-on-remote", "tfops/dev/v2 is in this clone, but not on `origin`")]
    git(remote, "update-ref", "-d", name)
    findings = verify(Project.open(world), "dev", Terminal(quiet=True)).findings
    assert [found.topic for found in findings] == ["missing-on-remote", "missing-on-remote"]
    for found in findings:
        git(world, *found.hint.partition(": git ")[2].split())
    assert _topics(world) == [], "the hints put it back"
