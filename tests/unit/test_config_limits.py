"""What operations decide about inputs for the whole project: defaults, limits, sources that nobody may use."""

import pytest

from tests.support.memory_tree import PROJECT, MemoryTree, complaints_of, environment, project_tree, said
from tfops.config.environment import read_environment
from tfops.config.inputs import InputCheck
from tfops.config.project_file import load_project
from tfops.records.names import MAIN_STACK, EnvName


def tree(rules: str, dev: str, **more: str) -> MemoryTree:
    return project_tree(tfops=PROJECT + rules, dev=dev, **more)


def app(inputs: str, source: str = "service") -> str:
    return f"modules:\n  app:\n    source: {source}\n    inputs: {inputs}\n"


def inputs(rules: str, dev: str, **more: str) -> object:
    return environment(tree(rules, dev, **more)).stacks[MAIN_STACK].modules["app"].inputs


def complaints(rules: str, dev: str, **more: str) -> list[str]:
    found = tree(rules, dev, **more)
    load_project(found)
    unseen = InputCheck(lambda *_: None)
    return said(complaints_of(lambda: read_environment(found, EnvName("dev"), unseen)))


DEFAULTS = "defaults:\n  service: {size: small, tags: {team: ops, cost: x}, zones: [a]}\n"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("{}", {"size": "small", "tags": {"team": "ops", "cost": "x"}, "zones": ["a"]}),
        ("{size: big}", {"size": "big", "tags": {"team": "ops", "cost": "x"}, "zones": ["a"]}),
        ("{size: null, zones: []}", {"size": None, "tags": {"team": "ops", "cost": "x"}, "zones": []}),
        ("{tags: {team: dev}, zones: [b]}", {"size": "small", "tags": {"team": "dev", "cost": "x"}, "zones": ["b"]}),
        ("{tags: none}", {"size": "small", "tags": "none", "zones": ["a"]}),
    ],
)
def test_a_default_fills_in_what_an_environment_leaves_out(given: str, expected: object) -> None:
    assert inputs(DEFAULTS, app(given)) == expected


def test_a_default_lies_below_everything_that_is_inherited() -> None:
    found = inputs(DEFAULTS, "extends: base.yaml\n", base=app("{size: medium}"))
    assert found == {"size": "medium", "tags": {"team": "ops", "cost": "x"}, "zones": ["a"]}


def test_a_default_is_for_one_source_and_every_module_of_it() -> None:
    text = "modules:\n  one: {source: service}\n  two: {source: service}\n  net: {source: network}\n"
    modules = environment(tree(DEFAULTS, text)).stacks[MAIN_STACK].modules
    assert {name: sorted(module.inputs) for name, module in modules.items()} == {
        "one": ["size", "tags", "zones"],
        "two": ["size", "tags", "zones"],
        "net": [],
    }


def test_a_default_counts_in_the_digest_and_a_mistake_in_it_is_said_in_tfops_yaml() -> None:
    small, big = (environment(tree(rules, app("{}"))).digest for rules in (DEFAULTS, DEFAULTS.replace("small", "big")))
    assert small != big
    wrong = "defaults:\n  service:\n    vpc: ${module.nope.id}\n"
    assert complaints(wrong, app("{}")) == [
        "tfops.yaml:7:5: there is no module `nope` in this environment (there is: `app`)"
    ]


ALLOW = "allow:\n  size: [small, 'medium-*', 3]\n"
AT = "environments/dev.yaml:4:14"
SHOWN = "allowed: `small`, `medium-*`, `3` (tfops.yaml:6:3)"


@pytest.mark.parametrize(
    "given", ["small", "medium-2", "medium-", "3", "'3'", "null", "[small, 3]", "{a: small, b: [medium-x]}", "[]"]
)
def test_what_is_allowed_passes(given: str) -> None:
    assert complaints(ALLOW, app(f"{{size: {given}, other: big}}")) == []


