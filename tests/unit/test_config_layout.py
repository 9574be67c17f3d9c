"""One layout for YAML files: what they mean, their comments and their order stay."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from tfops.config.layout import laid_out

_UNTIDY = """\
# about all
version:   1  # aligned, as it was
tell:
# about the first
- to:  slack
  events: [failed,
     blocked]   # both
-   to: run
    text: |2
         two more than it says

      # no comment: a text
    #   commented out
# about prod
environments:
      prod: {branch: main}~~~
      # dev: {branch: develop}
      list:
      - - a
        -   "b
          c \\
          d"
      kept: |+
          x~~

"""
_TIDY = """\
# about all
version:   1  # aligned, as it was
tell:
  # about the first
  - to:  slack
    events: [failed,
       blocked]   # both
  - to: run
    text: |2
         two more than it says

      # no comment: a text
    #   commented out
# about prod
environments:
  prod: {branch: main}
  # dev: {branch: develop}
  list:
    - - a
      - "b
        c \\
        d"
  kept: |+
      x~~

"""


def test_indentation_and_blanks_are_made_one_and_nothing_else() -> None:
    untidy, tidy = (text.replace("~", " ") for text in (_UNTIDY, _TIDY))  # blanks at the ends of lines
    assert laid_out(untidy) == tidy
    assert laid_out(tidy) == tidy


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ""),
        ("\n\n", ""),
        ("# only a comment", "# only a comment\n"),
        ("a: 1\r\nb:\r\n    c: 2\r\n\r\n", "a: 1\nb:\n  c: 2\n"),
        ("\ufeffa: 1", "a: 1\n"),
        ("---\na:\n    b: 1\n...\n", "---\na:\n  b: 1\n...\n"),
        ("? a\n:   - b\n", "? a\n: - b\n"),
        ("a:\n      plain text\n      goes on\nb: 0012", "a:\n  plain text\n  goes on\nb: 0012\n"),
        ("a: &x\n    b: 1\nc: *x\n", "a: &x\n  b: 1\nc: *x\n"),
        ("a:\n    # last\n", "a:\n  # last\n"),
        ("a:\n    # in a\nb: 1\n", "a:\n  # in a\nb: 1\n"),
        ("a: # why\n  # of b\n      b: 1\n", "a: # why\n  # of b\n  b: 1\n"),
        ("a: 1\n    # of a\n", "a: 1\n# of a\n"),
        (
            "a:\n    b: 1  # one\n          # two\n          # three\n",
            "a:\n  b: 1  # one\n        # two\n        # three\n",
        ),
        ("a:\n    - # none\n      # yet\n", "a:\n  - # none\n    # yet\n"),
        ("a: |\n    x\n     \nb: 1\n", "a: |\n    x\n     \nb: 1\n"),
        ("a: |\n    x\n   \nb: 1\n", "a: |\n    x\n\nb: 1\n"),
        ("a: |\n    its end counts", "a: |\n    its end counts"),
    ],
)
def test_what_is_rare_is_laid_out_too(text: str, wanted: str) -> None:
    assert laid_out(text) == wanted


@pytest.mark.parametrize("text", ["a: 1\rb: 2\n", 'a: "x\u2028y"\n'])
def test_line_ends_that_programs_disagree_about_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="line ends of another kind"):
        laid_out(text)


_ONE_LINE = ("a", "1.10", "0x1F", "no", "~", "'it''s'", '"b\\tc"', "[1, {a: 2}]", "{}", "&x a", "!!str 1")
_LINES = (
    "|\nl\n\n l",
    ">-\nf\n\n g",
    '"two\nlines"',
    "plain\ngoes on",
    "[1, # why\n2,\n]",
    "|2\n  two more",
    "|+\nkept\n\n",
)
_SCALARS = st.sampled_from((*_ONE_LINE, *_LINES))
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(st.sampled_from(["k", '"q"', "long_key"]), inner, min_size=1, max_size=3)
    ),
    max_leaves=12,
)


class _Writer:
    """Writes a value as a careless person would: any indentation, blanks and comments anywhere."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.lines: list[str] = []

    def line(self, text: str, indent: int) -> None:
        if self.chance.random() < 0.2:
            self.lines.append(" " * self.chance.randint(0, indent + 2) + f"# c{len(self.lines)}")
        if self.chance.random() < 0.1:
            self.lines.append(" " * self.chance.randint(0, 3))
        self.lines.append(" " * indent + text + " " * self.chance.choice([0, 0, 2]))

    def block(self, value: Any, indent: int, first: str = "") -> None:
        """`first` stands before the first line, in place of the indentation."""
        pairs = (
            [(f"{key}:", one) for key, one in value.items()] if isinstance(value, dict) else [("-", v) for v in value]
        )
        for number, (mark, one) in enumerate(pairs):
            lead = first if number == 0 and first else ""
            at = indent - len(lead)
            if not isinstance(one, str):
                deeper = indent + self.chance.randint(1, 5)
                if mark != "-" and isinstance(one, list) and not first and self.chance.random() < 0.4:
                    deeper = indent  # as the key
                if mark == "-" and self.chance.random() < 0.7:
                    gap = " " * self.chance.randint(1, 4)
                    self.block(one, indent + 1 + len(gap), f"{lead}-{gap}")
                    continue
                self.line(lead + mark, at)
                self.block(one, deeper)
                continue
            head, *rest = one.split("\n")
            self.line(f"{lead}{mark} {head}", at)
            if head == "|2":
                self.lines += [" " * (indent + 2) + text for text in rest]
            else:
                deeper = indent + self.chance.randint(1, 4)
                self.lines += [" " * deeper + text if text else "" for text in rest]


@settings(deadline=None)
@given(_VALUES.filter(lambda value: not isinstance(value, str)), st.integers())
def test_whatever_is_written_means_the_same_and_is_laid_out_once(value: Any, seed: int) -> None:
    writer = _Writer(random.Random(seed))
    writer.block(value, 0)
    text = "\n".join(writer.lines) + "\n"
    found = laid_out(text)
    assert laid_out(found) == found
    reader = YAML(typ="safe", pure=True)
    reader.composer.warn_double_anchors = False
    assert reader.load(found) == reader.load(text)
    assert [line.strip() for line in found.splitlines() if "# c" in line] == [
        line.strip() for line in text.splitlines() if "# c" in line
    ]
    assert found.endswith("\n") and ("kept" in text or not found.endswith("\n\n"))
