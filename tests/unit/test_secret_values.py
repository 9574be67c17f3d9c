"""What a reference means inside of what its place holds."""

import json
from typing import Any

import pytest

from tfops.change.secret_values import is_in_clear, texts_in, value_in
from tfops.system.secret_stores import Unavailable


def why(content: Any, key: str = "") -> str:
    found = value_in(content, key)
    assert isinstance(found, Unavailable), found
    return found.why


@pytest.mark.parametrize("number", ["3.14159265358979323846", "1.50", "1e400", "-0", "12345678901234567890123", "NaN"])
def test_a_number_of_json_is_kept_as_it_is_written(number: str) -> None:
    assert value_in(f'{{"a": {{"b": [{number}]}}}}', "a.b.0") == number


def test_words_of_json_are_kept_and_null_is_said() -> None:
    content = '{"yes": true, "no": false, "none": null, "empty": ""}'
    assert [value_in(content, key) for key in ("yes", "no", "empty")] == ["true", "false", ""]
    assert why(content, "none") == "the value of `none` is null"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("a.b", "as written"),
        ('data."tls.crt"', "crt"),
        ('"x.y"."z.w"', "deep"),
        (r'"q\"uo.te"', "quote"),
        ("list.1.k", "second"),
        ('"plain"', "text"),
    ],
)
def test_a_key_is_as_it_is_written_or_steps_and_quotes_keep_its_dots(key: str, value: str) -> None:
    content = {
        "a.b": "as written",
        "data": {"tls.crt": "crt"},
        "x.y": {"z.w": "deep"},
        'q"uo.te': "quote",
        "list": [{}, {"k": "second"}],
        "plain": "text",
    }
    assert value_in(content, key) == value


def test_a_key_that_is_not_there_is_said_with_what_to_write() -> None:
    found = value_in({"data": {"tls.crt": "x"}}, "data.tls.crt")
    assert isinstance(found, Unavailable)
    assert (found.why, found.hint) == (
        "there is no key `data.tls.crt` in it",
        'a key with a dot is written in quotes: data."tls.crt"',
    )
    for key in ("nope", "data.nope", "data..", '"data', "data.1", ""):
        assert isinstance(value_in({"data": {"a": {}}}, key), Unavailable), key
    assert why("[1]", "a") == "it is not a JSON object, so it has no keys"


@pytest.mark.parametrize("text", ["\ud800", "a\udcff"])
def test_half_a_character_is_said(text: str) -> None:
    assert why(text).startswith("it is not Unicode text")
    assert why(json.dumps({"a": text}), "a").startswith("it is not Unicode text")


@pytest.mark.parametrize(
    ("path", "text", "key", "in_clear"),
    [
        ("a.yaml", "db: {password: 'ENC[AES256_GCM,data:x]', port_unencrypted: 5432}", "db.password", False),
        ("a.yaml", "db: {password: 'ENC[AES256_GCM,data:x]', port_unencrypted: 5432}", "db.port_unencrypted", True),
        ("a.yaml", "empty: ''\nnone: null\nflag: false", "empty", False),
        ("a.yaml", "empty: ''\nnone: null\nflag: false", "none", False),
        ("a.yaml", "empty: ''\nnone: null\nflag: false", "flag", True),
        ("a.json", '{"a": {"b": ["ENC[x]", "open"]}}', "a.b.0", False),
        ("a.json", '{"a": {"b": ["ENC[x]", "open"]}}', "a.b.1", True),
        ("a.env", "# A=no\nA=ENC[x]\nB_unencrypted=open\n", "A", False),
        ("a.env", "# A=no\nA=ENC[x]\nB_unencrypted=open\n", "B_unencrypted", True),
        ("a.ini", "[s]\nA = ENC[x]\nB = open\n", "s.A", False),
        ("a.ini", "[s]\nA = ENC[x]\nB = open\n", "s.B", True),
        ("a.json", "{", "a", False),
        ("a.ini", "no section", "a", False),
        ("a.yaml", "a: ENC[x]", "nope", False),
    ],
)
def test_a_value_that_sops_left_in_clear_is_told(path: str, text: str, key: str, in_clear: bool) -> None:
    assert is_in_clear(path, text, key) is in_clear


@pytest.mark.parametrize(
    ("content", "key", "expected"),
    [
        ('{"a": 1.50, "b": ["x"]}', "", '{"a": 1.50, "b": ["x"]}'),
        ('{"in": {"a": 3.14159265358979323846}}', "in", '{"a": 3.14159265358979323846}'),
        ({"in": ["x", {"y": "z"}]}, "in", '["x", {"y": "z"}]'),
        ({"in": '["x"]'}, "in", '["x"]'),
    ],
)
def test_a_secret_for_a_list_or_a_map_is_json(content: Any, key: str, expected: str) -> None:
    assert value_in(content, key, is_compound=True) == expected


@pytest.mark.parametrize("content", ["text", "1", '"text"', "null", "{"])
def test_what_is_no_json_of_a_list_or_a_map_is_none(content: str) -> None:
    found = value_in(content, "", is_compound=True)
    assert isinstance(found, Unavailable)
    assert "no JSON of one" in found.why


def test_the_texts_inside_of_a_secret_are_secrets() -> None:
    assert list(texts_in('{"a": ["one", {"b": "two"}], "c": 12345}')) == ["one", "two", "12345"]
