"""`blame`: which version, commit and person made a resource or an input what it is, from Git alone, in one walk."""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from tfops.commands.named import running_version
from tfops.config.names import shown, why_and_hint
from tfops.dataclass import dataclass
from tfops.errors import Refused, UsageError
from tfops.ledger.card_part import CardPart
from tfops.ledger.rendered import read_roots, recorded_roots
from tfops.ledger.versions import read_card
from tfops.ledger.walk import Versions
from tfops.records.addresses import split
from tfops.records.blame import BlameKind
from tfops.records.names import MAIN_STACK
from tfops.records.version import Version
from tfops.resolve.blame import Found, ResourceTrail, ValueTrail, input_names, module_of, value_of
from tfops.resolve.root_inputs import flat, root_inputs, root_paths
from tfops.system.trees import GitTree
from tfops.views.blame import BlameResult, BlameStep

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tfops.change.project import Project
    from tfops.change.ui import Ui
    from tfops.records.commit import Commit
    from tfops.records.names import EnvName
    from tfops.records.version import VersionRecord
    from tfops.system.project_folders import ProjectFolders

    _Inputs = tuple[int, Mapping[str, Any] | None]

_INPUTS = "inputs."
# Of a thing that moved about, the commits of its last moves are looked up: each costs a process.
_MOST_MOVES = 5


def blame(project: Project, env: str | None, thing: str, *, fetch: bool, ui: Ui) -> BlameResult:
    """Of an address (`stack/address` where there are several stacks), or of `inputs.MODULE.NAME`.

    Raises Refused: `never-applied`; `unknown-address`, `unknown-input` for what no version had.
    """
    if fetch:
        project.fetch_here(ui)
    name, latest = running_version(project, env)
    told = _History(project, name, latest, Versions(project.repository, name, latest))
    return told.of_input(thing.removeprefix(_INPUTS)) if thing.startswith(_INPUTS) else told.of_resource(thing)


