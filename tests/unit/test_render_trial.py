"""The trial: variables alone, each input on a line of its own, so that the engine's complaints find their way back."""

import json

import pytest

from tfops.config.environment import ModuleConfig, StackConfig
from tfops.config.modules.module import read_interface
from tfops.config.source import LocalSource
from tfops.config.values import Reference, Secret
from tfops.records.engine_events import Diagnostic
from tfops.records.rendered import MAIN_FILE
from tfops.render.trial import INSTALLED_FILE, render_trial

MODULE = """
variable "text" {
  validation {
    condition     = length(var.text) > local.least
    error_message = "looks at more than variables"
  }
  validation {
    condition     = alltrue([for letter in var.text : letter.x != ""])
    error_message = "${var.text} is wrong"
  }
}
variable "key" { sensitive = true }
variable "taken" {}
locals { least = 1 }
resource "terraform_data" "x" {}
"""
INPUTS = {"text": "${literal}", "key": Secret("env", "KEY"), "taken": [Reference("b", "id")], "unknown": 1}
STACK = StackConfig({"a": ModuleConfig(LocalSource("m"), INPUTS)})
TRIAL = render_trial(STACK, {"a": read_interface({"main.tf": MODULE, "outputs.tf": 'output "id" { value = 1 }'})})


def test_values_travel_as_they_are_and_what_nobody_knows_is_unknown() -> None:
    [(_, block)] = json.loads(TRIAL.files[MAIN_FILE])["module"].items()
    assert block == {
        "source": "./a",
        "text": "$${literal}",
        "key": "${timestamp()}",
        "taken": ["${jsondecode(timestamp())}"],
    }


def test_a_secret_for_a_list_or_a_map_is_unknown_and_not_text() -> None:
    types = "object({ list = list(string), text = string, inner = list(map(number)) })"
    module = read_interface({"main.tf": f'variable "o" {{ type = {types} }}\nvariable "m" {{ type = map(string) }}\n'})
    secret = Secret("env", "KEY")
    inputs = {"o": {"list": secret, "text": secret, "inner": [secret]}, "m": secret}
    trial = render_trial(StackConfig({"a": ModuleConfig(LocalSource("m"), inputs)}), {"a": module})
    [(_, block)] = json.loads(trial.files[MAIN_FILE])["module"].items()
    anything = "${jsondecode(timestamp())}"
    assert block["o"] == {"list": anything, "text": "${timestamp()}", "inner": [anything]}
    assert block["m"] == anything


def test_nothing_but_variables_and_their_own_rules_is_in_a_module() -> None:
    text = TRIAL.files["a/main.tf"]
    assert "terraform_data" not in text
    assert "local" not in text
    assert "letter.x" in text
    assert "outputs.tf" not in {path.rpartition("/")[2] for path in TRIAL.files}
    assert json.loads(TRIAL.files[INSTALLED_FILE])["Modules"][1] == {"Key": "a", "Source": "./a", "Dir": "a"}


def test_a_sensitive_input_is_not_shown() -> None:
    [values] = json.loads(TRIAL.files["a/tfops_values.tf.json"])["output"].values()
    assert values["value"].keys() == {"text", "taken"}


def line_of(key: str) -> int:
    lines = TRIAL.files[MAIN_FILE].splitlines()
    return next(number for number, line in enumerate(lines, 1) if f'"{key}":' in line)


@pytest.mark.parametrize("key", ["text", "key", "taken"])
def test_a_complaint_is_led_back_to_its_input(key: str) -> None:
    at = f"{MAIN_FILE}:{line_of(key)}"
    assert TRIAL.place(Diagnostic(True, "Invalid value", "too short", where=at)) == ("a", key)
    named = (
        f"not suitable for module.a.var.{key}, which is sensitive: string required. Invalid value defined at {at},1-5."
    )
    assert TRIAL.place(Diagnostic(True, "Invalid value", named, where="a/main.tf:9")) == ("a", key)


def test_a_value_that_can_not_be_converted_is_led_back_by_name() -> None:
    """OpenTofu 1.12.6 gives the declaration's place for it."""
    said = "The given value is not suitable for module.a.var.text declared at a/main.tf:2,1-16: string required."
    assert TRIAL.place(Diagnostic(True, "Invalid value for input variable", said, where="a/main.tf:2")) == ("a", "text")
    inner = said.replace("module.a.", "module.a.module.inner.")
    assert TRIAL.place(Diagnostic(True, "Invalid value for input variable", inner, where="a/main.tf:2")) == ("a", "")


def test_a_complaint_about_a_modules_file_is_the_modules() -> None:
    assert TRIAL.place(Diagnostic(True, "Invalid function argument", where="a/main.tf:9")) == ("a", "")
    assert TRIAL.place(Diagnostic(True, "Missing required argument", where=f"{MAIN_FILE}:{line_of('a')}")) == ("a", "")
    assert TRIAL.place(Diagnostic(True, "something else")) == ("", "")
