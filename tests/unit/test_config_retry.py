"""`retry` of tfops.yaml: what it becomes, and what is wrong with it."""

import pytest

from tests.support.memory_tree import PROJECT, MemoryTree, complaints_of, said
from tfops.config.project import RetryRule
from tfops.config.project_file import load_project


def load(retry: str) -> tuple[RetryRule, ...]:
    return load_project(MemoryTree({"tfops.yaml": f"{PROJECT}\nretry: {retry}\n"})).retry


def test_a_rule_is_read_with_its_defaults() -> None:
    assert load('[{on: "not ready( yet)?"}, {on: busy, tries: 5, wait: 1m}]') == (
        RetryRule("not ready( yet)?", "`not ready( yet)?`", 3, 5.0),
        RetryRule("busy", "`busy`", 5, 60.0),
    )
    assert load("[]") == ()


@pytest.mark.parametrize(
    ("retry", "complaint"),
    [
        ("[{}]", "`on` is missing"),
        ('[{on: ""}]', "`on` fits everything: name what passes by itself"),
        ('[{on: "("}]', "`on` is not a regular expression: missing ), unterminated subpattern at position 0"),
        ("[{on: a, tries: 0}]", "`tries` must be at least 1"),
        ("[{on: a, tries: 11}]", "`tries` must be at most 10"),
        ("[{on: a, wait: 11m}]", "`wait` must be a duration up to 10m"),
        ("[{on: a, wait: soon}]", "`wait` must be a duration up to 10m"),
        ("[{on: a, times: 3}]", "unknown key `times`"),
        ("busy", "`retry` must be a list"),
    ],
)
def test_a_mistake_is_named_with_its_place(retry: str, complaint: str) -> None:
    [found] = said(complaints_of(lambda: load(retry)))
    assert complaint in found and found.startswith("tfops.yaml:")
