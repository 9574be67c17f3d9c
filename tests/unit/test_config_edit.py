"""One environment more in tfops.yaml, and not a byte else."""

import pytest

from tfops.config.edit import with_environment, with_environments

HEAD = "version: 1\nproject: shop   # ours\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "environments:\n  dev:    {branch: main}\n\n# the end\nproviders: {}\n",
            "environments:\n  dev:    {branch: main}\n  qa: {branch: qa}\n\n# the end\nproviders: {}\n",
        ),
        (
            "environments:\n    dev:\n        branch: main  # why\n        verify:\n        - {command: [x]}\n"
            "    # more\n",
            "environments:\n    dev:\n        branch: main  # why\n        verify:\n        - {command: [x]}\n"
            "    qa: {branch: qa}\n    # more\n",
        ),
        ("environments: {dev: {branch: main}}\n", "environments: {dev: {branch: main}, qa: {branch: qa}}\n"),
        ("environments: {\n  dev: {branch: main}\n}\n", "environments: {\n  dev: {branch: main}, qa: {branch: qa}}\n"),
        ("environments:\n  dev: {branch: main}", "environments:\n  dev: {branch: main}\n  qa: {branch: qa}\n"),
        (
            "environments:\r\n  dev: {branch: main}\r\nx: 1\r\n",
            "environments:\r\n  dev: {branch: main}\r\n  qa: {branch: qa}\r\nx: 1\r\n",
        ),
        (
            "environments:\n  dev:\n    branch: >-\n      main\n\n  # c\n",
            "environments:\n  dev:\n    branch: >-\n      main\n\n  qa: {branch: qa}\n  # c\n",
        ),
    ],
    ids=["block", "deep", "flow", "flow over lines", "no newline", "windows", "folded"],
)
def test_the_line_stands_below_the_others(before: str, after: str) -> None:
    assert with_environment(HEAD + before, "qa", {"branch": "qa"}) == HEAD + after


def test_a_pattern_is_quoted() -> None:
    text = with_environment("environments:\n  dev: {branch: main}\n", "qa", {"branch": "release/*"})
    assert text.endswith('  qa: {branch: "release/*"}\n')


@pytest.mark.parametrize("text", ["environments: {}\n", "environments:\n", "a: 1\n", "environments: {dev: {}, }\n"])
def test_what_can_not_be_changed_without_risk_is_left(text: str) -> None:
    with pytest.raises(ValueError):
        with_environment(text, "qa", {"branch": "qa"})


def test_many_stand_in_their_order_and_none_changes_nothing() -> None:
    blocks = {"b": {"branch": "main", "root": "live/b"}, "a": {"branch": "main", "workspace": "x"}}
    text = "environments:\n  dev: {branch: main}\n# end\n"
    lines = "  b: {branch: main, root: live/b}\n  a: {branch: main, workspace: x}\n"
    assert with_environments(text, blocks) == f"environments:\n  dev: {{branch: main}}\n{lines}# end\n"
    assert with_environments(text, {}) == text