@pytest.mark.parametrize(
    ("given", "place", "message"),
    [
        ("large", AT, "`size` may not be 'large'"),
        ("Small", AT, "`size` may not be 'Small'"),
        ("small ish", AT, "`size` may not be 'small ish'"),
        ("[small, large]", "environments/dev.yaml:4:28", "`size` may not be 'large'"),
        ("{a: {b: large}}", "environments/dev.yaml:4:25", "`size` may not be 'large'"),
        ("true", AT, "`size` may not be 'true'"),
        ("'${module.app.x}'", AT, "`size` is limited: its value must be written out"),
        ("{from: 'env:X'}", AT, "`size` is limited: its value must be written out"),
    ],
)
def test_what_is_not_allowed_is_said_with_the_choices_and_the_rules_place(given: str, place: str, message: str) -> None:
    assert complaints(ALLOW, app(f"{{size: {given}}}")) == [f"{place}: {message} ({SHOWN})"]


def test_a_rule_may_be_for_one_source_and_have_words_of_its_own() -> None:
    rules = "allow:\n  service.size: {values: [small], message: ask ops for more}\n"
    found = complaints(rules, app("{size: large}"))
    assert found == [f"{AT}: ask ops for more (allowed: `small` (tfops.yaml:6:3))"]
    assert complaints(rules, app("{size: large}", source="network")) == []


def test_what_was_applied_once_is_not_held_against_todays_limits() -> None:
    assert inputs(ALLOW, app("{size: large}")) == {"size": "large"}


def test_a_limit_holds_for_defaults_and_for_what_is_inherited() -> None:
    assert complaints(DEFAULTS + "allow: {size: [big]}\n", app("{}")) == [
        "tfops.yaml:6:13: `size` may not be 'small' (allowed: `big` (tfops.yaml:7:9))"
    ]
    assert complaints(ALLOW, "extends: base.yaml\n", base=app("{size: large}")) == [
        f"environments/base.yaml:4:14: `size` may not be 'large' ({SHOWN})"
    ]


def test_a_source_can_be_denied_with_the_rules_own_message() -> None:
    rules = (
        "deny_modules:\n  - {source: 'terraform-aws-modules/*', message: use our own network}\n  - {source: network}\n"
    )
    text = "modules:\n  vpc: {source: terraform-aws-modules/vpc/aws, version: '5.0'}\n  net: {source: network}\n"
    assert complaints(rules, text) == [
        "environments/dev.yaml:2:9: use our own network (the rule: tfops.yaml:6:5)",
        "environments/dev.yaml:3:9: modules from 'network' are not allowed (the rule: tfops.yaml:7:5)",
    ]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("defaults: {netwrok: {}}", "5:12: there is no module 'netwrok' in `modules/` (did you mean `network`?)"),
        ("defaults: {network: 5}", "5:12: `network` must be a mapping (`key: value` lines)"),
        ("allow: {a b: [1]}", "5:9: 'a b' names no input (INPUT, or SOURCE.INPUT for the modules of one source)"),
        ("allow: {nope.size: [1]}", "5:9: there is no module 'nope' in `modules/` (there is: `network`, `service`)"),
        ("allow: {size: 5}", "5:9: `size` must be a mapping (`key: value` lines)"),
        (
            "allow: {size: []}",
            '5:9: `size` needs a list of values (for instance: [t3.small, "t3.*"], or {values: […], message: …})',
        ),
        ("allow: {size: {value: [1]}}", "5:16: unknown key `value` (did you mean `values`?)"),
        ("deny_modules: [{message: no}]", "5:16: `source` is missing"),
    ],
)
def test_a_rule_that_can_not_work_is_a_mistake_in_tfops_yaml(rules: str, expected: str) -> None:
    found = project_tree(tfops=PROJECT + rules + "\n", dev=app("{}"))
    assert said(complaints_of(lambda: load_project(found))) == [f"tfops.yaml:{expected}"]
