"""Whatever a secret looks like and however it is written on the way: its value is found and masked."""

import base64
import html
import io
import json
import shlex
import unicodedata
import urllib.parse
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, SingleQuotedScalarString

from tfops.engine.mask import MASK, Masker
from tfops.engine.text import safe_text

# Long and strange secrets have many forms; how long that takes on a busy machine says nothing.
PATIENT = settings(deadline=None, max_examples=30)
# Any text that an environment variable can hold, of a length that makes it a secret.
SECRETS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=8, max_size=60).filter(
    lambda text: len(text.strip()) >= 8 and MASK not in text
)
BYTES = st.binary(max_size=8)


@PATIENT
@given(SECRETS, st.text(max_size=20), st.text(max_size=20))
def test_the_value_itself_never_stays(secret: str, before: str, after: str) -> None:
    assert secret not in Masker([secret])(before + secret + after).replace(MASK, "")


@PATIENT
@given(SECRETS)
def test_every_way_to_write_it_down_is_masked_as_a_whole(secret: str) -> None:
    mask, raw = Masker([secret]), secret.encode()
    once = json.dumps(secret, ensure_ascii=False)[1:-1]
    go, address = once, json.dumps(once, ensure_ascii=False)[1:-1]
    for character in "<>&":
        go, address = (text.replace(character, f"\\u{ord(character):04x}") for text in (go, address))
    written = {
        "JSON": json.dumps(secret)[1:-1],
        "JSON with letters": json.dumps(secret, ensure_ascii=False)[1:-1],
        "Go's JSON": go,
        "a resource's key in Go's JSON": address,
        "JSON in JSON": json.dumps(json.dumps(secret)[1:-1])[1:-1],
        "URL": urllib.parse.quote(secret, safe=""),
        "URL path": urllib.parse.quote(secret),
        "form": urllib.parse.quote_plus(secret),
        "base64": base64.b64encode(raw).decode(),
        "base64 without padding": base64.b64encode(raw).decode().rstrip("="),
        "base64 for URLs": base64.urlsafe_b64encode(raw).decode(),
        "base64 in a URL": urllib.parse.quote(base64.b64encode(raw).decode(), safe=""),
        "Python": repr(secret)[1:-1],
        "HCL": secret.replace("${", "$${").replace("%{", "%%{"),
        "made safe": safe_text(secret),
    }
    assert {name: mask(f"<{text}>") for name, text in written.items()} == dict.fromkeys(written, f"<{MASK}>")


def yaml(text: str, kind: type[str]) -> str:
    """What stands between the quotes of a YAML text, in one line."""
    writer, stream = YAML(), io.StringIO()
    writer.width = 100_000
    writer.allow_unicode = len(text) % 2 == 0
    writer.dump([kind(text)], stream)
    return stream.getvalue().strip()[3:-1]


def shell(text: str) -> str:
    quoted = shlex.quote(text)
    return quoted[1:-1] if quoted.startswith("'") else quoted


# Written by others than the code under test.
WRITERS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "NFC": lambda text: unicodedata.normalize("NFC", text),
    "NFD": lambda text: unicodedata.normalize("NFD", text),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON with letters": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON for JavaScript": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "HCL": lambda text: json.dumps(text, ensure_ascii=False)[1:-1].replace("${", "$${").replace("%{", "%%{"),
    "YAML": lambda text: yaml(text, DoubleQuotedScalarString),
    "shell": shell,
    "URL": lambda text: urllib.parse.quote(text, safe=""),
    "URL path": urllib.parse.quote,
    "form": urllib.parse.quote_plus,
    "HTML": html.escape,
    "Python": lambda text: repr(text)[1:-1],
    "Python bytes": lambda text: repr(text.encode())[2:-1],
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
}
# YAML has no quotes around lines of a text in single quotes that has several.
NASTY = [
    'pä$${x} "w"/+<&>\' %{y} é\u0301!',
    "a'b\\c\"d`$(e)~f",
    "tab\tline\nnext\x1bend",
    "日本語/パスワード+=😀",
    "hunter2-plain",
]


@cache
def masker_of(secret: str) -> Masker:
    return Masker([secret])


@pytest.mark.parametrize("outer", WRITERS)
@pytest.mark.parametrize("inner", WRITERS)
def test_two_writers_at_once_are_masked_as_a_whole(inner: str, outer: str) -> None:
    """`docs/how-to/secrets.md`, "What masking does"."""
    for secret in NASTY:
        written = WRITERS[outer](WRITERS[inner](secret))
        assert masker_of(secret)(f"<{written}>") == f"<{MASK}>", (secret, written)


