"""A Terraform folder as a module: what is taken out, what is taken over, what stays."""

import json
from typing import Any

import pytest

from tfops.config.document import read_document
from tfops.config.legacy import backend_of, draft_of, environment_text, local_calls, moved_sources, with_sources
from tfops.errors import Refused

MAIN = """\
# kept
terraform {
  required_version = ">= 1.4" # kept too
  backend "s3" {
    bucket = "b"   # }
    key    = "k"
  }
  required_providers { aws = { source = "hashicorp/aws" } }
}

provider "aws" {
  region = "eu-west-1"
}
provider "random" {}
resource "x" "y" {
  text = <<-EOT
    provider "aws" { is only text here }
  EOT
}
"""


def test_backend_and_plain_providers_are_taken_out_and_nothing_else() -> None:
    draft = draft_of({"main.tf": MAIN, "files/a.txt": "a", "terraform.tfvars": ""}, known={})
    assert draft.files == {
        "files/a.txt": "a",
        "main.tf": """\
# kept
terraform {
  required_version = ">= 1.4" # kept too
  required_providers { aws = { source = "hashicorp/aws" } }
}

resource "x" "y" {
  text = <<-EOT
    provider "aws" { is only text here }
  EOT
}
""",
    }
    assert draft.providers == {"aws": {"region": "eu-west-1"}, "random": {}}
    assert (draft.backend.kind, draft.backend.settings) == ("s3", {"bucket": "b", "key": "k"})
    assert draft.backend.text.startswith("terraform {\nbackend")


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ('provider "aws" { region = var.region }', {}),
        ('provider "aws" { alias = "x" }', {}),
        ('provider "aws" {\n  region = "a"\n  default_tags {}\n}', {}),
        ('provider "aws" {}\nprovider "aws" {\n  alias = "x"\n}', {}),
        ('provider "aws" { region = "a" }', {"aws": {"region": "b"}}),
    ],
)
def test_a_provider_that_tfops_yaml_can_not_say_stays(text: str, known: dict[str, Any]) -> None:
    draft = draft_of({"main.tf": text}, known=known)
    assert (draft.files, draft.providers, draft.kept_providers) == ({"main.tf": text}, {}, ("aws",))


def test_json_is_read_as_well() -> None:
    whole = {"terraform": {"backend": {"gcs": {"bucket": "b"}}}, "provider": {"aws": {"region": "x"}}, "locals": {}}
    draft = draft_of({"main.tf.json": json.dumps(whole)}, known={})
    assert json.loads(draft.files["main.tf.json"]) == {"terraform": {}, "provider": {}, "locals": {}}
    assert (draft.backend.kind, draft.backend.settings) == ("gcs", {"bucket": "b"})
    assert draft.providers == {"aws": {"region": "x"}}


VARIABLES = 'variable "a" {}\nvariable "b" { default = 1 }\nvariable "pw" { sensitive = true }\n'


def test_values_come_from_the_files_that_the_engine_reads_later_ones_win() -> None:
    files = {
        "v.tf": VARIABLES,
        "terraform.tfvars": 'a = "one"\npw = "hunter2"\nunused = 1\n',
        "x.auto.tfvars.json": '{"a": ["two"]}',
        "other.tfvars": "b = 5\n",
    }
    draft = draft_of(files, known={})
    assert draft.inputs == {"a": ["two"], "pw": {"from": "env:PW"}}
    assert draft.secrets == ("pw",)
    assert list(draft.files) == ["v.tf"]
    text = environment_text("prod", "old", draft.inputs)
    assert read_document("", text).data == {"modules": {"old": {"source": "old", "inputs": draft.inputs}}}
    assert "hunter2" not in text


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({"v.tf": VARIABLES}, "no file says what these variables are: a, pw"),
        ({"v.tf": VARIABLES, "terraform.tfvars": "a = upper(1)"}, "`terraform.tfvars` can't be read"),
        ({"v.tf": "variable {{"}, "`v.tf` can't be read"),
        ({"v.tf.json": "{"}, "`v.tf.json` can't be read"),
    ],
)
def test_what_can_not_be_read_is_refused(files: dict[str, str], what: str) -> None:
    with pytest.raises(Refused) as caught:
        draft_of(files, known={})
    assert caught.value.guard == "adopt"
    assert caught.value.what.startswith(what)


