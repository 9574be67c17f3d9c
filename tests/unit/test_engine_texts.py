"""What leaves the engine stage as text: masked, harmless on a terminal, with advice."""

import base64
import json
import urllib.parse

import pytest

from tfops.engine.advice import advice_for, is_state_locked, wants_init
from tfops.engine.failures import engine_error
from tfops.engine.mask import MASK, Masker
from tfops.engine.text import safe_lines, safe_text
from tfops.errors import EngineFailed, Locked, Refused
from tfops.records.engine_events import Diagnostic

SECRET = 'pä$$ "word"/+\n-----second line-----'


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(SECRET.encode()).decode().rstrip("="),
        urllib.parse.quote(SECRET, safe=""),
        "-----second line-----",
        'pä$$ "word"/+',
    ],
    ids=["plain", "JSON", "JSON with letters", "base64", "base64 unpadded", "URL", "last line", "first line"],
)
def test_a_secret_is_masked_in_the_forms_that_it_takes_on_the_way(form: str) -> None:
    assert Masker([SECRET])(f"before {form} after") == f"before {MASK} after"


def test_every_place_of_every_secret_is_masked() -> None:
    assert Masker(["one-secret", "two-secret"])("one-secret two-secret one-secret") == f"{MASK} {MASK} {MASK}"


@pytest.mark.parametrize("secrets", [["pass", "password1"], ["password1", "pass"]])
def test_the_longest_secret_goes_first(secrets: list[str]) -> None:
    assert Masker(secrets)("password1 pass") == f"{MASK} {MASK}"


def test_a_secret_too_short_to_be_one_does_not_mask_every_text() -> None:
    assert Masker(["", "a", "ab"])("abracadabra") == "abracadabra"
    assert Masker(["abr"])("abracadabra") == f"{MASK}acad{MASK}a"


def test_short_lines_of_a_long_secret_are_left_alone() -> None:
    assert Masker(["{\n  long enough\n}"])("{ } x") == "{ } x"


def test_without_secrets_text_stays_as_it_is() -> None:
    assert Masker([])("anything") == "anything"


def test_a_secret_that_is_not_utf_8_is_masked_too() -> None:
    assert Masker(["caf\udce9-secret"])("x caf\udce9-secret") == f"x {MASK}"


def test_what_overlaps_becomes_one_mask_and_what_is_masked_stays() -> None:
    assert Masker(["abcdef", "defghi"])("abcdefghi") == MASK
    once = Masker(["secret"])("a secret")
    assert Masker(["secret", "ret)"])(once) == once == f"a {MASK}"


def test_what_becomes_known_later_is_masked_from_then_on() -> None:
    mask = Masker()
    assert mask("late-secret") == "late-secret"
    mask.add(["late-secret"])
    assert mask("late-secret") == MASK


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("plain é 漢 😀", "plain é 漢 😀"),
        ("\x1b[31mred\x1b[0m", " [31mred [0m"),
        ("\x1b]0;title\x07", " ]0;title "),
        ("\x9b31m", " 31m"),
        ("a\rb\nc\td\0", "a b c d "),
        ("a\u202eb\u2066c\u200fd", "a b c d"),
        ("a\u200bb\ufeffc\u00add", "a b c d"),
        ("a\ud800b", "a b"),
        ("a\ue000b", "a b"),
        ("a\x7fb", "a b"),
    ],
)
def test_what_acts_on_a_terminal_becomes_a_space(text: str, safe: str) -> None:
    assert safe_text(text) == safe


@pytest.mark.parametrize(
    ("length", "longest", "expected"),
    [(5, 5, "xxxxx"), (6, 5, "xxxx…"), (100, 5, "xxxx…"), (2000, 2000, "x" * 2000), (2001, 2000, "x" * 1999 + "…")],
)
def test_text_is_cut_at_its_longest(length: int, longest: int, expected: str) -> None:
    assert safe_text("x" * length, longest) == expected


def test_the_default_cap_is_two_thousand() -> None:
    assert len(safe_text("x" * 5000)) == 2000


def test_lines_stay_lines_and_each_is_cut() -> None:
    assert safe_lines("one\n\x1btwo\nthree four", 6) == "one\n two\nthree…"


