"""`for_each`, `count` and `depends_on` of a module's call: mistakes with their places, and what is rendered."""

import json
from typing import Any

import pytest

from tests.support.memory_tree import MemoryTree, complaints_of, project_tree, rules_and_environment, said
from tfops.config.values import EachValue, Reference, StackReference, parse_form
from tfops.records.names import MAIN_STACK
from tfops.records.rendered import MAIN_FILE, VALUES_FILE
from tfops.render.root import RootSpec, render_root
from tfops.resolve.root_inputs import root_inputs

_DEV = """\
modules:
  network:
    source: network
    for_each: {eu: {cidr: 10.0.0.0/16}, us: {}}
    inputs: {name: "${each.key}", v: "${each.value}"}
  worker: {source: network, count: 2, inputs: {n: "${count.index}"}, depends_on: [network]}
  zones: {source: network, for_each: [a, b], inputs: {n: 1}}
  every: {source: network, for_each: ["${module.plain.one}", b], inputs: {n: 1}}
  given: {source: network, for_each: "${module.plain.all}"}
  plain: {source: service, inputs: {eu: '${module.network["eu"].id}', all: "${module.worker[*].id}"}}
"""


def _files(dev: str = _DEV, **more: Any) -> dict[str, Any]:
    rules, environment = rules_and_environment(project_tree(dev=dev))
    files = render_root(RootSpec(rules, environment, MAIN_STACK, **more)).files
    return {name: json.loads(files[name]) for name in (MAIN_FILE, VALUES_FILE)}


def test_a_call_is_rendered_as_often_as_it_says() -> None:
    files = _files(lasting={"network": ["id", "url"], "worker": ["id"]})
    modules, values = files[MAIN_FILE]["module"], files[VALUES_FILE]
    assert modules["network"] == {
        "source": "./modules/network",
        "for_each": '${var.inputs_network["for_each"]}',
        "name": "${each.key}",
        "v": "${each.value}",
    }
    assert values["inputs_network"] == {"for_each": {"eu": {"cidr": "10.0.0.0/16"}, "us": {}}}
    assert (modules["worker"]["count"], values["inputs_worker"]) == ('${var.inputs_worker["count"]}', {"count": 2})
    assert (modules["worker"]["n"], modules["worker"]["depends_on"]) == ("${count.index}", ["module.network"])
    assert modules["zones"]["for_each"] == '${toset(var.inputs_zones["for_each"])}'
    assert modules["every"]["for_each"] == '${toset([module.plain.one, "b"])}'
    assert modules["given"]["for_each"] == "${module.plain.all}"
    assert modules["plain"]["eu"] == '${module.network["eu"].id}'
    outputs = files[MAIN_FILE]["output"]
    assert outputs["network"]["value"] == {
        "id": "${{for key, one in module.network : key => one.id}}",
        "url": "${{for key, one in module.network : key => one.url}}",
    }
    assert outputs["worker"]["value"] == {"id": "${module.worker[*].id}"}
    shown = root_inputs({name: json.dumps(text) for name, text in files.items()}, ["main"])
    assert shown is not None
    assert shown["network.for_each"] == {"eu": {"cidr": "10.0.0.0/16"}, "us": {}}


def test_forms_with_keys() -> None:
    assert parse_form('${module.a["x.y/z"].id}') == Reference("a", "id", '["x.y/z"]')
    assert parse_form("${module.a[0].ids[1]}") == Reference("a", "ids[1]", "[0]")
    assert parse_form('${stack.net.a.id["eu"]}') == StackReference("net", 'a.id["eu"]')
    assert parse_form('${each.value.sizes["s"].min}') == EachValue('each.value.sizes["s"].min')
    assert parse_form("$${each.key}") == "$${each.key}"
    assert parse_form("at ${each.key}") == "at ${each.key}"


def _said(modules: str) -> list[str]:
    return said(complaints_of(lambda: rules_and_environment(project_tree(dev=f"modules:\n{modules}"))))


_NETWORK = "  n: {source: network, for_each: {eu: 1}}\n"


@pytest.mark.parametrize(
    ("modules", "complaint"),
    [
        ("  n: {source: network, for_each: {a: 1}, count: 1}\n", "2:42: `for_each` and `count` both say how often"),
        ("  n: {source: network, for_each: 3}\n", "2:24: `for_each` is a mapping, a list of texts, or a reference"),
        ("  n: {source: network, for_each: [1]}\n", "2:35: a key must be text"),
        ("  n: {source: network, for_each: [a, a]}\n", "2:38: the key 'a' is there twice"),
        ("  n: {source: network, for_each: {a: {from: 'env:X'}}}\n", "2:35: a secret can't decide what there is"),
        ("  n: {source: network, for_each: {a: '${each.key}'}}\n", "2:35: `${each.key}` is known inside of the call's"),
        ("  n: {source: network, for_each: '${module.m.x}'}\n", "2:24: there is no module `m` in this environment"),
        ("  n: {source: network, count: -1}\n", "2:24: `count` is a whole number from 0, or a reference"),
        ("  n: {source: network, count: true}\n", "2:24: `count` is a whole number from 0, or a reference"),
        ("  n: {source: network, depends_on: [n]}\n", "2:37: `n` can't depend on itself"),
        ("  n: {source: network, depends_on: [m]}\n", "2:37: there is no module 'm' in this environment"),
        ("  n: {source: network, depends_on: n}\n", "2:24: `depends_on` must be a list"),
        ("  n: {source: network, inputs: {a: '${each.key}'}}\n", "2:33: `${each.key}` is for a module with `for_each`"),
        ("  n: {source: network, count: 1, inputs: {a: '${each.key}'}}\n", "2:43: `${each.key}` is for a module with"),
        ("  n: {source: network, inputs: {a: '${each.kez}'}}\n", "2:33: write `${each.key}`"),
        (
            _NETWORK + "  m: {source: network, inputs: {a: '${module.n.id}'}}\n",
            "3:33: `${module.n.id}`: module `n`",
        ),
        (_NETWORK + "  m: {source: network, inputs: {a: '${module.n[0].id}'}}\n", "3:33: `${module.n[0].id}`: module"),
        (
            _NETWORK + "  m: {source: network, inputs: {a: '${module.n[\"us\"].id}'}}\n",
            '3:33: `${module.n["us"].id}`: module `n` isn\'t made for ["us"]',
        ),
        (
            "  n: {source: network}\n  m: {source: network, inputs: {a: '${module.n[0].id}'}}\n",
            "3:33: `${module.n[0].id}`: module `n` has neither `for_each` nor `count`",
        ),
        (
            "  n: {source: network, count: 1}\n  m: {source: network, inputs: {a: '${module.n[1].id}'}}\n",
            "3:33: `${module.n[1].id}`: module `n` isn't made for [1]",
        ),
    ],
)
def test_a_mistake_has_its_place(modules: str, complaint: str) -> None:
    [found] = _said(modules)
    assert found.startswith(f"environments/dev.yaml:{complaint}"), found


def test_a_root_of_its_own_is_no_call() -> None:
    rules = 'version: 1\nproject: p\nenvironments:\n  dev: {branch: d, root: live, inputs: {a: "${each.key}"}}\n'
    tree = MemoryTree({"tfops.yaml": rules, "live/main.tf": ""})
    [found] = said(complaints_of(lambda: rules_and_environment(tree)))
    assert found.startswith("tfops.yaml:4:41: `${each.key}` is for a module with `for_each`")
