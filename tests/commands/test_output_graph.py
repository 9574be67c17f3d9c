"""`output` and `graph`: what runs, from the cards and the ledger alone."""

import json
from typing import Any

import pytest

from tests.support.engine_cases import NEW_NAME, OLD_NAME, name_it, one, stacks, two
from tests.support.recorded_fixtures import Open
from tests.support.recorded_project import Shop, Witness
from tests.support.samples import NOW
from tfops.commands.graph import graph
from tfops.commands.output import output
from tfops.errors import Refused, UsageError
from tfops.records.names import StackName
from tfops.render.needs import needed_stacks
from tfops.render.words import variable_name
from tfops.views.base import View, text_report
from tfops.views.draw import as_plain
from tfops.views.graph import GraphForm, GraphResult
from tfops.views.output import OutputForm, OutputResult

TWO = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main}\n  prod: {branch: main}\n"


def outputs(shop: Shop, name: str | None = None, **form: Any) -> OutputResult:
    return output(shop.project, "dev", name, fetch=False, ui=Witness(), **form)


def graph_of(shop: Shop, *envs: str, form: GraphForm = GraphForm.TREE) -> GraphResult:
    return graph(shop.project, envs, fetch=False, ui=Witness(), form=form)


def test_outputs_are_those_of_the_applied_version_and_not_of_head(shop: Shop) -> None:
    shop.runs(one)
    two(shop)
    found = outputs(shop)
    assert (str(found.version), found.outputs) == ("v1", {"main": {"value": "one"}})
    assert outputs(shop, "value", form=OutputForm.RAW) == outputs(shop, "main.value", form=OutputForm.RAW)


def test_what_is_sensitive_is_named_and_its_value_is_nowhere(play: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = play("secret")
    monkeypatch.setenv("SHOP_TOKEN", "s3cret-one")
    shop.wants("secret", token={"from": "env:SHOP_TOKEN"})
    shop.apply()
    found = outputs(shop)
    assert (found.outputs, found.hidden) == ({"main": {"shown": "plain"}}, {"main": ("token",)})
    with pytest.raises(Refused, match="sensitive") as refused:
        outputs(shop, "token")
    assert refused.value.guard == "hidden-output"


def test_an_output_that_is_not_there_is_refused_with_the_nearest_names(shop: Shop) -> None:
    one(shop)
    with pytest.raises(Refused) as never:
        outputs(shop)
    assert never.value.guard == "never-applied"
    shop.runs(one)
    with pytest.raises(Refused) as refused:
        outputs(shop, "main.valeu")
    assert refused.value.guard == "unknown-output" and "main.value" in refused.value.hint
    with pytest.raises(UsageError, match="name it"):
        outputs(shop, form=OutputForm.RAW)


def test_the_graph_says_who_runs_which_content_of_a_module(play: Open) -> None:
    shop = play("renamed", rules=TWO)
    shop.wants("named", "prod")
    name_it(shop, OLD_NAME)
    shop.apply()
    shop.apply("prod")
    name_it(shop, NEW_NAME)
    shop.apply()
    found = graph_of(shop)
    assert [node.text for node in found.environments] == ["dev v2", "prod v1"]
    assert {(use.source, use.used_by) for use in found.modules} == {("named", ("dev",)), ("named", ("prod",))}
    assert len({use.digest for use in found.modules}) == 2
    assert [node.env for node in graph_of(shop, "prod").environments] == ["prod"]


def test_the_graph_has_stacks_and_what_they_take_from_each_other(play: Open) -> None:
    shop = play("several")
    stacks(shop, "10.0.0.0/16")
    shop.apply()
    project = shop.project
    found = graph(project, (), fetch=False, ui=Witness())
    assert project.repository.git.started <= 3
    [dev] = found.environments
    assert [(stack.name, stack.needs) for stack in dev.stacks] == [("app", ("network",)), ("db", ()), ("network", ())]
    assert [use.used_by for use in found.modules] == [("dev/app",), ("dev/network",), ("dev/db",)]


def test_what_was_never_applied_is_in_the_graph_without_modules(shop: Shop) -> None:
    one(shop)
    [dev] = graph_of(shop).environments
    assert (dev.text, dev.stacks) == ("dev (never applied)", ())
    with pytest.raises(Refused, match="no environment"):
        graph_of(shop, "perf")


def test_of_two_stacks_that_a_name_begins_with_the_digest_tells_which() -> None:
    known = {StackName("db"): ["main"], StackName("db-main"): ["out"], StackName("web"): []}
    names = [
        [variable_name("stack", ["db", "main_out"])],
        [variable_name("stack", ["db-main", "out", "url"])],
        [variable_name("stack", ["web", "id"]), "inputs_web", variable_name("secret", ["web", "x"])],
    ]
    assert [needed_stacks(variables, known) for variables in names] == [("db",), ("db-main",), ("web",)]


def test_a_drawing_is_safe_whatever_a_name_holds(shop: Shop) -> None:
    shop.runs(one)
    for form, first in ((GraphForm.DOT, 'digraph "shop" {'), (GraphForm.MERMAID, "flowchart LR")):
        text = as_plain(text_report(graph_of(shop, form=form), View(NOW)), 80)
        assert text and text.splitlines()[0] == first and "dev v1" in text
    assert json.loads(as_plain(text_report(outputs(shop, form=OutputForm.JSON), View(NOW)), 80) or "") == {
        "main": {"value": "one"}
    }
