"""Names become paths, refs and arguments: what is allowed, and every hostile one that isn't."""

from collections.abc import Callable

import pytest

from tfops.config import names

# What nobody may smuggle in, whatever the name is for.
HOSTILE = [
    "",
    ".",
    "..",
    "../x",
    "a/../b",
    "/",
    "/etc/passwd",
    "-",
    "-rf",
    "--upload-pack=x",
    " ",
    "a b",
    " a",
    "a ",
    "a;b",
    "a|b",
    "a&b",
    "$(a)",
    "`a`",
    "a\nb",
    "a\n",
    "\n",
    "a\0",
    "a\tb",
    "a\\b",
    "a:b",
    "a~1",
    "a^",
    "a?",
    "a[b]",
    "a{b}",
    "a'b",
    'a"b',
    "a#b",
    "é",
    "aé",
    "а",  # noqa: RUF001 - Cyrillic on purpose
    "a\u202eb",
    "a\u200b",
    "１",  # noqa: RUF001 - full width on purpose
    "\x1b[31m",
]

RULES: list[Callable[[str], bool]] = [
    names.is_environment_name,
    names.is_module_name,
    names.is_branch_name,
    names.is_branch_pattern,
    names.is_local_source,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_no_rule_lets_a_hostile_name_through(rule: Callable[[str], bool], name: str) -> None:
    assert not rule(name)


@pytest.mark.parametrize(
    ("name", "is_allowed"),
    [
        ("dev", True),
        ("d", True),
        ("1", True),
        ("eu-west-1", True),
        ("a" * 63, True),
        ("a" * 64, False),
        ("Dev", False),
        ("dev_1", False),
        ("dev.1", False),
        ("dev-", False),
        ("a/b", False),
        ("*", False),
    ],
)
def test_environment_names(name: str, is_allowed: bool) -> None:
    assert names.is_environment_name(name) is is_allowed


@pytest.mark.parametrize(
    ("name", "is_allowed"),
    [
        ("network", True),
        ("_x", True),
        ("My_module-2", True),
        ("a" * 63, True),
        ("a" * 64, False),
        ("2network", False),
        ("a.b", False),
        ("a/b", False),
    ],
)
def test_module_names(name: str, is_allowed: bool) -> None:
    assert names.is_module_name(name) is is_allowed


@pytest.mark.parametrize(
    ("name", "is_allowed"),
    [
        ("main", True),
        ("release/1.2", True),
        ("feature/a_b+c@d", True),
        ("dependabot/npm-and-yarn/x", True),
        ("a.b", True),
        ("release/*", False),
        ("a//b", False),
        ("a/", False),
        ("a/.b", False),
        ("a./b", False),
        ("a.", False),
        ("a..b", False),
        ("a.lock", False),
        ("@", False),
        (".a", False),
    ],
)
def test_branch_names(name: str, is_allowed: bool) -> None:
    assert names.is_branch_name(name) is is_allowed


@pytest.mark.parametrize(
    ("pattern", "is_allowed"),
    [("main", True), ("*", True), ("**", True), ("release/*", True), ("**/x", True), ("a..*", False), ("*/", False)],
)
def test_branch_patterns(pattern: str, is_allowed: bool) -> None:
    assert names.is_branch_pattern(pattern) is is_allowed


@pytest.mark.parametrize(
    ("path", "is_allowed"),
    [
        ("network", True),
        ("aws/network", True),
        ("a.b/c-d_e", True),
        ("./network", False),
        ("a/./b", False),
        ("a//b", False),
        ("a/", False),
        (".hidden", False),
    ],
)
def test_local_sources(path: str, is_allowed: bool) -> None:
    assert names.is_local_source(path) is is_allowed


@pytest.mark.parametrize("name", [*HOSTILE, "x" * 1000])
def test_a_shown_name_is_short_and_cannot_act_on_the_terminal(name: str) -> None:
    shown = names.shown(name)
    assert shown.rstrip("…").isascii()
    assert shown.isprintable()
    assert len(shown) < 400


def test_a_long_name_says_that_it_was_cut() -> None:
    assert names.shown("x" * 1000) == "'" + "x" * 77 + "'…"


@pytest.mark.parametrize(
    ("wrong", "known", "expected"),
    [
        ("netwrok", ["network", "service"], "did you mean `network`?"),
        ("dev1", ["dev", "dev2"], "did you mean `dev` or `dev2`?"),
        ("zzz", ["b", "a"], "there is: `a`, `b`"),
        ("zzz", [f"m{n}" for n in range(10)], "there is: `m0`, `m1`, `m2`, `m3`, `m4`, `m5`, `m6`, `m7` and 2 more"),
        ("zzz", [], ""),
    ],
)
def test_a_wrong_name_is_met_with_the_nearest_ones(wrong: str, known: list[str], expected: str) -> None:
    assert names.did_you_mean(wrong, known) == expected


@pytest.mark.parametrize("text", ["a", "_a", "a-b", "x" * 65, "gr\u00f6\u00dfe", "u\u0308", "\u540d\u524d"])
def test_whatever_terraform_takes_for_a_variable_names_an_input(text: str) -> None:
    assert names.is_input_name(text)


@pytest.mark.parametrize(
    "text", [*(text for text in HOSTILE if not text.isidentifier()), "1a", "-a", "a.b", "a\u200bb", "a\u202eb"]
)
def test_nothing_else_names_an_input(text: str) -> None:
    assert not names.is_input_name(text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("first\nsecond", "first second"),
        ("first\r\n\n  second\n", "first second"),
        ("a\u2028b\u2029c\x85d\x0be\x0cf", "a b c d e f"),
        ("a\tb\x1b[2Jc", "a b [2Jc"),
        ("übermorgen, 中 😀", "übermorgen, 中 😀"),
        (" \n\t ", ""),
    ],
)
def test_what_a_person_gives_as_a_reason_is_one_line(text: str, line: str) -> None:
    assert names.one_line(text) == line