@pytest.mark.parametrize("separator", ["\u2028", "\u2029"])
def test_a_line_separator_does_not_split_one_line(separator: str) -> None:
    assert len(safe_text(f"a{separator}b").splitlines()) == 1


def error(summary: str, detail: str = "") -> Diagnostic:
    return Diagnostic(is_error=True, summary=summary, detail=detail)


@pytest.mark.parametrize(
    ("summary", "detail", "word"),
    [
        ("Error acquiring the state lock", "ConditionalCheckFailedException", "force-unlock"),
        ("Failed to query available provider packages", "could not connect", "mirror"),
        ("Failed to install provider", "Error while installing", "mirror"),
        ("Inconsistent dependency lock file", "", "provider lock"),
        ("Failed to query", "locked provider x 1.0.0 does not match configured version constraint", "providers update"),
        ("Inconsistent", "locked version 1.0.0 doesn't match the updated version constraints", "providers update"),
        ("No valid credential sources found", "", "credentials"),
        ("Retrieving AWS account", "ExpiredToken: the token is expired", "credentials"),
        ("Missing required argument", 'The argument "x" is required', "inputs"),
        ("Unsupported argument", "", "inputs"),
        ("Unsupported attribute", "", "outputs"),
        ("Invalid target", "Action specification must start with `action`.", "tfops help invoke"),
        ("action module.w.action.x.y does not exist in the configuration", "", "tfops help invoke"),
        ("Instance cannot be destroyed", "lifecycle.prevent_destroy", "protects"),
        ("Unsupported Terraform Core version", "", "tfops doctor"),
        ("Error refreshing state: Unsupported state file format", "uses format version 5", "--engine PATH"),
        ("Failed to save state", "write: no space left on device", "disk is full"),
        (
            "Failed to query available provider packages",
            "could not connect to r.example: failed to request discovery document: dial tcp: no such host",
            "a provider can't be downloaded",
        ),
        (
            "Error accessing remote module registry",
            "Failed to retrieve available versions: failed to request discovery document: dial tcp: no such host",
            "a module can't be downloaded",
        ),
        ("Failed to download module", "Could not download module: git exited with 128", "a module can't be downloaded"),
        ("Invalid host", "failed to request discovery document: dial tcp: no such host", "a registry doesn't answer"),
        ("Error refreshing state", "dial tcp: connection refused", "the cloud doesn't answer"),
    ],
)
def test_errors_that_people_meet_come_with_advice(summary: str, detail: str, word: str) -> None:
    assert word in advice_for([error("something else"), error(summary, detail)])


@pytest.mark.parametrize(
    "said",
    [
        "the local package for x 1.0.0 doesn't match any of the checksums previously recorded",
        "the cached package for x 1.0.0 (in .terraform/providers) does not match any of the checksums",
    ],
)
def test_another_build_of_a_provider_is_an_alarm(said: str) -> None:
    found = engine_error("the initialization failed", (Diagnostic(True, "Failed to install provider", said),))
    assert isinstance(found, Refused)
    assert (found.guard, "don't lock it anew" in found.hint) == ("provider-build", True)


def test_an_unknown_error_comes_without_advice() -> None:
    assert advice_for([error("the moon is full")]) == ""
    assert advice_for([]) == ""


@pytest.mark.parametrize(
    ("summary", "does_want"),
    [
        ("Module not installed", True),
        ("Module source has changed", True),
        ("Required plugins are not installed", True),
        ('Backend initialization required, please run "terraform init"', True),
        ("Initialization required. Please see the error message above.", True),
        ("Missing required provider", True),
        ("Missing required argument", False),
        ("Error acquiring the state lock", False),
    ],
)
def test_some_errors_are_cured_by_init(summary: str, does_want: bool) -> None:
    assert wants_init([error("other"), error(summary)]) is does_want


def test_a_held_state_lock_is_locked_and_anything_else_is_the_engines_failure() -> None:
    locked, failed = error("Error acquiring the state lock", "ID: 1"), error("no", "really")
    assert is_state_locked([failed, locked])
    assert not is_state_locked([failed])
    assert isinstance(engine_error("the plan failed", (locked,)), Locked)
    found = engine_error("the plan failed", (failed, Diagnostic(True, "here", where="main.tf:3")))
    assert isinstance(found, EngineFailed)
    assert (found.what, found.why, found.hint) == ("the plan failed", "no: really\nhere (main.tf:3)", "")
