"""Nobody's Git settings change what tfops sees, stores or pushes (docs/explanation/versions-and-locks.md)."""

import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.git.conftest import commit_file, git
from tests.support.cards import make_card
from tfops.change.environment import find_place
from tfops.change.project import Project
from tfops.change.request import Request
from tfops.change.rollback import rollback_target
from tfops.change.snapshot import read_snapshot
from tfops.change.target import apply_target
from tfops.cli.terminal import Terminal
from tfops.commands.history import history
from tfops.commands.log import log
from tfops.commands.reconcile_facts import decide_all
from tfops.commands.rendering import render
from tfops.commands.show import show
from tfops.commands.status import status
from tfops.commands.verify import verify
from tfops.errors import Refused
from tfops.ledger.chain import NewEvent, prepare, read_present
from tfops.ledger.record import record_version
from tfops.ledger.versions import versions_of
from tfops.records.commit import Person
from tfops.records.event import EventKind
from tfops.records.hold import Hold
from tfops.records.names import EnvName
from tfops.records.version import Kind
from tfops.system import clock
from tfops.system.checkout import check_out
from tfops.system.git import GitRunner
from tfops.system.remote import Refs, Swap
from tfops.system.repository import Repository
from tfops.system.trees import GitTree

DEV = EnvName("dev")
RULES = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main}\n"
WISH = "modules: {main: {source: thing, inputs: {value: %s}}}\n"
ANN = Person(name="Änn Ünder", email="ann@example.com")

# What https://git-scm.com/docs/git-config has that touches output, parsing, or what is stored here.
READING = (
    "trailer.separators ==",
    "trailer.separators=",
    "trailer.ifexists=replace",
    "trailer.ifmissing=doNothing",
    "trailer.tfops-kind.key=Kind: ",
    "trailer.tfops-commit.key=X-Commit: ",
    "trailer.tfops-hold.command=echo",
    "trailer.tfops-by.cmd=echo",
    "core.commentChar=T",
    "core.commentChar={",
    "core.commentChar=auto",
    "core.quotePath=false",
    "core.abbrev=4",
    "core.useReplaceRefs=true",
    "core.fsmonitor=true",
    "core.fsmonitor={hook}",
    "core.untrackedCache=true",
    "core.safecrlf=true",
    "core.autocrlf=input",
    "core.logAllRefUpdates=always",
    "core.hooksPath={hooks}",
    "core.splitIndex=true",
    "i18n.commitEncoding=ISO-8859-1",
    "i18n.logOutputEncoding=ISO-8859-1",
    "log.showSignature=true",
    "log.follow=true",
    "log.decorate=full",
    "log.diffMerges=combined",
    "log.mailmap=true",
    "log.showRoot=false",
    "format.pretty=oneline",
    "format.notes=true",
    "notes.displayRef=*",
    "mailmap.file={mailmap}",
    "color.ui=always",
    "column.ui=always",
    "diff.renames=copies",
    "diff.external=false",
    "diff.noprefix=true",
    "diff.relative=true",
    "diff.ignoreSubmodules=all",
    "diff.orderFile=/nowhere",
    "status.renames=copies",
    "status.short=true",
    "status.branch=true",
    "status.showStash=true",
    "status.showUntrackedFiles=no",
    "status.submoduleSummary=true",
    "status.relativePaths=false",
    "tag.sort=-version:refname",
    "versionsort.suffix=-",
    "feature.manyFiles=true",
    "feature.experimental=true",
    "submodule.recurse=true",
    "add.ignoreErrors=true",
    "protocol.version=0",
    "protocol.version=1",
)

