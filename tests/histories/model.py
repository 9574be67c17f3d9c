"""What a version wants, as data, and random steps from one version to the next.

A thing keeps its key through every rename and move: the key says which real thing is meant, the address
only where the configuration has it.
"""

import itertools
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from tests.support.ways_back import NEEDS_DEMO

MODULES = ("", "left", "right")


@dataclass(frozen=True, slots=True)
class Thing:
    """One resource: which module it stands in, its name there, and what it is."""

    module: str
    name: str
    value: str
    is_protected: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """All that a version wants. Blocks that were needed once stay, as people leave them."""

    things: Mapping[int, Thing]
    provider: str = ""
    moves: tuple[tuple[str, str], ...] = ()
    let_go: tuple[str, ...] = ()
    unmanaged: frozenset[int] = frozenset()
    deeds: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        return "demo_thing" if self.provider else "terraform_data"

    def address(self, key: int) -> str:
        """As the module `main` says it."""
        thing = self.things[key]
        inner = f"{self.kind}.{thing.name}"
        return f"module.{thing.module}.{inner}" if thing.module else inner

    def addresses(self) -> dict[int, str]:
        """As the state says it."""
        return {key: f"module.main.{self.address(key)}" for key in self.things}

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
        argument = "content" if self.provider else "input"
        for thing in self.things.values():
            if thing.module == module:
                keep = "  lifecycle { prevent_destroy = true }\n" if thing.is_protected else ""
                yield f'resource "{self.kind}" "{thing.name}" {{\n  {argument} = "{thing.value}"\n{keep}}}\n'


NOTHING = Content({})


@dataclass(slots=True)
class Writer:
    """Makes contents, each from the one before. The same seed makes the same history."""

    random: random.Random
    serial: Iterator[int] = field(default_factory=itertools.count)

    def history(self, length: int, *, provider: str) -> list[Content]:
        content = Content({}, provider)
        for _ in range(3):
            content = self._add(content)
        found = [content]
        while len(found) < length:
            content = replace(content, deeds=())
            for _ in range(self.random.randint(1, 3)):
                content = self._step(content)
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
        return self._with(content, int(name[1:]), Thing(self.random.choice(MODULES), name, self._name()))

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
        return replace(after, moves=(*content.moves, (content.address(key), after.address(key))))

    def _change(self, content: Content) -> Content:
        key = self._pick(content)
        return self._with(content, key, replace(content.things[key], value=self._name()))

    def _protect(self, content: Content) -> Content:
        key = self._pick(content)
        thing = content.things[key]
        return self._with(content, key, replace(thing, is_protected=not thing.is_protected))

    def _let_go(self, content: Content) -> Content:
        """Out of the state, but alive: the block stays."""
        key = self._pick(content)
        rest = {other: thing for other, thing in content.things.items() if other != key}
        let_go = (*content.let_go, content.address(key))
        return replace(content, things=rest, let_go=let_go, unmanaged=content.unmanaged | {key})

    def _raise_provider(self, content: Content) -> Content:
        return replace(content, provider="2.0.0")