@PATIENT
@given(SECRETS, st.sampled_from(list(WRITERS)), st.sampled_from(list(WRITERS)))
def test_whatever_the_secret_two_writers_are_masked(secret: str, inner: str, outer: str) -> None:
    written = WRITERS[outer](WRITERS[inner](secret))
    assert Masker([secret])(f"<{written}>") == f"<{MASK}>"


def test_single_quotes_of_yaml_and_sql_are_masked() -> None:
    secret = "it's 'so' secret"
    for text in (yaml(secret, SingleQuotedScalarString), secret.replace("'", "''"), secret.replace("'", "\\'")):
        assert Masker([secret])(f"<{text}>") == f"<{MASK}>"


@PATIENT
@given(SECRETS, BYTES, BYTES)
def test_as_a_part_of_something_that_is_base64_only_its_edges_stay(secret: str, before: bytes, after: bytes) -> None:
    """At either edge a character may hold bits of both: less than a byte of the secret."""
    whole = base64.b64encode(before + secret.encode() + after).decode()
    for encoded in (whole, whole.replace("+", "-").replace("/", "_")):
        rest = Masker([secret])(encoded).replace(MASK, "").rstrip("=")
        assert len(rest) * 6 <= len(before + after) * 8 + 3 * 8


@PATIENT
@given(st.binary(min_size=60, max_size=150))
def test_base64_broken_into_lines_is_masked_line_by_line(content: bytes) -> None:
    secret = base64.b85encode(content).decode()
    for width in (64, 76):
        whole = base64.b64encode(secret.encode()).decode()
        lines = [whole[start : start + width] for start in range(0, len(whole), width)]
        masked = Masker([secret])("\n".join(lines)).splitlines()
        assert all(line == MASK or len(line) < 8 for line in masked)


@PATIENT
@given(st.lists(SECRETS, min_size=2, max_size=5))
def test_each_line_of_a_secret_is_one(lines: list[str]) -> None:
    secret = "\n".join(lines)
    mask = Masker([secret])
    for line in secret.splitlines():
        if len(line.strip()) >= 6:
            assert line.strip() not in mask(f"<{line.strip()}>").replace(MASK, "")


@PATIENT
@given(SECRETS, st.text())
def test_masking_twice_is_masking_once(secret: str, text: str) -> None:
    mask = Masker([secret])
    once = mask(text + secret + shlex.quote(secret))
    assert mask(once) == once


@PATIENT
@given(st.text(max_size=2), st.text())
def test_a_value_too_short_to_be_a_secret_masks_nothing(secret: str, text: str) -> None:
    assert Masker([secret])(text) == text


_PRIVATE = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\nabc+DEF/0123456789\n"


@pytest.mark.parametrize(
    "text",
    [
        "ssh-rsa AAAAMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgxyz ann",
        "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgx",
        '{"key": "xMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg"}',
    ],
)
def test_a_public_key_that_holds_a_line_of_the_private_one_stays_whole(text: str) -> None:
    """`docs/how-to/secrets.md`: a line is masked where it stands for itself."""
    assert Masker([_PRIVATE])(text) == text


@pytest.mark.parametrize("lead", ["", "    ", "| ", "\t", '"', "\\n", "\\r\\n", "%0A", "%0a", "\\u000a", "key="])
def test_a_line_of_a_private_key_is_masked_where_it_stands_for_itself(lead: str) -> None:
    line = _PRIVATE.splitlines()[1]
    assert Masker([_PRIVATE])(f"x {lead}{line}\n") == f"x {lead}{MASK}\n"


def test_types_names_and_paths_are_code_and_no_secrets() -> None:
    """`docs/how-to/secrets.md`: a secret that is a word of the configuration."""
    mask = Masker(["password", "app"])
    mask.keep(["module.app", ".random_password.db"])
    text = 'module.app["password"].random_password.db: app wants "password"'
    assert mask(text) == f'module.app["{MASK}"].random_password.db: {MASK} wants "{MASK}"'
    mask.keep(["app"])
    assert mask("app") == MASK, "code that is nothing but a secret is one"


def test_many_secrets_and_long_texts_are_no_matter_of_minutes() -> None:
    mask = Masker(f"secret-number-{number}" for number in range(500))
    text = "word " * 40_000 + "secret-number-499"
    assert mask(text).endswith(f"word {MASK}")
