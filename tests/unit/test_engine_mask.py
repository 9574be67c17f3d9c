"""Whatever a secret looks like and however it is written on the way: its value is found and masked."""

import base64
import json
import shlex
import urllib.parse

from hypothesis import given
from hypothesis import strategies as st

from tfops.engine.mask import MASK, Masker
from tfops.engine.text import safe_text

# Any text that an environment variable can hold, of a length that makes it a secret.
SECRETS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=8, max_size=200).filter(
    lambda text: len(text.strip()) >= 8 and MASK not in text
)
BYTES = st.binary(max_size=8)


@given(SECRETS, st.text(max_size=20), st.text(max_size=20))
def test_the_value_itself_never_stays(secret: str, before: str, after: str) -> None:
    assert secret not in Masker([secret])(before + secret + after).replace(MASK, "")


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


@given(SECRETS, BYTES, BYTES)
def test_as_a_part_of_something_that_is_base64_only_its_edges_stay(secret: str, before: bytes, after: bytes) -> None:
    """At either edge a character may hold bits of both: less than a byte of the secret."""
    whole = base64.b64encode(before + secret.encode() + after).decode()
    for encoded in (whole, whole.replace("+", "-").replace("/", "_")):
        rest = Masker([secret])(encoded).replace(MASK, "").rstrip("=")
        assert len(rest) * 6 <= len(before + after) * 8 + 3 * 8


@given(st.binary(min_size=60, max_size=300))
def test_base64_broken_into_lines_is_masked_line_by_line(content: bytes) -> None:
    secret = base64.b85encode(content).decode()
    for width in (64, 76):
        whole = base64.b64encode(secret.encode()).decode()
        lines = [whole[start : start + width] for start in range(0, len(whole), width)]
        masked = Masker([secret])("\n".join(lines)).splitlines()
        assert all(line == MASK or len(line) < 8 for line in masked)


@given(st.lists(SECRETS, min_size=2, max_size=5))
def test_each_line_of_a_secret_is_one(lines: list[str]) -> None:
    secret = "\n".join(lines)
    mask = Masker([secret])
    for line in secret.splitlines():
        if len(line.strip()) >= 6:
            assert line.strip() not in mask(f"<{line.strip()}>").replace(MASK, "")


@given(SECRETS, st.text())
def test_masking_twice_is_masking_once(secret: str, text: str) -> None:
    mask = Masker([secret])
    once = mask(text + secret + shlex.quote(secret))
    assert mask(once) == once


@given(st.text(max_size=2), st.text())
def test_a_value_too_short_to_be_a_secret_masks_nothing(secret: str, text: str) -> None:
    assert Masker([secret])(text) == text
