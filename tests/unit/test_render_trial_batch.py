"""Many stacks in one trial: what may share a block shares one, and nothing that isn't the same is taken for it."""

import json
from collections.abc import Mapping
from typing import Any

from tfops.config.modules.module import Interface, read_interface
from tfops.config.values import Reference
from tfops.records.rendered import MAIN_FILE
from tfops.render.trial import INSTALLED_FILE
from tfops.render.trial_batch import render_crowd

NETWORK = read_interface({"main.tf": 'variable "cidr" {}\nvariable "zones" { default = [] }\n'})
SERVICE = read_interface({"main.tf": 'variable "image" {}\n'})


def blocks(*calls: tuple[Interface, Mapping[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(render_crowd(calls)[MAIN_FILE])["module"]
    return found


def test_the_same_module_with_inputs_of_the_same_names_is_one_block() -> None:
    [block] = blocks((NETWORK, {"cidr": "${x}"}), (NETWORK, {"cidr": [Reference("m", "id")]})).values()
    assert block == {
        "source": "./m0",
        "for_each": {"0": {"cidr": "$${x}"}, "1": {"cidr": ["${jsondecode(timestamp())}"]}},
        "cidr": "${each.value.cidr}",
    }


def test_an_absent_input_is_not_a_null_one_and_the_same_inputs_are_tried_once() -> None:
    given = {"cidr": "a", "zones": None}
    found = blocks((NETWORK, {"cidr": "a"}), (NETWORK, given), (NETWORK, dict(given)))
    assert [block["for_each"] for block in found.values()] == [{"0": {"cidr": "a"}}, {"0": given}]


def test_one_folder_for_all_blocks_of_a_module() -> None:
    files = render_crowd([(NETWORK, {"cidr": "a"}), (SERVICE, {"image": "b"}), (NETWORK, {})])
    assert sorted(files) == [INSTALLED_FILE, "m0/main.tf", "m1/main.tf", MAIN_FILE]
    installed = json.loads(files[INSTALLED_FILE])["Modules"]
    assert [(module["Key"], module["Dir"]) for module in installed] == [
        ("", "."), ("g0", "m0"), ("g1", "m1"), ("g2", "m0"),
    ]  # fmt: skip


def test_a_constant_stands_in_the_block_itself() -> None:
    module = read_interface({"main.tf": 'variable "kind" {\n  const = true\n}\nvariable "x" {}\n'})
    found = blocks((module, {"kind": "a", "x": 1}), (module, {"kind": "a", "x": 2}), (module, {"kind": "b", "x": 1}))
    assert [(block["kind"], block["for_each"]) for block in found.values()] == [
        ("a", {"0": {"x": 1}, "1": {"x": 2}}),
        ("b", {"0": {"x": 1}}),
    ]


def test_a_module_without_variables_has_a_file_all_the_same() -> None:
    files = render_crowd([(read_interface({"main.tf": ""}), {})])
    assert files[f"m0/{MAIN_FILE}"] == "{}"
