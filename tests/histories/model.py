"""What a version wants, as data, and random steps from one version to the next.

A thing keeps its key through every rename and move: the key says which real thing is meant, the address
only where the configuration has it.
"""

import itertools
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby

from tests.support.ways_back import NEEDS_DEMO

MODULES = ("", "left", "right")
_SIZES = ("", "M", "L")


@dataclass(frozen=True, slots=True)
class Kind:
    """A resource type, and how it behaves. `identity` is the attribute that tells two real things apart."""

    type: str
    argument: str = "content"
    identity: str = "id"
    can_be_imported: bool = True
    has_no_update: bool = False
    has_size: bool = False
    is_keyed: bool = False


BUILT_IN = Kind("terraform_data", argument="input")
THING = Kind("demo_thing")
PASSWORD = Kind("demo_password", identity="result", can_be_imported=False, has_no_update=True)
USER = replace(PASSWORD, is_keyed=True)
PET = Kind("demo_pet", can_be_imported=False)
TAG = Kind("demo_tag", can_be_imported=False)
VOLUME = Kind("demo_volume", has_size=True)
LIKE_REAL_ONES = (BUILT_IN, THING, PASSWORD, USER, PET, TAG, VOLUME)
IDENTITIES = {kind.type: kind.identity for kind in LIKE_REAL_ONES}


@dataclass(frozen=True, slots=True)
class Thing:
    """One resource: which module it stands in, its name there (of a keyed one: its key), and what it is."""

    kind: Kind
    module: str
    name: str
    value: str
    size: str = ""
    is_protected: bool = False

    @property
    def resource(self) -> str:
        """The name of its block: all keyed things of a type and module share one."""
        return "each" if self.kind.is_keyed else self.name

    @property
    def address(self) -> str:
        """As the module `main` says it."""
        key = f'["{self.name}"]' if self.kind.is_keyed else ""
        inner = f"{self.kind.type}.{self.resource}{key}"
        return f"module.{self.module}.{inner}" if self.module else inner

    @property
    def can_be_taken_in(self) -> bool:
        """Whether what was let go can become this again: the import of a volume doesn't read its size."""
        return self.kind.can_be_imported and not self.size

    def is_replaced_by(self, other: "Thing") -> bool:
        """Whether a thing has to be made anew to become the other."""
        return self.size != other.size or (self.kind.has_no_update and self.value != other.value)


@dataclass(frozen=True, slots=True)
class Content:
    """All that a version wants. Blocks that were needed once stay, as people leave them."""

    things: Mapping[int, Thing]
    provider: str = ""
    moves: tuple[tuple[str, str], ...] = ()
    let_go: tuple[str, ...] = ()
    unmanaged: frozenset[int] = frozenset()
    deeds: tuple[str, ...] = ()

    def addresses(self) -> dict[int, str]:
        """As the state says it."""
        return {key: in_main(thing.address) for key, thing in self.things.items()}

    def at_last(self, address: str) -> str:
        """Where this version's own moves bring what is at an address: there the plan says that it is lost."""
        moves = dict(self.moves)
        while address in moves:
            address = moves[address]
        return address

    @property
    def protected(self) -> frozenset[int]:
        return frozenset(key for key, thing in self.things.items() if thing.is_protected)

    def files(self) -> dict[str, str]:
        """The module `main` and its two inner ones."""
        calls = [f'module "{name}" {{\n  source = "./{name}"\n}}\n' for name in MODULES if name]
        moved = [f"moved {{\n  from = {source}\n  to   = {target}\n}}\n" for source, target in self.moves]
        removed = [f"removed {{\n  from = {item}\n  lifecycle {{ destroy = false }}\n}}\n" for item in self.let_go]
        files = {f"modules/main/{name}/main.tf": "".join(self._text(name)) for name in MODULES}
        return files | {"modules/main/main.tf": "".join([*self._text(""), *calls, *moved, *removed])}

    def _text(self, module: str) -> Iterator[str]:
        yield NEEDS_DEMO if self.provider else ""
        things = sorted(
            (thing for thing in self.things.values() if thing.module == module),
            key=lambda thing: (thing.kind.type, thing.resource),
        )
        for (kind, name), block in groupby(things, key=lambda thing: (thing.kind, thing.resource)):
            yield f'resource "{kind.type}" "{name}" {{\n'
            yield from (_each if kind.is_keyed else _alone)(block)
            yield "}\n"


def _each(things: Iterable[Thing]) -> Iterator[str]:
    values = ", ".join(f'{thing.name} = "{thing.value}"' for thing in things)
    yield f"  for_each = {{ {values} }}\n  content  = each.value\n"


def _alone(things: Iterable[Thing]) -> Iterator[str]:
    [thing] = things
    yield f'  {thing.kind.argument} = "{thing.value}"\n'
    yield f'  size = "{thing.size}"\n' if thing.size else ""
    yield "  lifecycle { prevent_destroy = true }\n" if thing.is_protected else ""


NOTHING = Content({})


def in_main(address: str) -> str:
    """An address in the module `main` as the state says it."""
    return f"module.main.{address}"


