"""Functions of the engine's in a value, and `locals:`: how they are read, rendered, and complained about."""

import json
from typing import Any

import pytest

from tests.support.memory_tree import MemoryTree, complaints_of, project_tree, rules_and_environment, said
from tfops.config.calls import FUNCTIONS, FunctionCall
from tfops.config.values import (
    LocalReference,
    Reference,
    RunValue,
    StackReference,
    escaped,
    flat,
    forms_in,
    meant,
    parse_form,
)
from tfops.records.names import MAIN_STACK
from tfops.records.rendered import MAIN_FILE
from tfops.render.root import RootSpec, render_root
from tfops.resolve.root_inputs import root_inputs


def test_a_call_is_taken_apart_and_not_worked_out() -> None:
    found = parse_form('${merge({a = module.x["k"].id, "b c": [1, -2.5, true, null]}, local.tags...)}')
    values = {"a": Reference("x", "id", '["k"]'), "b c": [1, -2.5, True, None]}
    assert found == FunctionCall("merge", (values, LocalReference("tags")), expands=True)
    assert list(flat(found)) == [found, Reference("x", "id", '["k"]'), LocalReference("tags")]
    nested = parse_form('${ upper( format("%s\\n", env.name), ) }')
    assert nested == FunctionCall("upper", (FunctionCall("format", ("%s\n", RunValue("env.name"))),))
    assert list(forms_in({"a": [found]}))[1] == (("a", 0), Reference("x", "id", '["k"]'))
    assert parse_form('${join("", stack.net.a)}') == FunctionCall("join", ("", StackReference("net", "a")))


@pytest.mark.parametrize(
    "text",
    ['$${lower("a")}', 'a ${lower("a")}', "${upper(x)} and ${lower(y)}", '${lower("a")}-x', "${lower}", "lower(1)"],
)
def test_what_only_looks_like_one_is_text(text: str) -> None:
    assert parse_form(text) == text


def test_a_call_is_written_as_text_with_a_dollar_more() -> None:
    assert escaped('${lower("a")}') == '$${lower("a")}'
    assert meant('$${lower("a")}') == '${lower("a")}'


def test_no_function_looks_at_the_machine_the_time_or_a_secret() -> None:
    words = ("file", "time", "uuid", "random", "bcrypt", "path", "sensitive", "rsa", "template")
    allowed = {"timeadd"}
    assert {name for name in FUNCTIONS - allowed if any(word in name for word in words)} == set()
    assert not FUNCTIONS & {"timestamp", "plantimestamp", "uuid", "nonsensitive", "env"}


_DEV = """\
locals:
  short: ${lower(env.name)}
  tags: {team: "a ${b}", "x y": 1}
  nets: ${cidrsubnets(local.base, 4, 4)}
  base: 10.0.0.0/16
modules:
  network:
    source: network
    inputs: {name: '${format("%s-%s", local.short, "a\\"b")}', net: "${local.nets[0]}"}
"""


def _rendered(dev: str) -> Any:
    rules, environment = rules_and_environment(project_tree(dev=dev))
    return render_root(RootSpec(rules, environment, MAIN_STACK)).files


def test_locals_and_calls_stand_in_the_root_as_they_are_written() -> None:
    files = _rendered(_DEV)
    main = json.loads(files[MAIN_FILE])
    assert main["locals"] == {
        "short": '${lower(var.run["env.name"])}',
        "tags": {"team": "a $${b}", "x y": 1},
        "nets": "${cidrsubnets(local.base, 4, 4)}",
        "base": "10.0.0.0/16",
    }
    assert main["module"]["network"]["name"] == '${format("%s-%s", local.short, "a\\"b")}'
    assert main["module"]["network"]["net"] == "${local.nets[0]}"
    shown = root_inputs(files, ["main"])
    assert shown is not None
    assert shown["locals.tags"] == {"team": "a ${b}", "x y": 1}


def _said(dev: str) -> list[str]:
    return said(complaints_of(lambda: rules_and_environment(project_tree(dev=dev))))


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ('${lowr("a")}', "there is no function `lowr` here (did you mean `lower`"),
        ('${file("a")}', "there is no function `file` here"),
        ("${lower(name)}", "`name` is no reference"),
        ("${lower(foo.bar)}", "`foo.bar` is no reference"),
        ('${lower("a"}', "`,` is missing before the end"),
        ('${lower("a") + 1}', "not understood from `+ 1` on"),
        ('${lower("${x}")}', "a text has no template in it"),
        ("${merge({1 = 2})}", "a key is missing before `1 = 2})`"),
        ("${lower(env.nme)}", "no run knows a value `env.nme`"),
        ("${lower(module.q.id)}", "there is no module `q` in this environment"),
        ("${lower(stack.q.id)}", "there is no stack `q` in this environment"),
        ("${lower(local.q)}", "there is no local `q` in this file"),
        ("${lower(each.key)}", "`${each.key}` is for a module with `for_each`"),
        (f"${{{'lower(' * 30}{')' * 30}}}", "not understood from"),
    ],
)
def test_a_mistake_in_a_call_has_its_place(value: str, complaint: str) -> None:
    [found] = _said(f"modules:\n  network:\n    source: network\n    inputs:\n      x: '{value}'\n")
    assert found.startswith("environments/dev.yaml:5:7: ")
    assert complaint in found


def test_mistakes_of_locals() -> None:
    modules = "modules: {network: {source: network}}\n"
    assert _said("locals:\n  a: {from: 'env:X'}\n  b: ${each.key}\n  'c d': 1\n" + modules) == [
        "environments/dev.yaml:2:3: a secret has no other name (write it where it is used)",
        "environments/dev.yaml:3:3: `${each.key}` is known inside of a call's `inputs` alone",
        "environments/dev.yaml:4:3: 'c d' can't name a value (letters, digits, `_`, `-`)",
    ]
    [circle] = _said("locals:\n  a: ${local.b.x}\n  b: ['${lower(local.a)}']\n" + modules)
    assert "these values wait for each other: " in circle


def test_a_root_of_its_own_works_nothing_out() -> None:
    rules = "version: 1\nproject: p\nenvironments:\n  dev: {branch: d, root: live, inputs: {a: '${lower(env.name)}'}}\n"
    tree = MemoryTree({"tfops.yaml": rules, "live/main.tf": ""})
    [found] = said(complaints_of(lambda: rules_and_environment(tree)))
    assert found.startswith("tfops.yaml:4:41: functions and locals are for generated roots")
