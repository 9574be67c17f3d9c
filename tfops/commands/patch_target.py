"""What a patch is about: who uses the module, and in which order those that need it get it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from tfops.change.module_contents import ModuleContents
from tfops.change.project import Project
from tfops.change.ui import Ui
from tfops.commands.patch_users import ModuleUser, users_of
from tfops.commands.selecting import Selected, bound_elsewhere, for_commit
from tfops.config.names import shown
from tfops.config.project import ProjectConfig
from tfops.dataclass import dataclass
from tfops.errors import Refused
from tfops.ledger.versions import Listing
from tfops.records.commit import Commit
from tfops.records.names import EnvName
from tfops.records.version import Kind, Verified, VersionRecord
from tfops.resolve.patching import promoted_through, promotion_waves
from tfops.resolve.selection import Selection


@dataclass(frozen=True, slots=True)
class PatchRequest:
    """What was asked for, and `again`, the command line that goes on from there. `options` are for `apply` and
    `promote`, `plan_options` for `plan`, as they were typed."""

    module: str
    selection: Selection
    again: str
    options: Sequence[str] = ()
    plan_options: Sequence[str] = ()
    yes: bool = False
    resumes: bool = False
    only_plans: bool = False

    @property
    def lifts_holds(self) -> bool:
        return "--lift-hold" in self.options


@dataclass(frozen=True, slots=True)
class Patch:
    """Who gets it, in which order. `users` are all that use the module, `waves` those that still need it,
    `held` those that do and are kept from it, with why; `contents` is what they were told by, `latest` what ran."""

    project: Project
    asked: PatchRequest
    commit: Commit
    selected: Selected
    users: Mapping[EnvName, ModuleUser]
    waves: tuple[tuple[EnvName, ...], ...]
    held: Mapping[EnvName, str]
    contents: ModuleContents
    latest: Mapping[EnvName, VersionRecord]

    @property
    def wanted(self) -> tuple[EnvName, ...]:
        return tuple(env for wave in self.waves for env in wave)

    def source_of(self, env: EnvName) -> EnvName | None:
        rule = self.selected.rules.environments[env].promote
        return rule.source if rule else None


def find_patch(project: Project, asked: PatchRequest, ui: Ui) -> Patch:
    project.fetch_here(ui)
    selected = _selected(project, asked, ui)
    commit = project.repository.commit(project.repository.head)
    users = users_of(project, asked.module, selected, commit.sha)
    if not users.found and not users.left_out:
        raise Refused(
            "nothing-uses-it",
            f"no environment uses the module {shown(asked.module)}",
            hint="tfops graph   (a folder below modules/, or a source as a module block has it)",
        )
    stopped = [f"{env}: {user.stopped}" for env, user in users.found.items() if user.stopped]
    if stopped and not (asked.resumes or asked.only_plans):
        raise Refused(
            "patch-stopped",
            f"something stopped in {len(stopped)} of its environments",
            why="\n".join(stopped),
            hint=f"when its cause is fixed: {asked.again} --resume",
        )
    selected = replace(selected, left_out={**selected.left_out, **users.left_out})
    held = {} if asked.lifts_holds else _held(users.found, selected.rules)
    needing = {env for env, user in users.found.items() if user.needs and env not in held}
    latest = running(users.listings)
    waves = _waves(selected, users.contents, needing, latest, commit)
    return Patch(project, asked, commit, selected, users.found, waves, held, users.contents, latest)


def _held(users: Mapping[EnvName, ModuleUser], rules: ProjectConfig) -> dict[EnvName, str]:
    """Those that need it and are to stay as they are, and those that would be promoted it from there."""
    needing = [env for env, user in users.items() if user.needs]
    held = {env: f"held: {users[env].held}" for env in needing if users[env].held}
    ways = {env: promoted_through(env, rules.environments) for env in needing if env not in held}
    behind = {env: next((source for source in way if source in held), None) for env, way in ways.items()}
    return held | {env: f"waits for {source}, which is held" for env, source in behind.items() if source}


def _selected(project: Project, asked: PatchRequest, ui: Ui) -> Selected:
    """All that were selected, but for those that no promotion leads to and that are bound to another branch."""
    selected = for_commit(project, asked.selection, ui)
    elsewhere, rules = bound_elsewhere(project, selected), selected.rules.environments
    left_out = {env: why for env, why in elsewhere.items() if rules[env].promote is None}
    kept = tuple(env for env in selected.environments if env not in left_out)
    return replace(selected, environments=kept, left_out=left_out)


def _waves(
    selected: Selected,
    contents: ModuleContents,
    needing: Collection[EnvName],
    latest: Mapping[EnvName, VersionRecord],
    commit: Commit,
) -> tuple[tuple[EnvName, ...], ...]:
    """With those that it only passes through: an environment is promoted the commit that runs before it, so that one
    which gives it the same as the checked-out one has to run there, whether that changes anything there or not."""
    rules, passed = selected.rules.environments, set[EnvName]()
    for env in needing:
        for source in promoted_through(env, rules):
            runs = latest.get(source) if source in selected.environments else None
            if runs is None:
                break
            if source not in needing and _is_enough(contents, env, runs, commit):
                break
            passed.add(source)
    return promotion_waves(passed.union(needing), rules)


def _is_enough(contents: ModuleContents, env: EnvName, runs: VersionRecord, commit: Commit) -> bool:
    """Whether what runs in a source can be promoted as it is. Raises ConfigError."""
    is_whole = runs.kind is Kind.APPLY and runs.verified is not Verified.FAILED and not runs.only
    is_whole = is_whole and not runs.partial
    return is_whole and contents.is_same(env, runs.commit, commit.sha)


def running(listings: Mapping[EnvName, Listing]) -> dict[EnvName, VersionRecord]:
    """What runs; a destroyed environment doesn't."""
    found = {env: listing.latest for env, listing in listings.items()}
    return {env: latest for env, latest in found.items() if latest and latest.kind is not Kind.DESTROY}
