"""The same environment with resources of a provider, as real ones are: the provider's own files are the witness.

Ids that are constants, imports that take any text, types without an import, updates in place, replacements.
"""

import contextlib
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.faults.backends import Backend, serve
from tests.faults.root_world import new_root_world
from tests.faults.world import World, new_world
from tests.support.provider.demo import SECONDS
from tests.support.provider.host import provider_host
from tests.support.sandbox import with_remote
from tests.support.state_server import serve_states
from tests.support.ways_back import NEEDS_DEMO, known_to, look, new_story

_OF_KIND = {"thing": "af", "pet": "bg", "password": "ch", "volume": "d", "tag": "e"}
_KINDS = {key: kind for kind, keys in _OF_KIND.items() for key in keys}
_NO_ID = "none"
# Another number is an update in place of a thing, a pet and a tag, and another password or volume.
_SIZE = {"volume": '\n  size    = "${each.value == null ? 0 : each.value}"'}


def _module() -> str:
    parts = ['variable "things" { type = any }\n']
    for kind, keys in _OF_KIND.items():
        chosen = f'{{ for key, turn in var.things : key => turn if strcontains("{keys}", key) }}'
        parts.append(
            f'resource "demo_{kind}" "it" {{\n  for_each = {chosen}\n'
            f'  content = "${{each.key}}{"" if kind == "volume" else "${each.value == null ? 0 : each.value}"}"'
            f"{_SIZE.get(kind, '')}\n}}\n"
        )
    return NEEDS_DEMO + "".join(parts)


class ProviderWorld(World):
    """`known` and the world are compared by id; of passwords, which have none, by what the state holds."""

    world: Path

    def address_of(self, key: str) -> str:
        return f'module.main.demo_{_KINDS[key]}.it["{key}"]'

    def _inputs(self) -> dict[str, Any]:
        return {"things": self.things}

    def _compare_with_the_world(self, known: dict[str, str]) -> None:
        alive: dict[str, set[str]] = defaultdict(set)
        held = known_to(self.shop.state())
        for path, thing in look(self.world).items():
            if path not in self.written_off:
                alive[thing["content"][0]].add(path)
        for key in alive.keys() | known.keys():
            kept = {f"{_KINDS[key]}/{known[key]}"} if known.get(key, _NO_ID) != _NO_ID else set()
            if known.get(key) == _NO_ID:  # which one it is, only the state says
                kept = alive[key] & held
                assert kept, f"{key} is in the state, and there is none\n{self._talk()}"
            assert kept <= alive[key], f"in the state, not in the world: {kept - alive[key]}\n{self._talk()}"
            forgotten = alive[key] - kept
            assert not forgotten or self._was_named(key), f"made, and never named: {forgotten}\n{self._talk()}"
            self.written_off |= forgotten


@contextlib.contextmanager
def serve_worlds(name: str, engine: str) -> Iterator[Callable[[Path, int], World]]:
    """What makes a world on the backend called `name` from a folder and a seed; `provider`: on disk, with a provider's
    resources; `root`: a root module that somebody wrote by hand, over HTTP."""
    with contextlib.ExitStack() as stack:
        if name == "provider":
            door, disk = stack.enter_context(provider_host()), stack.enter_context(serve("local"))
            yield lambda folder, seed: new_provider_world(folder, disk, engine, door, seed=seed)
        elif name == "root":
            states = stack.enter_context(serve_states())
            yield lambda folder, seed: new_root_world(folder, states, engine, seed=seed)
        else:
            backend = stack.enter_context(serve(name))
            yield lambda folder, seed: new_world(folder, backend, engine, seed=seed)


def new_provider_world(folder: Path, backend: Backend, engine: str, door: Path, *, seed: int) -> ProviderWorld:
    """`door` is that of `tests.support.provider.host`."""
    rules = (
        "version: 1\nproject: shop\nengine: {env: [DEMO_WORLD]}\n"
        f"{backend.rules}environments:\n  dev: {{branch: main}}\n"
    )
    story = new_story(folder, engine, door, rules=rules)
    story.shop.write("modules/witnessed/main.tf", _module())
    story.shop.commit("Start")
    with_remote(story.shop, folder / "remote.git")
    Path(f"{story.world}{SECONDS}").write_text("0.1")
    world = ProviderWorld(story.shop, backend, random.Random(seed))
    world.world = story.world
    return world
