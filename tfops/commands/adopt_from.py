"""`adopt --from TOOL`: what another tool's tree is made of becomes environments, by what the tool itself prints.

The files are a Git tree first, which is checked; then they are one commit, and each environment is taken over by a
`tfops adopt` of its own, which proves that its first plan changes nothing. The tool's own files stay as they are.
"""

import re
import shlex
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tfops.change.project import Project
from tfops.change.stack import locate
from tfops.change.ui import Ui
from tfops.commands.adopt_many import committed, mistakes, project_name, taken_over
from tfops.commands.peer_draft import DraftRules, PeerDraft, PeerEnvironment, draft, project_text
from tfops.commands.peer_terragrunt import Terragrunt
from tfops.commands.peer_units import NotTaken, Peer, Unit, Units, why_in_a_line
from tfops.commands.peer_variables import variables_of
from tfops.commands.replica_place import require_place
from tfops.commands.side_by_side import ManyOptions
from tfops.commands.state_copy import copy_states, state_file
from tfops.config.edit import environment_lines, with_environments, with_providers
from tfops.config.names import PROJECT_FILE
from tfops.config.project import ProjectConfig
from tfops.config.project_file import project_document
from tfops.dataclass import dataclass
from tfops.engine.locate import Engine
from tfops.engine.state import parse_state
from tfops.errors import NotApproved, Refused
from tfops.forge.ci import branch_named_by_ci
from tfops.ledger.versions import list_latest
from tfops.records.complaint import Complaint
from tfops.records.names import EnvName
from tfops.records.rendered import LOCK_FILE
from tfops.system.parallel import in_parallel
from tfops.system.trees import GitTree
from tfops.views.adopt_all import AdoptAllResult, FoundRoot, root_lines
from tfops.views.words import plural

_NOTHING = "version: 1\nproject: nothing\nenvironments: {nothing: {branch: main}}\n"


@dataclass(frozen=True, slots=True)
class AdoptFromRequest:
    """What was typed: which tool's tree, below which folder, whether only to show; `options` are those of each `adopt`,
    `engine` what --engine says."""

    tool: str
    below: str = "."
    yes: bool = False
    is_dry: bool = False
    options: tuple[str, ...] = ()
    engine: str = ""

    @property
    def again(self) -> str:
        """The command that goes on."""
        return shlex.join(("tfops", "adopt", "--from", self.tool, self.below))


@dataclass(frozen=True, slots=True)
class _Asking:
    """What a reader needs to know: the clone's top, the folder below, the engine, a private folder."""

    program: str
    top: Path
    below: str
    engine: Engine
    scratch: Path


READERS: Mapping[str, Callable[[_Asking], Peer]] = {
    "terragrunt": lambda at: Terragrunt(at.program, at.top, at.below, at.engine.executable, at.scratch),
}


def adopt_from(project: Project, asked: AdoptFromRequest, ui: Ui, how: ManyOptions) -> AdoptAllResult:
    """Raises Refused (guards `peer`, `dirty`, `behind`, `detached-head`, `unusual-form`) and NotApproved with all as it
    was; what stands in the way of one environment is in its answer, and stops no other."""
    repository = project.repository
    tree = project.tree(worktree=False)
    rules = project.rules_in(tree) if tree.read(PROJECT_FILE) is not None else None
    if rules:
        project.fetch_for_change(rules)
    branch = repository.branch or branch_named_by_ci()
    require_place(project, branch or "HEAD", EnvName("what is found"), applies=not asked.is_dry)
    program = shutil.which(asked.tool)
    if program is None:
        raise Refused("peer", f"there is no `{asked.tool}` on PATH", why="it says itself what its tree is made of")
    some_rules = rules or project.rules_in(GitTree(repository, repository.tree_with({PROJECT_FILE: _NOTHING})))
    engine = locate(project, some_rules, asked.engine)
    with project.workspace.scratch() as scratch:
        peer = READERS[asked.tool](_Asking(program, repository.root, asked.below, engine, scratch))
        ui.phase(f"asking {asked.tool}")
        units = peer.read()
        units.units = [replace(one, lock=tree.read(f"{one.path}/{LOCK_FILE}") or "") for one in units.units]
        states = _states(units, peer)
        variables, unknown = variables_of(project, tree, units.units, engine)
        ui.phase("")
        units.not_taken += [
            NotTaken(one.path, 0, f"`{one.source}` can't be had: inputs not checked") for one in unknown
        ]
        drafted = draft(units.units, variables, DraftRules(branch, (), repository.root.name, asked.tool, tree.folders))
        return _Taking(project, asked, tree, rules, drafted, ui).taken(units, states, branch, how)


