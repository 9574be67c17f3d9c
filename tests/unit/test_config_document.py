"""YAML with places: what is read, what is refused, and where each complaint points."""

from typing import Any

import pytest

from tests.support.memory_tree import said
from tfops.config.document import Document, read_document
from tfops.records.complaint import Mark


def read(text: str) -> Document:
    return read_document("f.yaml", text)


def problems(text: str) -> list[str]:
    return said(tuple(read(text).complaints))


def value(text: str) -> Any:
    document = read(f"a: {text}")
    assert document.complaints == []
    return document.data["a"]


def test_every_value_has_the_place_where_it_stands() -> None:
    document = read("a: 1\nb:\n  c: [x, {d: y}]\n")
    assert document.marks == {
        (): Mark("f.yaml", 1, 1),
        ("a",): Mark("f.yaml", 1, 1),
        ("b",): Mark("f.yaml", 2, 1),
        ("b", "c"): Mark("f.yaml", 3, 3),
        ("b", "c", 0): Mark("f.yaml", 3, 7),
        ("b", "c", 1): Mark("f.yaml", 3, 10),
        ("b", "c", 1, "d"): Mark("f.yaml", 3, 11),
    }


def test_a_place_that_is_not_there_is_the_nearest_one_around_it() -> None:
    document = read("a:\n  b: 1\n")
    assert document.mark(("a", "c", "d")) == Mark("f.yaml", 1, 1)
    assert document.mark(("a", "b", "d")) == Mark("f.yaml", 2, 3)
    assert read("").mark(("a",)) == Mark("f.yaml", 1, 1)


def test_a_complaint_carries_its_line() -> None:
    complaint = read("a: 1\n  \nb: .inf   # why\n").complaints[0]
    assert complaint.source_line == "b: .inf   # why"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", 1),
        ("1.5", 1.5),
        ("true", True),
        ("null", None),
        ("~", None),
        ("", None),
        ("yes", "yes"),
        ("no", "no"),
        ("0o17", 15),
        ("0x1f", 31),
        ("1:30", "1:30"),
        ("10.10.0.0/16", "10.10.0.0/16"),
        ("'1'", "1"),
        ("1.4.2", "1.4.2"),
        ("2024-01-31", "2024-01-31"),
        ("2024-01-31T10:00:00Z", "2024-01-31T10:00:00Z"),
        ("{}", {}),
        ("[]", []),
        ("'${x}'", "${x}"),
        ("!!str 12", "12"),
        ("é", "é"),
    ],
)
def test_values_are_what_yaml_1_2_says_and_dates_stay_text(text: str, expected: object) -> None:
    found = value(text)
    assert found == expected
    assert isinstance(found, type(expected))