# What touches a fetch, a push, a tag or a commit of the ledger.
PUSHING = (
    "push.default=nothing",
    "push.default=matching",
    "push.followTags=true",
    "push.gpgSign=true",
    "push.negotiate=true",
    "push.pushOption=ci.skip",
    "push.recurseSubmodules=only",
    "push.recurseSubmodules=check",
    "push.useForceIfIncludes=true",
    "remote.pushDefault=elsewhere",
    "remote.origin.mirror=true",
    "remote.origin.push=+refs/*:refs/*",
    "remote.origin.fetch=+refs/tfops/*:refs/tfops/*",
    "remote.origin.fetch=+refs/tags/*:refs/tags/*",
    "remote.origin.fetch=^refs/heads/main",
    "remote.origin.prune=true",
    "remote.origin.pruneTags=true",
    "remote.origin.tagOpt=--tags",
    "branch.main.pushRemote=elsewhere",
    "fetch.all=true",
    "fetch.prune=true",
    "fetch.pruneTags=true",
    "fetch.output=compact",
    "fetch.recurseSubmodules=true",
    "fetch.showForcedUpdates=false",
    "fetch.fsckObjects=true",
    "transfer.fsckObjects=true",
    "fsck.skipList=/nowhere",
    "fsck.missingEmail=error",
    "tag.forceSignAnnotated=true",
    "user.useConfigOnly=true",
    "core.hooksPath={hooks}",
    "core.logAllRefUpdates=always",
    "core.commentChar=T",
    "i18n.commitEncoding=ISO-8859-1",
    "init.templateDir={hooks}",
    "submodule.recurse=true",
    "trailer.separators==",
    "receive.denyNonFastForwards=true",
    "gc.auto=1",
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project on hold after a rollback, with a remote, names outside of ASCII, and uncommitted files."""
    top = tmp_path_factory.mktemp("settings")
    (top / "gitconfig").write_text("")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("GIT_")]:
            patch.delenv(name)
        patch.setenv("GIT_CONFIG_GLOBAL", str(top / "gitconfig"))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield _build(top)


@pytest.fixture(autouse=True)
def clean_git(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of the one that all other tests of this folder have: the settings are what is tested here."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(world.parent / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def _build(top: Path) -> Path:
    here, remote = top / "here", top / "remote.git"
    _settings(top)
    here.mkdir()
    git(here, "init", "--quiet", "--initial-branch=main")
    git(top, "init", "--quiet", "--bare", "--initial-branch=main", str(remote))
    git(here, "remote", "add", "origin", str(remote))
    commit_file(here, "tfops.yaml", RULES)
    commit_file(here, "modules/thing/main.tf", 'variable "value" {}\n')
    commit_file(here, "modules/thing/größe.txt", "long enough to be found again as a rename\n" * 5)
    first = commit_file(here, "environments/dev.yaml", WISH % 1)
    second = commit_file(here, "environments/dev.yaml", WISH % 2)
    git(here, "push", "--quiet", "--set-upstream", "origin", "main")
    hold = Hold(reason="zurück auf v1", by="ann", since=clock.now())
    _record(here, make_card(first, version=1, run_id="r-1", applied_by=ANN))
    _record(here, make_card(second, version=2, run_id="r-2", applied_by=ANN))
    _record(here, make_card(first, version=3, run_id="r-3", kind=Kind.ROLLBACK, restores=1, hold=hold, applied_by=ANN))
    git(here, "mv", "modules/thing/größe.txt", "modules/thing/umbenannt.txt")
    (here / "modules/thing/new.tf").write_bytes(b"# dos\r\n")
    _hooks(top / "hooks")
    (top / "mailmap").write_text("Somebody Else <else@example.com> <ann@example.com>\n")
    return here


def _settings(top: Path, *lines: str) -> None:
    """What the person's own settings are from now on."""
    name, email = ANN.name, ANN.email
    (top / "gitconfig").write_text(f'[user]\n\tname = {name}\n\temail = {email}\n[protocol "file"]\n\tallow = always\n')
    for line in lines:
        key, _, value = line.partition("=")
        for word in ("hooks", "mailmap"):
            value = value.replace(f"{{{word}}}", str(top / word))
        value = value.replace("{hook}", str(top / "hooks/liar"))
        git(top, "config", "--file", str(top / "gitconfig"), "--add", key.strip(), value)


def _hooks(folder: Path) -> None:
    """Every hook says no; what is asked for changed files says that there are none."""
    folder.mkdir()
    names = "pre-push reference-transaction post-index-change post-checkout pre-commit commit-msg prepare-commit-msg"
    for name in [*names.split(), "pre-auto-gc", "liar"]:
        (folder / name).write_text(f"#!/bin/sh\nexit {0 if name == 'liar' else 1}\n")
        (folder / name).chmod(0o755)


def _record(folder: Path, card: object, *, refs: Refs | None = None) -> object:
    repository = Repository(folder)
    base = read_present(repository, DEV).head
    return record_version(repository, refs or Refs(repository), card, "1 created", base=base)  # type: ignore[arg-type]


def _seen(folder: Path) -> dict[str, object]:
    """All that the commands read, of the clone as it lies there."""
    ui = Terminal(quiet=True)
    project = Project.open(folder)
    facts = read_snapshot(project, find_place(project, "dev"))
    try:
        apply_target(facts, Request())
        refusal = ""
    except Refused as error:
        refusal = f"{error.guard}: {error.what} {error.why}"
    target = rollback_target(facts, Request(), to="v2")
    return {
        "status": status(project, fetch=True, ui=ui),
        "history": history(project, "dev", verdict=True, fetch=False, ui=ui),
        "log": log(project, "dev", fetch=False, ui=ui),
        "show": show(project, "dev", "v2"),
        "verify": verify(project, "dev", ui),
        "reconcile": decide_all(project, [], ui)[1],
        "render": render(project, "dev", worktree=False),
        "apply": refusal,
        "rollback": (target.commit, target.reason, target.way.undoes, target.way.judgement),
        "dirty": project.repository.uncommitted(),
        "branches": project.repository.branches_containing(project.repository.head),
        "signed": project.repository.has_good_signature(project.repository.head),
    }


@pytest.fixture(scope="module")
def plain(world: Path) -> dict[str, object]:
    return _seen(world)


def test_what_is_compared_is_worth_it(plain: dict[str, object]) -> None:
    assert "zurück auf v1" in repr(plain["status"])
    assert str(plain["apply"]).startswith("uncommitted") or "held" in str(plain["apply"]), plain["apply"]
    assert plain["dirty"] == ["modules/thing/größe.txt", "modules/thing/new.tf", "modules/thing/umbenannt.txt"]
    assert len(set(READING) | set(PUSHING)) > 80


@pytest.mark.parametrize("setting", READING)
def test_no_setting_changes_what_is_read(setting: str, world: Path, plain: dict[str, object]) -> None:
    _settings(world.parent, setting)
    seen = _seen(world)
    assert {name: value for name, value in seen.items() if value != plain[name]} == {}


_VARIABLES = (
    {"GIT_LITERAL_PATHSPECS": "1"},
    {"GIT_NOGLOB_PATHSPECS": "1"},
    {"GIT_REPLACE_REF_BASE": "refs/heads"},
    {"GIT_GRAFT_FILE": "/nowhere", "GIT_SHALLOW_FILE": "/nowhere", "GIT_ATTR_SOURCE": "HEAD"},
    {"GIT_TRACE": "1", "GIT_TRACE2": "1", "GIT_TRACE_SETUP": "1", "GIT_TRACE_PACKET": "1", "GIT_TRACE_REFS": "1"},
    {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "trailer.separators", "GIT_CONFIG_VALUE_0": "="},
    {"GIT_CONFIG_PARAMETERS": "'core.commentChar=T'"},
    {"GIT_DEFAULT_HASH": "sha256", "GIT_NOTES_REF": "refs/notes/x", "GIT_CONFIG": "/nowhere"},
)


@pytest.mark.parametrize("variables", _VARIABLES, ids=lambda variables: next(iter(variables)))
def test_no_variable_of_git_changes_what_is_read(
    variables: dict[str, str], world: Path, plain: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    _settings(world.parent)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    seen = _seen(world)
    assert {name: value for name, value in seen.items() if value != plain[name]} == {}


def test_what_somebody_replaced_in_their_clone_is_not_taken_for_the_commit(
    world: Path, plain: dict[str, object]
) -> None:
    _settings(world.parent)
    record = versions_of(Repository(world), DEV).versions[0]
    git(world, "replace", str(record.commit), git(world, "rev-parse", "HEAD"))
    try:
        assert _seen(world) == plain
    finally:
        git(world, "replace", "--delete", str(record.commit))


@pytest.mark.parametrize("setting", ["core.autocrlf=true", "core.eol=crlf", "core.sparseCheckout=true"])
def test_a_checkout_for_checks_is_the_commit_whatever_the_person_likes(
    setting: str, world: Path, tmp_path: Path
) -> None:
    _settings(world.parent, setting, "core.hooksPath={hooks}")
    (world / ".git/info/sparse-checkout").write_text("/tfops.yaml\n")
    folder = tmp_path / "beside"
    check_out(GitRunner(world), Repository(world).head, folder)
    (world / ".git/info/sparse-checkout").unlink()
    assert (folder / "environments/dev.yaml").read_bytes() == (WISH % 2).encode()


_numbers = itertools.count(4)


@pytest.fixture
def pusher(world: Path, tmp_path: Path) -> Path:
    """A clone of its own, whose person has a tag that nobody asked to be pushed."""
    _settings(world.parent)
    folder, remote = tmp_path / "pusher", world.parent / "pushed.git"
    if not remote.exists():  # another one than what is read is compared with
        shutil.copytree(world.parent / "remote.git", remote)
    git(tmp_path, "clone", "--quiet", str(remote), str(folder))
    git(folder, "tag", "--annotate", "--message=mine", "mine")
    return folder


def _refs(folder: Path) -> dict[str, str]:
    rows = git(folder, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    return dict(row.split(" ") for row in rows)


@pytest.mark.parametrize("setting", PUSHING)
def test_no_setting_changes_what_is_pushed(setting: str, world: Path, pusher: Path) -> None:
    remote, number = world.parent / "pushed.git", next(_numbers)
    Refs(Repository(pusher)).fetch()
    before = _refs(remote)
    if setting.startswith(("remote.origin.", "branch.", "core.hooksPath")):  # the remote lies on this machine too
        key, _, value = setting.partition("=")
        git(pusher, "config", "--add", key, value.replace("{hooks}", str(world.parent / "hooks")))
    else:
        _settings(world.parent, setting)
    repository = Repository(pusher)
    head = repository.head
    _record(pusher, make_card(head, version=number, run_id=f"r-{number}", applied_by=ANN))
    Refs(Repository(pusher)).fetch()
    new = {ref for ref, value in _refs(remote).items() if before.get(ref) != value}
    assert new == {f"refs/tags/tfops/dev/v{number}", "refs/tfops/envs/dev"}
    assert before.keys() <= _refs(remote).keys()
    assert git(pusher, "tag", "--list", "mine") == "mine"
    shared = ("refs/tags/tfops", "refs/tfops/envs")
    here = {ref: value for ref, value in _refs(pusher).items() if ref.startswith(shared)}
    _settings(world.parent)
    there = {ref: value for ref, value in _refs(remote).items() if ref in here}
    assert here == there
    [*_, latest] = versions_of(Repository(pusher), DEV).versions
    assert (latest.version.number, latest.applied_by, latest.summary) == (number, ANN.name, "1 created")


_TAKING_OVER = (
    "fetch.showForcedUpdates=false",
    "remote.origin.fetch=+refs/tfops/*:refs/tfops/*",
    "fetch.output=compact",
)


@pytest.mark.parametrize("setting", _TAKING_OVER)
def test_no_setting_takes_over_a_rewritten_ledger(setting: str, world: Path, pusher: Path) -> None:
    repository, remote = Repository(pusher), world.parent / "pushed.git"
    Refs(repository).fetch()
    known = git(remote, "rev-parse", "refs/tfops/envs/dev")
    _settings(world.parent, setting)
    git(remote, "update-ref", "refs/tfops/envs/dev", f"{known}~1")
    with pytest.raises(Refused) as caught:
        Refs(repository).fetch()
    git(remote, "update-ref", "refs/tfops/envs/dev", known)
    assert (caught.value.guard, read_present(repository, DEV).head) == ("rewritten-ledger", known)


def test_hooks_of_the_remote_still_decide(world: Path, pusher: Path) -> None:
    remote, refs = world.parent / "pushed.git", Refs(Repository(pusher))
    refs.fetch()
    hook = remote / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    event = NewEvent(EventKind.LOCKED, "dev: locked")
    with pytest.raises(Exception, match="pre-receive"):
        refs.swap(prepare(Repository(pusher), read_present(Repository(pusher), DEV), event))
    hook.unlink()
    assert refs.swap(prepare(Repository(pusher), read_present(Repository(pusher), DEV), event)) is Swap.WON


def test_settings_for_connecting_stay_the_persons(world: Path, pusher: Path, tmp_path: Path) -> None:
    """A URL that only `insteadOf` leads to the remote, by a command that only `core.sshCommand` names."""
    helper = tmp_path / "ssh"
    helper.write_text(f'#!/bin/sh\necho asked >> {tmp_path}/asked\nshift\nexec sh -c "$*"\n')
    helper.chmod(0o755)
    git(pusher, "remote", "set-url", "origin", "shop:pushed.git")
    _settings(
        world.parent, f"core.sshCommand={helper}", f"url.ssh://nobody@invalid{world.parent}/.insteadOf=shop:",
        "ssh.variant=simple",
    )  # fmt: skip
    Refs(Repository(pusher)).fetch()
    assert (tmp_path / "asked").is_file()


def test_a_tree_of_the_work_tree_is_the_same_for_everybody(world: Path) -> None:
    _settings(world.parent)
    plain = GitTree.of_work_tree(Repository(world)).tree_id
    for setting in ("core.safecrlf=true", "add.ignoreErrors=true", "core.fsmonitor={hook}", "core.splitIndex=true"):
        _settings(world.parent, setting)
        assert GitTree.of_work_tree(Repository(world)).tree_id == plain, setting
