"""What only a run knows: how it is written, rendered, told apart from content, and recorded."""

import json
from typing import Any

import pytest

from tests.support.cards import make_card
from tests.support.memory_tree import MemoryTree, complaints_of, project_tree, rules_and_environment, said
from tfops.change.own_root import OwnVariables
from tfops.change.run_values import known_values, recorded_values
from tfops.config.values import FormError, RunValue, escaped, meant, parse_form
from tfops.engine.plan import to_plan
from tfops.records.card import Card, StackRecord
from tfops.records.names import MAIN_STACK, EnvName
from tfops.records.rendered import MAIN_FILE, ROOT_FILE, RUN_VARIABLE, VALUES_FILE
from tfops.render.own_root import render_own_root
from tfops.render.root import RootSpec, render_root
from tfops.render.run_values import without_run_values
from tfops.resolve.root_inputs import root_inputs

_DEV = "modules:\n  network: {source: network, inputs: {tags: {commit: '${git.commit}', a: b}, env: '${env.name}'}}\n"
_ROOT = """\
version: 1
project: shop
environments:
  dev: {branch: main, root: live, inputs: {commit: "${git.commit}", run: {commit: literal}}}
"""
_KNOWN = {"git.commit": "c1", "env.name": "dev", "aws.region": "eu-west-1"}


def test_a_run_value_is_the_whole_value_and_has_a_known_name() -> None:
    assert parse_form("${git.commit}") == RunValue("git.commit")
    assert parse_form("${aws.account_id}") == RunValue("aws.account_id")
    for text in ("by ${git.commit}", "${aws:username}", "${env.HOME}", "${git}", "$${git.commit}"):
        assert parse_form(text) == text
    assert meant("$${git.commit}") == "${git.commit}"
    assert escaped("${git.commit}") == "$${git.commit}"
    with pytest.raises(FormError, match=r"no run knows a value `git.comit`"):
        parse_form("${git.comit}")


def test_a_wrong_name_is_a_mistake_at_its_place() -> None:
    tree = project_tree(dev=_DEV.replace("git.commit", "git.sha"))
    [complaint] = said(complaints_of(lambda: rules_and_environment(tree)))
    assert complaint.startswith("environments/dev.yaml:2:46: no run knows a value `git.sha` (there is: ")
    assert "`git.commit`" in complaint


def _rendered(known: dict[str, str]) -> dict[str, str]:
    rules, environment = rules_and_environment(project_tree(dev=_DEV))
    return dict(render_root(RootSpec(rules, environment, MAIN_STACK, run_values=known)).files)


def test_values_of_a_run_travel_as_values_and_only_those_that_are_used() -> None:
    files = _rendered(_KNOWN)
    main, values = json.loads(files[MAIN_FILE]), json.loads(files[VALUES_FILE])
    assert values[RUN_VARIABLE] == {"git.commit": "c1", "env.name": "dev"}
    assert main["variable"][RUN_VARIABLE] == {"type": "any"}
    assert main["module"]["network"]["tags"] == {"commit": '${var.run["git.commit"]}', "a": "b"}
    assert root_inputs(files, ["main"]) == {
        "network.tags": {"commit": "${git.commit}", "a": "b"},
        "network.env": "${env.name}",
    }


def test_what_a_run_gave_is_no_content() -> None:
    one, other = _rendered(_KNOWN), _rendered({**_KNOWN, "git.commit": "c2"})
    assert one != other
    assert without_run_values(one) == without_run_values(other) == _rendered({})


def test_a_root_of_its_own_is_given_them_and_keeps_its_own_variable_of_that_name() -> None:
    rules, environment = rules_and_environment(MemoryTree({"tfops.yaml": _ROOT, "live/main.tf": ""}))
    files = dict(render_own_root(rules, environment, MAIN_STACK, None, _KNOWN).files)
    assert json.loads(files[ROOT_FILE])[RUN_VARIABLE] == {"git.commit": "c1"}
    bare = dict(render_own_root(rules, environment, MAIN_STACK, None, {}).files)
    assert without_run_values(files) == bare
    assert json.loads(bare[VALUES_FILE]) == {"run": {"commit": "literal"}}
    variables = OwnVariables(environment, environment.stacks[MAIN_STACK], None, run_values=_KNOWN)
    assert variables.texts() == {"commit": "c1"}


def test_what_is_known_without_asking_anybody() -> None:
    rules, _ = rules_and_environment(project_tree(dev=_DEV))
    assert known_values(rules, EnvName("dev"), "c1", "") == {"git.commit": "c1", "git.branch": "", "env.name": "dev"}
    text = "version: 1\nproject: p\nproviders: {aws: {region: eu-west-1}}\nenvironments:\n"
    text += "  dev: {branch: d, account: '111111111111'}\n  prod: {branch: p, region: us-east-1}\n"
    rules, _ = rules_and_environment(project_tree(tfops=text, dev=_DEV, prod=_DEV))
    of = {env: known_values(rules, EnvName(env), "c1", "d") for env in ("dev", "prod")}
    assert of["dev"]["aws.account_id"] == "111111111111"
    assert of["dev"]["aws.region"] == "eu-west-1"
    assert "aws.account_id" not in of["prod"]
    assert of["prod"]["aws.region"] == "us-east-1"


def test_a_drill_takes_what_is_of_the_commit_and_no_other_environments_name(some_card: Card) -> None:
    assert recorded_values(None, EnvName("dev")) == {}
    found = recorded_values(some_card, EnvName(some_card.environment))
    assert found == {"main": {"git.commit": "c1", "env.name": "prod"}}
    assert recorded_values(some_card, EnvName("drill")) == {"main": {"git.commit": "c1"}}


def _plan(before: Any, after: Any, commit: str) -> Any:
    change = {"actions": ["update"], "before": before, "after": after}
    item = {"address": "a.b", "type": "a", "mode": "managed", "change": change}
    return to_plan({"format_version": "1.2", "resource_changes": [item]}, is_empty=False, commit=commit)


def test_a_plan_has_the_same_digest_whichever_commit_stands_in_it() -> None:
    one = _plan({"tags": {"commit": "c0"}}, {"tags": {"commit": "by c1"}}, "c1")
    other = _plan({"tags": {"commit": "c0"}}, {"tags": {"commit": "by c2"}}, "c2")
    assert one.digest == other.digest
    assert one.prints == other.prints
    assert one.changes != other.changes, "people see the commit"
    assert _plan({"tags": {"commit": "c0"}}, {"tags": {"commit": "by c2"}}, "").digest != one.digest


@pytest.fixture
def some_card() -> Card:
    values = {"git.commit": "c1", "env.name": "prod"}
    part = StackRecord(
        backend="local", lineage="l", serial_before=1, serial_after=2, state_sha256="s", run_values=values
    )
    return make_card("c1", environment="prod", stacks={"main": part})
