"""In which order the stacks of an environment are worked on, and which of them are only asked."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from tests.support.cards import make_card
from tests.support.memory_tree import MemoryTree
from tfops.change.content import Content
from tfops.change.stacks import StackAction, Stacks, StackSpec
from tfops.config.environment import load_environment
from tfops.config.project_file import load_project
from tfops.records.names import EnvName, StackName
from tfops.records.version import Kind
from tfops.system.trees import GitTree

ENV = EnvName("prod")
APP, DB, NET, OLD = map(StackName, ("app", "db", "network", "old"))


def content(**stacks: Mapping[str, str]) -> Content:
    """Each stack has one module `thing`; its inputs are given."""
    files = {
        f"environments/prod/{name}.yaml": json.dumps({"modules": {"main": {"source": "thing", "inputs": dict(inputs)}}})
        for name, inputs in stacks.items()
    }
    rules = "version: 1\nproject: shop\nenvironments:\n  prod: {branch: main}\n"
    tree = MemoryTree({"tfops.yaml": rules, "modules/thing/main.tf": "", **files})
    project = load_project(tree)
    return Content(project, load_environment(tree, project, ENV), cast("GitTree", tree), None)


WHOLE = content(network={}, app={"vpc": "${stack.network.vpc}"}, db={})


def told(specs: tuple[StackSpec, ...]) -> list[tuple[str, str, set[str]]]:
    return [(spec.name, spec.action.value, set(spec.after)) for spec in specs]


def test_what_is_made_follows_what_it_needs() -> None:
    specs = Stacks(WHOLE).specs()
    assert told(specs) == [("db", "apply", set()), ("network", "apply", set()), ("app", "apply", {"network"})]
    assert [output.stack for output in specs[-1].takes.values()] == ["network"]


def test_what_is_taken_down_goes_backwards() -> None:
    assert told(Stacks(WHOLE).specs(unmakes=True)) == [
        ("app", "destroy", set()),
        ("db", "destroy", set()),
        ("network", "destroy", {"app"}),
    ]


def test_narrowed_only_the_named_ones_are_worked_on_and_the_ones_before_are_asked() -> None:
    assert told(Stacks(WHOLE).narrowed_to(["app"]).specs()) == [
        ("network", "read-outputs", set()),
        ("app", "apply", set()),
    ]
    assert told(Stacks(WHOLE).narrowed_to(["db"]).specs()) == [("db", "apply", set())]


def test_a_stack_that_left_is_taken_down_after_all_the_others() -> None:
    before = content(network={}, app={}, db={}, old={"vpc": "${stack.network.vpc}"})
    stacks = Stacks(WHOLE, others={OLD: before}, leaving=frozenset({OLD}))
    last = stacks.specs()[-1]
    assert (last.name, last.action, last.after) == (OLD, StackAction.DESTROY, frozenset({APP, DB, NET}))
    assert last.content is before


def test_each_stack_is_held_against_its_own_part_of_the_card() -> None:
    full = make_card("a" * 40).stacks["main"]
    parts = {"network": full, "db": replace(full, inventory={}, lineage="l-2")}
    card = make_card("a" * 40, kind=Kind.DESTROY, stacks=parts)
    specs = {spec.name: spec for spec in Stacks(WHOLE, card).specs()}
    recorded = {name: spec.recorded for name, spec in specs.items()}
    assert recorded[APP] is None
    assert {name: (one.lineage, one.is_empty) for name, one in recorded.items() if one} == {
        NET: ("l-1", False),
        DB: ("l-2", True),
    }
