"""What a module declares is found in every layout that Terraform takes: what can't be read isn't absent."""

import json
from pathlib import Path

import pytest

from tests.support.layouts import layouts
from tests.support.memory_tree import project_tree, rules_and_environment
from tfops.config.modules.declarations import declared_by
from tfops.config.modules.flow import output_needs
from tfops.config.modules.hcl import parse_expression, read_blocks
from tfops.config.modules.module import read_interface
from tfops.config.modules.moves import declared_moves
from tfops.config.modules.protection import protected_addresses, protected_blocks

LAYOUTS = layouts()
_VARIABLES = {"names_in_any_script": "v_gr\u00f6\u00dfe_", "combined_characters": "v_u\u0308_"}


@pytest.mark.parametrize("name", LAYOUTS)
def test_inputs_protections_and_moves_are_found_in_every_layout(name: str, tmp_path: Path) -> None:
    text = LAYOUTS[name]
    variable = _VARIABLES.get(name, "v_") + name
    interface = read_interface({"main.tf": text})
    assert interface.is_whole
    assert list(interface.variables) == [variable]
    assert interface.variables[variable].default == "x"
    assert interface.outputs.keys() == {f"o_{name}"}
    assert protected_blocks(text, is_json=False) == {f"terraform_data.keep_{name}"}
    assert output_needs({"main.tf": text}) == {f"o_{name}": {variable}}
    (tmp_path / "main.tf").write_text(text, encoding="utf-8", newline="")
    assert declared_moves({"app": tmp_path}) == {
        f"module.app.terraform_data.keep_{name}": f"module.app.terraform_data.old_{name}"
    }


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_expression_is_read_by_itself(name: str) -> None:
    for block in read_blocks(LAYOUTS[name], is_json=False):
        for attribute in block.attributes.values():
            assert attribute.node().text.strip()


def test_names_and_texts_are_the_original_ones() -> None:
    odd = '{ # {\n gr\u00f6\u00dfe = "$${a} \\u00e9 # \\"",\n "\u2028" = [1, /* 2, */ 3]\n}'
    assert parse_expression(odd).literal() == {"gr\u00f6\u00dfe": '${a} \u00e9 # "', "\u2028": [1, 3]}
    assert parse_expression('<<-EOT\n  a } # b\n   "c\n  EOT').literal() == 'a } # b\n "c\n'


@pytest.mark.parametrize(
    ("text", "variables", "protected"),
    [
        ('{"variable": {"a": {}}, "variable": {"b": {}}}', {"a", "b"}, set()),
        ('[{"variable": {"a": {}}}, {"variable": [{"b": {}}]}]', {"a", "b"}, set()),
        (
            '{"resource": {"x": {"a": {}}, "x": {"b": {"lifecycle": {"prevent_destroy": "true"}}}}}',
            set(),
            {"x.b"},
        ),
        ('{"resource": {"x": {"b": {"lifecycle": {"prevent_destroy": "false"}}}}}', set(), set()),
    ],
)
def test_json_may_say_a_name_twice_and_be_a_list(text: str, variables: set[str], protected: set[str]) -> None:
    assert read_interface({"main.tf.json": text}).variables.keys() == variables
    assert protected_blocks(text, is_json=True) == protected


@pytest.mark.parametrize(
    "text", ["a {", "a }", 'a = "x', "a = <<E\n", 'a "${x}" {}', "a = [}", "= 1", "a =\n", "{" * 9000]
)
def test_what_no_engine_reads_is_an_error_and_no_endless_search(text: str) -> None:
    with pytest.raises(ValueError, match="not valid HCL"):
        read_blocks(text, is_json=False)


def test_of_a_module_that_can_not_be_read_nothing_is_said_to_be_gone(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        'resource "a" "b" {\n  lifecycle {\n    prevent_destroy = true\n', encoding="utf-8"
    )
    (tmp_path / "more.tf.json").write_text(json.dumps({"resource": {"a": {"c": {}}}}), encoding="utf-8")
    found = protected_addresses({"app": tmp_path})
    assert [address in found for address in ("module.app.a.b", 'module.app.a.c["k"]', "module.app.module.in.a.b")] == [
        True, True, False,
    ]  # fmt: skip
    tree = project_tree(dev="modules:\n  network: {source: network}\n")
    tree = type(tree)({**tree.files, "modules/network/broken.tf": 'resource "a" "b" {\n'})
    declared = declared_by(tree, rules_and_environment(tree)[1])
    assert declared.unread == {"modules/network/broken.tf"}
    assert "module.network." in declared.unseen