def test_resources_move_one_by_one_and_inner_modules_as_a_whole() -> None:
    resources = [
        {"mode": "managed", "type": "a", "name": "b", "instances": [{}, {}]},
        {"mode": "data", "type": "a", "name": "c"},
        {"module": "module.x[0].module.y", "mode": "managed", "type": "a", "name": "b"},
        {"module": 'module.z["a.b"]', "mode": "data", "type": "a", "name": "b"},
    ]
    assert moved_sources({"resources": resources}) == ["a.b", "module.x", "module.z"]


def test_what_an_override_file_says_of_the_backend_counts() -> None:
    files = {
        "a_override.tf": 'terraform {\n  backend "s3" {\n    key = "real"\n  }\n}\n',
        "main.tf": 'terraform {\n  backend "local" {}\n}\n',
    }
    found = backend_of(files)
    assert (found.kind, found.settings) == ("s3", {"key": "real"})
    cloud = {"main.tf.json": json.dumps({"terraform": {"cloud": {"organization": "acme"}}})}
    assert backend_of(cloud).kind == "cloud"
    assert json.loads(backend_of(cloud).text) == {"terraform": {"cloud": {"organization": "acme"}}}


def test_an_import_that_is_done_goes_and_one_that_is_not_is_refused() -> None:
    text = 'import {\n  to = module.a["x"].aws_vpc.b[0]\n  id = "v"\n}\nresource "a" "b" {}\n'
    draft = draft_of({"main.tf": text}, known={}, held=frozenset({"module.a.aws_vpc.b"}))
    assert draft.files == {"main.tf": 'resource "a" "b" {}\n'}
    with pytest.raises(Refused, match=r"imports module\.a\.aws_vpc\.b, which isn't in the state yet"):
        draft_of({"main.tf": text}, known={})


def test_calls_get_other_sources_and_nothing_else_changes() -> None:
    text = 'module "a" {\n  source = "../x" # why\n}\nmodule "b" { source = "./y" }\nmodule "c" { source = "a/b/c" }\n'
    assert local_calls("main.tf", text) == {"a": "../x", "b": "./y"}
    assert with_sources("main.tf", text, {"a": "./outside/x"}) == text.replace('"../x"', '"./outside/x"')
    whole = {"module": {"a": {"source": "../x", "n": 1}}}
    assert local_calls("m.tf.json", json.dumps(whole)) == {"a": "../x"}
    changed = json.loads(with_sources("m.tf.json", json.dumps(whole), {"a": "./z"}))
    assert changed == {"module": {"a": {"source": "./z", "n": 1}}}


def test_values_that_only_the_engine_can_tell_are_asked_for_and_forms_are_escaped() -> None:
    files = {
        "v.tf": 'variable "a" {}\nvariable "b" {}\n',
        "terraform.tfvars": 'a = 60 * 60\nb = { from = "x" }\nc = 1\n',
    }
    asked: list[tuple[list[str], list[str]]] = []

    def evaluate(names: Any, files: Any) -> dict[str, Any]:
        asked.append((list(names), list(files)))
        return {"a": 3600, "b": {"from": "x"}}

    inputs = draft_of(files, known={}, evaluate=evaluate).inputs
    assert inputs == {"a": 3600, "b": {"literal": {"from": "x"}}}
    assert asked == [(["a", "b"], ["terraform.tfvars"])]


_HERE = 'terraform {\n  backend "s3" {\n    bucket = "here"\n  }\n}\nvariable "a" { default = 1 }\n'
_TOFU_FILES = {"main.tf": _HERE, "main.tofu": _HERE.replace('"here"', '"there"') + 'variable "b" {}\n'}


@pytest.mark.parametrize(("is_tofu", "bucket"), [(False, "here"), (True, "there")])
def test_the_state_is_where_the_engine_reads_it_of_a_file_and_its_namesake(is_tofu: bool, bucket: str) -> None:
    assert backend_of(_TOFU_FILES, is_tofu=is_tofu).settings == {"bucket": bucket}


def test_what_opentofu_alone_reads_becomes_the_module_as_well() -> None:
    files = _TOFU_FILES | {"terraform.tfvars": "b = 2\n"}
    draft = draft_of(files, known={}, is_tofu=True)
    assert draft.inputs == {"b": 2} and draft.backend.settings == {"bucket": "there"}
    assert "backend" not in draft.files["main.tofu"]


@pytest.mark.parametrize("name", ["main.tofu", "main.tofu.json"])
def test_a_root_that_encrypts_its_state_is_refused_in_opentofus_own_files(name: str) -> None:
    text = "terraform {\n  encryption {}\n}\n" if name == "main.tofu" else '{"terraform": {"encryption": {}}}'
    with pytest.raises(Refused, match="encrypts the state"):
        draft_of({name: text}, known={}, is_tofu=True)
