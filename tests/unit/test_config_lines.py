"""The merged configuration as text: it reads back as it was, and every value knows its place."""

import pytest

from tests.support.memory_tree import PROJECT, project_tree
from tfops.config.document import read_document
from tfops.config.environment import stack_document
from tfops.config.lines import config_lines, scalar_text
from tfops.records.names import MAIN_STACK, EnvName

NESTED = {
    "a b": ["x: y", "- z", "#", "", " pad ", "null", "1.10", "é😀", "multi\nline", "'", '"', "a: ", "[x]"],
    "deep": [[[1, None], []], {"k": {"from": "env:X"}, "${x}": {}}, {"from": "a", "to": [{}]}],
    "numbers": [1, 1.5, True, 10**30],
    "long": [f"value-{number}" for number in range(20)],
}


def test_what_is_shown_reads_back_as_what_it_was() -> None:
    document = read_document("x.yaml", "")
    document.data = NESTED
    text = "\n".join(line.text for line in config_lines(document))
    assert read_document("x.yaml", text).data == NESTED, text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("10.0.0.0/16", "10.0.0.0/16"),
        ("1.10", '"1.10"'),
        ("yes: no", '"yes: no"'),
        ("", '""'),
        ("${module.a.b}", '"${module.a.b}"'),
        ("a #b", '"a #b"'),
        (True, "true"),
        (None, "null"),
        ("null", '"null"'),
    ],
)
def test_quotes_are_only_where_they_must_be(value: object, text: str) -> None:
    assert scalar_text(value) == text


def test_every_value_says_which_file_it_came_from() -> None:
    tree = project_tree(
        tfops=PROJECT + "defaults: {service: {size: small}}\n",
        base="modules:\n  app:\n    source: service\n    inputs: {image: a, zones: [a]}\n",
        dev="extends: base.yaml\nmodules:\n  app:\n    inputs: {zones: [{x: 1}], pw: {from: 'env:PW'}}\n",
    )
    lines = config_lines(stack_document(tree, EnvName("dev"), MAIN_STACK))
    assert [(line.text, str(line.mark), line.is_default) for line in lines if line.mark] == [
        ("    source: service", "environments/base.yaml:3:5", False),
        ("      image: a", "environments/base.yaml:4:14", False),
        ("          x: 1", "environments/dev.yaml:4:23", False),
        ("      pw: {from: env:PW}", "environments/dev.yaml:4:31", False),
        ("      size: small", "tfops.yaml:5:22", True),
    ]
