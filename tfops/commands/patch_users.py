"""Who uses a module: in which version, and what the checked-out commit gives them instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from tfops.change.module_contents import ModuleContents, UsedModule
from tfops.change.project import Project
from tfops.commands.selecting import Selected
from tfops.config.pinning import why_unpinned
from tfops.config.source import LocalSource
from tfops.dataclass import dataclass
from tfops.errors import Refused
from tfops.ledger.chain import Ledgers, LedgerState
from tfops.ledger.versions import Listing, list_latest, read_cards, require_known
from tfops.records.addresses import qualified
from tfops.records.card import Card
from tfops.records.names import CommitSha, EnvName
from tfops.records.version import Kind, Verified, VersionRecord
from tfops.resolve.patching import names_folder, names_source
from tfops.system.ref_snapshot import look_here


@dataclass(frozen=True, slots=True)
class ModuleUser:
    """An environment that uses the module. `runs` and `gets` say which, in words; `needs` that the commit gives it
    another one, or may; `is_remote` that it names a module from elsewhere itself; `names` are those of its modules that
    lead to it; `stopped` says why an earlier try didn't come to its end, `held` why it is to stay as it is."""

    env: EnvName
    latest: VersionRecord
    runs: str
    gets: str
    needs: bool
    is_remote: bool
    names: tuple[str, ...] = ()
    stopped: str = ""
    held: str = ""


@dataclass(frozen=True, slots=True)
class Users:
    """`found` are those that use the module; `left_out` says why others that are meant to can't be told of. `contents`
    and `listings` are what they were told by."""

    found: Mapping[EnvName, ModuleUser]
    left_out: Mapping[EnvName, str]
    contents: ModuleContents
    listings: Mapping[EnvName, Listing]


def users_of(project: Project, wanted: str, selected: Selected, commit: CommitSha) -> Users:
    """Versions are read once, however many environments there are. Raises ConfigError where the commit's files have
    mistakes, Refused where it can't be told what runs."""
    contents, listings = ModuleContents(project), list_latest(project.repository)
    ledgers = Ledgers(project.repository, look_here(project.repository).ledgers)
    now = {env: contents.at(commit, env) for env in selected.environments}
    for env in now:
        require_known(env, listings.get(env, Listing()))
    latest = [one for env in now if (one := listings.get(env, Listing()).latest) and one.kind is not Kind.DESTROY]
    found = dict[EnvName, ModuleUser]()
    for record, card in read_cards(project.repository, latest):
        if card is None:
            raise Refused("foreign-tag", f"the card of {record.env} can't be read", hint=f"tfops verify {record.env}")
        user = _user(wanted, record, card, contents.of(card), now[record.env])
        if user is not None:
            found[record.env] = _with_trouble(user, ledgers.of(record.env))
    runs = {record.env for record in latest}
    absent = [env for env in now if env not in runs and any(_is_it(wanted, one) for one in now[env].values())]
    return Users(found, {env: f"doesn't run: tfops apply {env}" for env in absent}, contents, listings)


def _user(
    wanted: str, latest: VersionRecord, card: Card, was: Mapping[str, UsedModule], now: Mapping[str, UsedModule]
) -> ModuleUser | None:
    inner = dict(_downloads(wanted, card))
    names = [
        name
        for name in {**was, **now}
        if name in inner or any(name in side and _is_it(wanted, side[name]) for side in (was, now))
    ]
    if not names:
        return None
    changed = [name for name in names if _text(was.get(name)) != _text(now.get(name)) or _floats(now.get(name))]
    return ModuleUser(
        latest.env,
        latest,
        _listed(inner.get(name) or _text(was.get(name)) for name in names),
        _listed(_text(now.get(name)) for name in names),
        needs=bool(changed),
        is_remote=all(name in now and not now[name].folders for name in names),
        names=tuple(names),
    )


def _with_trouble(user: ModuleUser, present: LedgerState) -> ModuleUser:
    """With why an earlier try of the same didn't come to its end, and whether it may go on."""
    user = replace(user, held=present.hold_on(user.latest))
    if present.trouble or present.intent:
        return replace(user, needs=True, stopped="a change stopped half-way")
    if user.latest.verified is Verified.FAILED and not user.needs:
        return replace(user, needs=True, stopped=f"{user.latest.version} is not verified")
    return user


def _is_it(wanted: str, module: UsedModule) -> bool:
    if isinstance(module.source, LocalSource):
        return names_folder(wanted, module.folders)
    return names_source(wanted, module.source.text)


def _downloads(wanted: str, card: Card) -> Iterator[tuple[str, str]]:
    """By the module of the environment that led to it: what was downloaded, deep inside of a module too."""
    for stack, part in card.stacks.items():
        for path, download in part.downloads.items():
            if names_source(wanted, download.source):
                yield qualified(stack, path.partition(".")[0]), f"{download.source} {download.version}".strip()


def _floats(module: UsedModule | None) -> bool:
    """Whether it may have become another one without a commit here: only a plan can tell."""
    return module is not None and not module.folders and bool(why_unpinned(module.source.text))


def _text(module: UsedModule | None) -> str:
    return module.text if module else ""


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(filter(None, texts))) or "-"
