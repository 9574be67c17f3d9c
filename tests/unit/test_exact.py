"""Numbers keep their digits, wherever they pass: Terraform's have 512 bits, a binary float has 53."""

import json
from typing import Any

import pytest

from tests.support.memory_tree import MemoryTree, project_tree, rules_and_environment
from tfops import exact
from tfops.config.document import read_document
from tfops.config.environment import stack_document
from tfops.config.legacy import environment_text
from tfops.config.lines import config_lines
from tfops.config.mistakes import changed_texts
from tfops.config.modules.module import Variable, read_interface
from tfops.config.modules.terraform_type import Type
from tfops.engine.moved_mark import content_digest
from tfops.engine.plan import planned_outputs, read_plan, to_plan
from tfops.engine.state import parse_state
from tfops.records.names import MAIN_STACK, EnvName
from tfops.records.rendered import VALUES_FILE
from tfops.render.escape import expression_text
from tfops.render.root import RootSpec, render_root
from tfops.render.trial import render_trial
from tfops.render.trial_batch import render_crowd
from tfops.views.envelope import success

PI = "3.14159265358979323846"
NUMBERS = (PI, "-0.1000000000000000055511151231257827", "1E+400", "123456789012345678901234567890", "1e-07", "0.1")


@pytest.mark.parametrize("text", NUMBERS)
def test_what_is_read_is_written_again(text: str) -> None:
    found = exact.loads(f'{{"a": [{text}], "b": "{text}"}}')
    assert exact.dumps(found) == f'{{"a": [{text}], "b": "{text}"}}'
    assert exact.dumps(found, indent=2, sort_keys=True) == f'{{\n  "a": [\n    {text}\n  ],\n  "b": "{text}"\n}}'


def test_numbers_that_a_float_holds_are_floats_and_their_bytes_are_those_of_json() -> None:
    plain = {"a": [0.5, 1.5, 1e-7, 100000.0], "b": 1}
    assert exact.loads(json.dumps(plain)) == plain
    assert exact.dumps(plain) == json.dumps(plain)
    assert isinstance(exact.loads("1.10"), float)


def test_a_number_of_any_length_is_read() -> None:
    digits = "9" * 5000
    assert exact.dumps(exact.loads(digits)) == digits


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "-Infinity", "1e9999999999999999999", "{"])
def test_what_json_does_not_know_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        exact.loads(text)


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        exact.dumps({"a": object()})


def literals(*numbers: str) -> MemoryTree:
    return project_tree(dev=f"modules:\n  app: {{source: service, inputs: {{a: [{', '.join(numbers)}]}}}}\n")


def test_literals_reach_the_engine_with_all_their_digits() -> None:
    rules, environment = rules_and_environment(literals(*NUMBERS))
    root = render_root(RootSpec(rules, environment, MAIN_STACK, "c0ffee"))
    assert exact.loads(root.files[VALUES_FILE])["inputs_app"]["a"] == [exact.loads(text) for text in NUMBERS]
    assert PI in root.files[VALUES_FILE]
    stack = environment.stacks[MAIN_STACK]
    interface = read_interface({"v.tf": 'variable "a" {}'})
    assert all(text in render_trial(stack, {"app": interface}).files["main.tf.json"] for text in NUMBERS)
    assert all(text in render_crowd([(interface, stack.modules["app"].inputs)])["main.tf.json"] for text in NUMBERS)


def test_two_literals_that_are_one_float_are_two_configurations() -> None:
    digests = {rules_and_environment(literals(text))[1].digest for text in (PI, PI[:-3])}
    assert len(digests) == 2


@pytest.mark.parametrize("written", ["1.10", f"{PI}0", "1e3", "1_0.5", ".5", "5."])
def test_a_merged_file_shows_numbers_as_they_are_written(written: str) -> None:
    tree = literals(written)
    document = stack_document(tree, EnvName("dev"), MAIN_STACK)
    assert any(line.text.endswith(f"[{written}]") for line in config_lines(document))


@pytest.mark.parametrize(("written", "complaints"), [(PI, 0), (f"{PI}0", 1), ("1.10", 1), ("1e400", 1)])
def test_a_number_where_text_is_wanted_is_complained_about_when_its_text_changes(written: str, complaints: int) -> None:
    variable = Variable("a", type=Type("string"))
    assert len(list(changed_texts(variable, read_document("", written).data))) == complaints


def test_what_is_taken_over_of_tfvars_keeps_its_digits() -> None:
    assert f"a: {PI}" in environment_text("dev", "shop", {"a": exact.loads(PI)})


def test_defaults_that_no_float_holds_are_shown_as_they_are_written() -> None:
    hcl = read_interface({"v.tf": f'variable "a" {{ default = -{PI} }}\nvariable "b" {{ default = [1.5, 1e3] }}'})
    assert (hcl.variables["a"].has_default, hcl.variables["a"].default_text) == (True, f"-{PI}")
    assert hcl.variables["b"].default == [1.5, 1000]
    as_json = read_interface({"v.tf.json": f'{{"variable": {{"a": {{"default": {PI}}}}}}}'})
    assert as_json.variables["a"].default_text == PI
    assert PI in as_json.declarations["v.tf.json"]


def state(number: str) -> str:
    outputs = {"net": {"value": {"n": 0.5}, "type": ["object", {"n": "number"}]}}
    text = json.dumps({"version": 4, "lineage": "l", "serial": 1, "outputs": outputs, "resources": []})
    return text.replace("0.5", number)


def test_outputs_go_from_a_state_to_the_next_stack_with_all_their_digits() -> None:
    found = parse_state(state(PI))
    assert expression_text(found.outputs["net"]["n"]) == PI
    assert found.sha256 != parse_state(state(PI[:-3])).sha256


def test_two_states_that_differ_in_a_last_digit_are_two_contents() -> None:
    assert len({content_digest(exact.loads(state(text))) for text in (PI, PI[:-3])}) == 2


def plan(after: str) -> Any:
    change = {"actions": ["update"], "before": {"input": 0.25}, "after": {"input": 0.5}}
    raw = {"address": "terraform_data.a", "type": "terraform_data", "mode": "managed", "change": change}
    outputs = {"net": {"actions": ["update"], "after": {"n": 0.5}}}
    text = json.dumps({"format_version": "1.2", "resource_changes": [raw], "output_changes": outputs})
    return read_plan(text.replace("0.25", PI).replace("0.5", after))


def test_a_plan_shows_passes_on_and_is_known_by_every_digit() -> None:
    other = f"{PI[:-1]}7"
    [change] = to_plan(plan(other), is_empty=False).changes
    assert [(item.before, item.after) for item in change.attributes] == [(PI, other)]
    assert expression_text(planned_outputs(plan(other))["net"]["n"]) == other
    assert len({to_plan(plan(text), is_empty=False).digest for text in (PI, other)}) == 2


def test_the_answer_in_json_has_every_digit() -> None:
    assert f'"result": {PI}' in success("x", exact.loads(PI))