@dataclass(slots=True)
class Writer:
    """Makes contents, each from the one before. The same seed makes the same history."""

    random: random.Random
    serial: Iterator[int] = field(default_factory=itertools.count)

    def history(self, length: int, *, provider: str) -> list[Content]:
        """Of `length` versions. With a provider, its types are among the resources."""
        content = Content({}, provider)
        for _ in range(5 if provider else 3):
            content = self._add(content)
        found = [content]
        while len(found) < length:
            content = replace(content, deeds=())
            for _ in range(self.random.randint(1, 3)):
                content = self._step(content)
            content = _allowed(content, after=found[-1])
            found.append(content)
        return found

    def _step(self, content: Content) -> Content:
        deeds = [self._add, self._remove, self._rename, self._move, self._change, self._protect, self._let_go]
        deeds += [self._raise_provider] if content.provider == "1.0.0" else []
        deed = self.random.choice(deeds) if content.things else self._add
        return replace(deed(content), deeds=(*content.deeds, deed.__name__.strip("_").replace("_", " ")))

    def _name(self) -> str:
        return f"n{next(self.serial)}"

    def _pick(self, content: Content) -> int:
        return self.random.choice(sorted(content.things))

    def _with(self, content: Content, key: int, thing: Thing) -> Content:
        return replace(content, things={**content.things, key: thing})

    def _add(self, content: Content) -> Content:
        name = self._name()
        kind = self.random.choice(LIKE_REAL_ONES) if content.provider else BUILT_IN
        size = self.random.choice(_SIZES) if kind.has_size else ""
        return self._with(content, int(name[1:]), Thing(kind, self.random.choice(MODULES), name, self._name(), size))

    def _remove(self, content: Content) -> Content:
        """A protected thing can't just be taken out: its protection would go with it, unseen."""
        key = self._pick(content)
        if content.things[key].is_protected:
            return content
        return replace(content, things={other: thing for other, thing in content.things.items() if other != key})

    def _rename(self, content: Content) -> Content:
        key = self._pick(content)
        return self._moved(content, key, replace(content.things[key], name=self._name()))

    def _move(self, content: Content) -> Content:
        key = self._pick(content)
        thing = content.things[key]
        others = [module for module in MODULES if module != thing.module]
        return self._moved(content, key, replace(thing, module=self.random.choice(others), name=self._name()))

    def _moved(self, content: Content, key: int, thing: Thing) -> Content:
        after = self._with(content, key, thing)
        return replace(after, moves=(*content.moves, (content.things[key].address, thing.address)))

    def _change(self, content: Content) -> Content:
        """Its value or its size; what that would replace must not be protected."""
        key = self._pick(content)
        thing = content.things[key]
        changed = replace(thing, value=self._name())
        if thing.kind.has_size and self.random.random() < 0.5:
            changed = replace(thing, size=self.random.choice([size for size in _SIZES if size != thing.size]))
        if thing.is_protected and thing.is_replaced_by(changed):
            return content
        return self._with(content, key, changed)

    def _protect(self, content: Content) -> Content:
        key = self._pick(content)
        thing = content.things[key]
        is_protected = not (thing.is_protected or thing.kind.is_keyed)
        return self._with(content, key, replace(thing, is_protected=is_protected))

    def _let_go(self, content: Content) -> Content:
        """Out of the state, but alive: the block stays. One instance of a keyed resource can't be let go."""
        key = self._pick(content)
        thing = content.things[key]
        if thing.kind.is_keyed:
            return content
        rest = {other: thing for other, thing in content.things.items() if other != key}
        let_go = (*content.let_go, thing.address)
        return replace(content, things=rest, let_go=let_go, unmanaged=content.unmanaged | {key})

    def _raise_provider(self, content: Content) -> Content:
        return replace(content, provider="2.0.0")


def _allowed(content: Content, *, after: Content) -> Content:
    """The content without protections of what it replaces: no engine applies that."""
    both = content.things.keys() & after.things.keys()
    replaced = {key for key in both if after.things[key].is_replaced_by(content.things[key])}
    things = {
        key: replace(thing, is_protected=thing.is_protected and key not in replaced)
        for key, thing in content.things.items()
    }
    return replace(content, things=things)


@dataclass(frozen=True, slots=True)
class Way:
    """What becomes of each thing on the way from one content to another; `outside` are those alive in no state."""

    now: Content
    goal: Content
    outside: frozenset[int]

    @property
    def destroyed(self) -> frozenset[int]:
        return frozenset(self.now.things.keys() - self.goal.things.keys() - self.goal.unmanaged)

    @property
    def replaced(self) -> frozenset[int]:
        now, goal = self.now.things, self.goal.things
        return frozenset(key for key in now.keys() & goal.keys() if now[key].is_replaced_by(goal[key]))

    @property
    def lost(self) -> frozenset[int]:
        return self.destroyed | self.replaced

    @property
    def let_go(self) -> frozenset[int]:
        return frozenset(self.now.things.keys() & self.goal.unmanaged)

    @property
    def taken_in(self) -> frozenset[int]:
        return frozenset(key for key in self._back if self.goal.things[key].can_be_taken_in)

    @property
    def made_twice(self) -> frozenset[int]:
        return self._back - self.taken_in

    @property
    def moved(self) -> frozenset[int]:
        now, goal = self.now.things, self.goal.things
        return frozenset(key for key in now.keys() & goal.keys() if now[key].address != goal[key].address)

    @property
    def _back(self) -> frozenset[int]:
        """What is made or taken in although it is alive outside of the state."""
        return frozenset((self.goal.things.keys() - self.now.things.keys()) & self.outside)
