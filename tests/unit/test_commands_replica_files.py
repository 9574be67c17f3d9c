"""The files of a copy: thin where the original says the same today, whole where it has moved on."""

from collections.abc import Mapping

import pytest

from tests.support.samples import make_record
from tfops.commands.replica_files import Original, draft, full_path
from tfops.config.document import read_document
from tfops.errors import UsageError
from tfops.records.names import MAIN_STACK, EnvName, StackName

_COPY = EnvName("dr")
_RULES = "environments:\n  prod: {branch: main}\n"
_TEXT = """\
modules:
  web:
    source: web
    inputs: {name: shop-prod, size: 3, tags: {team: web, env: prod}, token: {from: env:TOKEN}, zip: "007"}
"""


def original(parents: Mapping[StackName, str], *stacks: str) -> Original:
    documents = {StackName(stack): read_document(stack, _TEXT) for stack in stacks or (MAIN_STACK,)}
    line = {"branch": "main", "region": "eu-west-1", "verify": [{"http": "https://prod.example.com"}]}
    return Original(make_record(3, env=EnvName("prod")), documents, parents, None, line)


def test_a_thin_copy_holds_what_is_different() -> None:
    made = draft(original({MAIN_STACK: "prod.yaml"}), _COPY, {"inputs.web.tags.env": "dr", "region": "us-1"}, _RULES)
    read = read_document("", made.files["environments/dr.yaml"]).data
    assert read == {"extends": "prod.yaml", "modules": {"web": {"inputs": {"tags": {"env": "dr"}}}}}
    added = '  dr: {branch: main, region: us-1, verify: [{http: "https://prod.example.com"}]}\n'
    assert read_document("", made.files["tfops.yaml"]).data == read_document("", _RULES + added).data


@pytest.mark.parametrize(
    ("parents", "path"), [({}, "inputs.web.tags.env"), ({MAIN_STACK: "prod.yaml"}, "inputs.web.tags")]
)
def test_a_whole_copy_says_all_of_it(parents: Mapping[StackName, str], path: str) -> None:
    value = "dr" if path.endswith("env") else "{env: dr}"
    made = draft(original(parents), _COPY, {path: value}, _RULES)
    wanted = read_document("", _TEXT).data
    wanted["modules"]["web"]["inputs"]["tags"] = {"env": "dr"} | ({} if path.endswith("tags") else {"team": "web"})
    assert read_document("", made.files["environments/dr.yaml"]).data == wanted


def test_a_text_stays_a_text_and_all_else_is_yaml() -> None:
    settings = {"inputs.web.zip": "42", "inputs.web.size": "4", "inputs.web.token": "{from: env:OTHER}", "deletes": "2"}
    made = draft(original({}), _COPY, settings, _RULES)
    assert made.settings == {
        "inputs.web.zip": "42", "inputs.web.size": 4, "inputs.web.token": {"from": "env:OTHER"}, "deletes": 2,
    }  # fmt: skip


def test_each_stack_has_a_file() -> None:
    made = draft(original({}, "app", "net"), _COPY, {"inputs.net/web.name": "dr"}, _RULES)
    assert {path for path in made.files if "dr" in path} == {"environments/dr/app.yaml", "environments/dr/net.yaml"}
    assert (
        "name: dr" in made.files["environments/dr/net.yaml"] and "shop-prod" in made.files["environments/dr/app.yaml"]
    )


def test_an_input_goes_by_its_short_name_where_one_module_has_it() -> None:
    assert full_path(original({}), "inputs.size") == "inputs.web.size"
    with pytest.raises(UsageError):
        full_path(original({}, "app", "net"), "inputs.size")
    with pytest.raises(UsageError):
        draft(original({}), _COPY, {"inputs.wbe.size": "1"}, _RULES)