def test_keys_are_text_whatever_they_look_like() -> None:
    assert read("1: a\ntrue: b\nnull: c\n").data == {"1": "a", "true": "b", "null": "c"}


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n"])
def test_a_file_without_content_is_no_data_and_no_complaint(text: str) -> None:
    document = read(text)
    assert document.data is None
    assert document.complaints == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", ["f.yaml:3:1: `a` is there twice"]),
        ("x:\n  a: 1\n  a: 2\n", ["f.yaml:3:3: `a` is there twice"]),
        (
            "a: b: c\n",
            ["f.yaml:1:5: not valid YAML: a `:` that can't be here (wrong indentation? or quote the whole text)"],
        ),
        ("a: [1\nb: 2\n", ["f.yaml:2:2: not valid YAML: expected ',' or ']', but got ':'"]),
        ("\ta: 1\n", ["f.yaml:1:1: not valid YAML: a tab where a space must be"]),
        ("a: @x\n", ["f.yaml:1:4: not valid YAML: a text can't begin with `@` (put it in quotes)"]),
        (
            "a: *nope\n",
            ["f.yaml:1:4: not valid YAML: `*nope` names nothing above it (put a text that begins with `*` in quotes)"],
        ),
        ("a: 1\n---\nb: 2\n", ["f.yaml:2:1: not valid YAML: a second document begins here: a file has one"]),
        ("x: 1\na: [1,\n  2\n", ["f.yaml:2:4: not valid YAML: what begins here is never closed"]),
        ("x: 1\na: {b: 1\n", ["f.yaml:2:4: not valid YAML: what begins here is never closed"]),
        ('x: 1\na: "b\nc: d\n', ["f.yaml:2:4: not valid YAML: what begins here is never closed"]),
        (
            "a:\n  b: 1\n c: 2\n",
            ["f.yaml:3:2: not valid YAML: this doesn't fit what is before it (wrong indentation or quotes?)"],
        ),
        (
            "a: 'it's'\n",
            ["f.yaml:1:8: not valid YAML: this doesn't fit what is before it (wrong indentation or quotes?)"],
        ),
        ("a: 1\nb\n", ["f.yaml:2:1: not valid YAML: a `:` is missing after this"]),
        (
            "a: - b\n",
            ["f.yaml:1:4: not valid YAML: a `-` that can't be here (a list begins on a line of its own)"],
        ),
        (
            "a: 1\n<<<<<<< HEAD\nb: 1\n=======\n>>>>>>> x\n",
            ["f.yaml:2:1: not valid YAML: a merge conflict that isn't resolved"],
        ),
        (
            "a: \x01\n",
            ["f.yaml:1:1: not valid YAML: unacceptable character #x0001: special characters are not allowed"],
        ),
        ("a:\n  - .inf\n", ["f.yaml:2:5: `.inf` is not a number that Terraform knows"]),
        ("a: .nan\n", ["f.yaml:1:4: `.nan` is not a number that Terraform knows"]),
        ("a: -.inf\n", ["f.yaml:1:4: `-.inf` is not a number that Terraform knows"]),
        ("a: 1e99999\n", ["f.yaml:1:4: `1e99999` is not a number that Terraform knows"]),
        ("a: 1e9999999999999999999\n", ["f.yaml:1:4: `1e9999999999999999999` can't be read as a value"]),
        ("a: !!int x\n", ["f.yaml:1:4: `x` can't be read as a value"]),
        ("a: !mine x\n", ["f.yaml:1:4: `x` can't be read as a value"]),
        ("a: !!python/object:os.system ls\n", ["f.yaml:1:4: `ls` can't be read as a value"]),
        ("a: !!binary aGk=\n", ["f.yaml:1:4: values of the kind `tag:yaml.org,2002:binary` are not supported"]),
        ("? [a, b]\n: c\n", ["f.yaml:1:3: a key must be text"]),
        (
            "x: &x {a: 1}\ny:\n  <<: *x\n",
            ["f.yaml:3:3: merge keys (`<<`) are not supported (inherit with: extends: FILE)"],
        ),
        ("&a [*a]\n", ["f.yaml:1:1: the file unfolds to too many values (aliases inside aliases?)"]),
        ("&a {b: *a}\n", ["f.yaml:1:1: the file unfolds to too many values (aliases inside aliases?)"]),
        ("a: caf\udce9\n", ["f.yaml:1:1: the file is not UTF-8 text"]),
        ("a: " + "x" * 1_000_000, ["f.yaml:1:1: the file is larger than 1000 kB"]),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, expected: list[str]) -> None:
    assert problems(text) == expected


def test_two_mistakes_are_two_complaints() -> None:
    assert problems("a: .inf\nb: 1\nb: 2\n") == [
        "f.yaml:1:4: `.inf` is not a number that Terraform knows",
        "f.yaml:3:1: `b` is there twice",
    ]


def test_the_first_of_two_equal_keys_counts() -> None:
    assert read("a: 1\na: 2\n").data == {"a": 1}


def test_an_alias_is_a_copy_with_the_marks_of_what_it_names() -> None:
    document = read("a: &x [1, 2]\nb: *x\n")
    assert document.data == {"a": [1, 2], "b": [1, 2]}
    assert document.data["a"] is not document.data["b"]
    assert document.mark(("b", 1)) == Mark("f.yaml", 1, 11)


def test_a_bomb_of_aliases_is_refused_before_it_unfolds() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert problems("\n".join(lines)) == [
        "f.yaml:1:1: the file unfolds to too many values (aliases inside aliases?)",
    ]


def test_deep_nesting_is_refused_not_a_crash() -> None:
    [problem] = problems("[" * 5000)
    assert problem.startswith("f.yaml:1:")


@pytest.mark.parametrize("text", ["!!bool maybe", '!!int ""', '!!float ""', "!!int _"])
def test_a_tag_that_does_not_fit_its_value_is_a_complaint(text: str) -> None:
    [problem] = problems(f"a: {text}")
    assert problem.startswith("f.yaml:1:4: ")


@pytest.mark.parametrize("text", [r'"\ud800"', r'"\udc80"'])
def test_an_escape_that_is_no_character_is_a_complaint(text: str) -> None:
    assert problems(f"a: {text}") == ["f.yaml:1:4: the text holds half a character (a lone surrogate)"]


def test_an_anchor_may_be_used_again() -> None:
    document = read_document("x.yaml", "a: &n 1\nb: &n 2\nc: *n\n")
    assert (document.data, document.complaints) == ({"a": 1, "b": 2, "c": 2}, [])