@dataclass(slots=True)
class _History:
    """The versions of an environment, and what its ledger has of them."""

    project: Project
    env: EnvName
    latest: VersionRecord
    versions: Versions

    def of_resource(self, address: str) -> BlameResult:
        trail, looked_at, unread = ResourceTrail(address), 0, 0
        for met in self.versions.walk(lambda tag: _seen(tag, trail.address)):
            looked_at, unread = looked_at + met.count, unread + (met.card is None)
            if met.card is not None:
                trail.step(met.card)
            if trail.is_over:
                break
        trail.end()
        if trail.known is None:
            raise self._unknown_address(address)
        found = [*trail.found, *self._inputs_changed(address, trail)]
        newest = sorted(found, key=lambda one: one.version, reverse=True)
        paths = self._folders.paths
        steps = tuple(self._step(one, paths) for one in _without_early_moves(newest))
        return BlameResult(self.env, address, trail.newest_id, steps, trail.replacements, looked_at, unread)

    @property
    def _folders(self) -> ProjectFolders:
        return GitTree.of_commit(self.project.repository, self.latest.commit).folders

    def of_input(self, asked: str) -> BlameResult:
        stacks = tuple(read_card(self.project.repository, self.latest).stacks) or (MAIN_STACK,)
        name, inputs = self._input_called(asked, self._inputs(stacks))
        trail, looked_at = ValueTrail(), 0
        for number, values in inputs:
            looked_at += 1
            if values is not None:
                trail.step(Version(number), value_of(values, name))
            if trail.is_over:
                break
        trail.end()
        paths = ("tfops.yaml", self._folders.environments)  # where an input's value comes from
        steps = tuple(self._step(one, paths) for one in trail.found)
        return BlameResult(self.env, f"{_INPUTS}{name}", trail.value, steps, trail.changes, looked_at)

    def _inputs(self, stacks: Sequence[str]) -> Iterator[_Inputs]:
        """Of the versions that the ledger has a root of, newest first; flat, None where that is no longer there."""
        paths = root_paths(stacks)
        roots = recorded_roots(self.project.repository, self.env, paths)
        ids, inputs = tuple[str, ...](), None
        for root, texts in read_roots(self.project.repository, (one for one in roots if one.number in self.versions)):
            if root.ids != ids:
                files = {path: text for path, text in zip(paths, texts, strict=True) if text is not None}
                found = root_inputs(files, stacks)
                ids, inputs = root.ids, None if found is None else flat(found)
            yield root.number, inputs

    def _inputs_changed(self, address: str, trail: ResourceTrail) -> list[Found]:
        """The last change of what its module is given, since it is there."""
        stack, _ = split(address)
        made, value, module = min(one.version for one in trail.found), ValueTrail(), module_of(address)
        last: Mapping[str, Any] | None = None
        given: Any = None
        for number, inputs in self._inputs((stack,)) if module else ():
            if number < made.number or value.changes:
                break
            if inputs is not None:
                given = given if inputs is last else value_of(inputs, module)
                value.step(Version(number), given)
                last = inputs
        changed = [one for one in value.found if one.kind is BlameKind.CHANGED]
        return [Found(BlameKind.INPUTS, one.version, *_different_parts(one)) for one in changed]

    def _input_called(self, asked: str, inputs: Iterator[_Inputs]) -> tuple[str, Iterator[_Inputs]]:
        """In the newest version that has it; and all that was given. Raises Refused, UsageError."""
        passed: list[_Inputs] = []
        for one in inputs:
            passed.append(one)
            names = input_names(one[1] or {}, asked)
            if len(names) > 1:
                raise UsageError(f"several modules of {self.env} have an input {shown(asked)}", hint=" or ".join(names))
            if names:
                return names[0], chain(passed, inputs)
        known = [f"{_INPUTS}{name}" for name in (passed[0][1] or {} if passed else {})]
        why, hint = why_and_hint(f"{_INPUTS}{asked}", known, see=f"tfops diff {self.env}")
        what = f"no version of {self.env} had an input {shown(asked)}"
        raise Refused("unknown-input", what, why=why, hint=hint)

    def _unknown_address(self, address: str) -> Refused:
        known = read_card(self.project.repository, self.latest).inventory
        why, hint = why_and_hint(address, known, see=f"tfops inventory {self.env}")
        return Refused("unknown-address", f"no version of {self.env} had {shown(address)}", why=why, hint=hint)

    def _step(self, found: Found, paths: Sequence[str]) -> BlameStep:
        record = self.versions.record(found.version.number)
        return BlameStep(found.kind, record, self._commits(record, paths), found.before, found.after)

    def _commits(self, record: VersionRecord, paths: Sequence[str]) -> tuple[Commit, ...]:
        """What the version brought that the one before hadn't; of the first one, and of a way back, its own commit."""
        repository, before = self.project.repository, None if record.restores else self.versions.before(record)
        known = before.commit if before else record.commit
        if known != record.commit and (brought := repository.commits_between(known, record.commit, paths)):
            return brought
        return tuple(repository.commits([record.commit]).values())


def _seen(tag: bytes, address: str) -> bytes:
    about = _part_about(address)
    return about.part(tag) if about else b""


@lru_cache(maxsize=1)
def _part_about(address: str) -> CardPart | None:
    return CardPart.at(address, module_of(address))


def _different_parts(found: Found) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of a module's inputs those that differ."""
    names = [name for name in {**found.before, **found.after} if found.before.get(name) != found.after.get(name)]
    before, after = ({name: values[name] for name in names if name in values} for values in (found.before, found.after))
    return before, after


def _without_early_moves(found: Sequence[Found]) -> list[Found]:
    moves = [one for one in found if one.kind is BlameKind.MOVED]
    return [one for one in found if one not in moves[_MOST_MOVES:]]