def _states(units: Units, peer: Peer) -> dict[str, str]:
    """The state of each unit, by its path. Those that have none are no longer among the units, and said."""
    found: dict[str, str] = {}
    for unit, (text, why) in zip(list(units.units), in_parallel(partial(_state, peer), units.units), strict=True):
        if why:
            units.units.remove(unit)
            units.not_taken.append(NotTaken(unit.path, 0, why))
        else:
            found[unit.path] = text
    return found


def _state(peer: Peer, unit: Unit) -> tuple[str, str]:
    """Its text, or why it can't be taken over."""
    try:
        text = peer.state(unit)
        is_bare = not parse_state(text).inventory
    except Refused as error:
        return "", f"its state can't be read: {why_in_a_line(error)}"
    return text, "it has no state, or an empty one: nothing to take over" if is_bare else ""


@dataclass(frozen=True, slots=True)
class _Taking:
    """What is to be taken over, and where it is to stand."""

    project: Project
    asked: AdoptFromRequest
    tree: GitTree
    rules: ProjectConfig | None
    draft: PeerDraft
    ui: Ui

    def taken(self, units: Units, states: Mapping[str, str], branch: str, how: ManyOptions) -> AdoptAllResult:
        fresh, waiting, adopted = self._sorted()
        changed = self._changed(fresh)
        text = "\n".join(environment_lines({one.env: one.line for one in fresh}))
        result = AdoptAllResult(
            tuple(_shown(one, is_new=one in fresh) for one in (*waiting, *fresh)), {}, adopted, branch, text,
            is_dry=self.asked.is_dry, again=self.asked.again, files=self._files(fresh),
            not_taken=(*units.not_taken, *self.draft.not_taken), secrets=tuple(sorted(self.draft.secrets)),
        )  # fmt: skip
        if self.asked.is_dry or not result.roots:
            return result
        self._ask(result)
        # The states first: an environment without one would be made a second time by whoever applies it. They stay,
        # whatever becomes of the rest: a state that no version knows is refused by every command but this one.
        for env, files in self._local_states([*waiting, *fresh], states).items():
            copy_states(files, env)
        commit = committed(self.project, changed, branch, self._message(fresh)) if changed is not None else ""
        envs = [one.env for one in (*waiting, *fresh)]
        answers, is_interrupted = taken_over(self.project, envs, self.asked.options, how)
        return replace(result, commit=commit, environments=answers, is_interrupted=is_interrupted)

    def _sorted(self) -> tuple[list[PeerEnvironment], list[PeerEnvironment], tuple[EnvName, ...]]:
        """Those without a line, those that are still to be taken over, and those that are."""
        document = project_document(self.tree).data
        lines: Mapping[str, Any] = (document.get("environments") or {}) if isinstance(document, dict) else {}
        latest = list_latest(self.project.repository)
        fresh: list[PeerEnvironment] = []
        waiting: list[PeerEnvironment] = []
        adopted: list[EnvName] = []
        for one in self.draft.environments:
            if one.env not in lines:
                fresh.append(one)
            elif one.env in latest and latest[one.env].latest:
                adopted.append(one.env)
            elif lines[one.env] == one.line:
                waiting.append(one)
            else:
                self._leave_out(one, f"tfops.yaml has an environment `{one.env}` already, and it says something else")
        if self.rules is not None and self.draft.backend and not self._has_backend(self.rules):
            for one in fresh:
                self._leave_out(one, f"name the backend in tfops.yaml first: backend: {dict(self.draft.backend)}")
            fresh = []
        return fresh, waiting, tuple(adopted)

    def _has_backend(self, rules: ProjectConfig) -> bool:
        return rules.names_backend and rules.backend.kind == next(iter(self.draft.backend))

    def _leave_out(self, one: PeerEnvironment, why: str) -> None:
        self.draft.not_taken += [NotTaken(unit.path, 0, why) for unit in one.units.values()]

    def _files(self, fresh: Sequence[PeerEnvironment]) -> dict[str, str]:
        folder, wanted = f"{self.tree.folders.environments}/", {one.env for one in fresh}
        return {path: text for path, text in self.draft.files.items() if _env_of(path.removeprefix(folder)) in wanted}

    def _changed(self, fresh: list[PeerEnvironment]) -> GitTree | None:
        """The commit with the new files. An environment that would be a mistake is left out, and said."""
        repository = self.project.repository
        while fresh:
            files = {**self._files(fresh), PROJECT_FILE: self._project_text(fresh)}
            changed = GitTree(repository, repository.tree_with(files))
            wrong: dict[EnvName, Complaint] = mistakes(self.project, changed, [one.env for one in fresh])
            if not wrong:
                return changed
            for one in [one for one in fresh if one.env in wrong]:
                self._leave_out(one, f"{one.env} would have a mistake: {wrong[one.env].message}")
                fresh.remove(one)
        return None

    def _project_text(self, fresh: Sequence[PeerEnvironment]) -> str:
        """Raises Refused (guard `unusual-form`)."""
        blocks: dict[str, Mapping[str, Any]] = {one.env: one.line for one in fresh}
        before = self.tree.read(PROJECT_FILE)
        if before is None:
            return project_text(self.draft, project_name(self.project), environment_lines(blocks))
        known = self.rules.providers if self.rules else {}
        try:
            more = {name: block for name, block in self.draft.providers.items() if name not in known}
            return with_providers(with_environments(before, blocks), more)
        except ValueError as error:
            what = f"`{PROJECT_FILE}` can't be changed without risk: {error}"
            raise Refused("unusual-form", what, hint=f"the lines to add: {self.asked.again} --dry-run") from error

    def _ask(self, result: AdoptAllResult) -> None:
        """Raises NotApproved."""
        for line in (*root_lines(result.roots), *(f"couldn't be taken over: {one}" for one in result.not_taken)):
            self.ui.note(line)
        if self.asked.yes:
            return
        pushed = ", pushed" if self.project.repository.remote else ""
        new = plural(len(result.files) + 1, "file")
        question = f"Take {plural(len(result.roots), 'environment')} over ({new}, committed{pushed})?"
        if not (self.ui.is_interactive and self.ui.confirm(question)):
            hint = f"look at the files: {self.asked.again} --dry-run; then run it again with --yes"
            raise NotApproved("nothing was taken over", why="that needs a yes", hint=hint)

    def _message(self, fresh: Sequence[PeerEnvironment]) -> str:
        named = "\n".join(f"- {one.env}: {', '.join(unit.path for unit in one.units.values())}" for one in fresh)
        return f"Take {plural(len(fresh), 'environment')} over from {self.asked.tool}\n\n{named}\n"

    def _local_states(
        self, wanted: Sequence[PeerEnvironment], states: Mapping[str, str]
    ) -> dict[EnvName, dict[Path, str]]:
        """Of units whose states lie on a disk: what the tool found there, by the file in tfops' own folder."""
        if self.draft.backend or (self.rules is not None and self.rules.names_backend):
            return {}
        found: dict[EnvName, dict[Path, str]] = {}
        for one in wanted:
            workspace = str(one.line.get("workspace") or "")
            for stack, unit in one.units.items():
                path = state_file(self.project, one.env, stack, workspace)
                found.setdefault(one.env, {})[path] = states[unit.path]
        return found


def _env_of(path: str) -> str:
    """Whose file it is: `prod.yaml`, `prod.lock.hcl`, or one in a folder `prod/`."""
    return path.partition("/")[0] if "/" in path else re.sub(r"\.(yaml|lock\.hcl)$", "", path)


def _shown(one: PeerEnvironment, *, is_new: bool) -> FoundRoot:
    units = list(one.units.values())
    kind = units[0].backend.kind
    where = "state, copied into tfops' folder" if kind == "local" else f"state where it is, in its backend {kind}"
    path = ", ".join(unit.path for unit in units)
    return FoundRoot(one.env, path, where, one.line, is_new)
