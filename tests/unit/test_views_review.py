"""The comment on a merge request: what it says, what it leaves out, and that nobody's names act in it."""

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tfops.forge.comment import MARKER
from tfops.forge.known import FORGES
from tfops.records.check import CheckFinding, CheckOutcome
from tfops.records.names import EnvName, StackName
from tfops.records.plan import Action, AttributeChange, Invocation, Plan, ResourceChange, Waiting
from tfops.records.verdict import Reason, Verdict
from tfops.records.version import Verified
from tfops.views.environment_review import EnvironmentReview
from tfops.views.markdown import code, code_in_table, link
from tfops.views.review import review_comment

_JOB = "https://ci.example/ops/live/-/jobs/9"
_COMMIT = "a1b2c3d4" + "0" * 32
_HTML = ("<!-- tfops: review -->", "<details><summary>Attributes</summary>", "</details>")
_MARKDOWN = MarkdownIt("commonmark").enable("table")

# What would do something on a forge or a terminal if it were not held as text.
_NASTY = [
    "`", "```", "````\n", "|", "\\|", "\\\\|", "\n", "\r\n", "@team", "@ops/all", "closes #1", "fixes !2", "#3",
    "<b>", "</details>", "<img src=x>", "<!--", "-->", "https://evil.example", "[a](javascript:x)", "![a](x)",
    "/merge", "/close", "~~~", "# head", "- [ ] x", "\x1b[31m", "\u202e", "\u200b", "\ufffe", "&lt;", "$x$", ":tada:",
    "a", "é", "漢", " ",
]  # fmt: skip
_TEXTS = st.lists(st.sampled_from(_NASTY), min_size=1, max_size=8).map("".join)


def _change(address: str, action: Action = Action.UPDATE, **more: Any) -> ResourceChange:
    return replace(ResourceChange(address, "aws_x", action), **more)


def _plan(*changes: ResourceChange, **more: Any) -> Plan:
    return replace(Plan(changes, (), "d" * 64, is_empty=not changes), **more)


def _comment(*reviews: EnvironmentReview, most_bytes: int = 65_536, job: str = _JOB) -> str:
    return review_comment(reviews, commit=_COMMIT, most_bytes=most_bytes, first_line=MARKER, job=job)


def _review(env: str, *changes: ResourceChange) -> EnvironmentReview:
    return EnvironmentReview(EnvName(env), _plan(*changes))


_PROD = EnvironmentReview(
    EnvName("prod"),
    _plan(
        _change("aws_x.new", Action.CREATE),
        _change(
            "aws_x.size", attributes=(AttributeChange("size", "1", "2"), AttributeChange("tags.a", "(none)", '"b"'))
        ),
        _change("aws_x.gone", Action.DELETE, reason="not in the configuration any more"),
        _change("aws_x.other", Action.REPLACE, attributes=(AttributeChange("zone", '"a"', '"b"', True),)),
        _change("aws_x.here", Action.MOVE, previous_address="aws_x.there"),
        actions=(Invocation("action.aws_lambda.warm", "aws_lambda", "aws_x.new", "after create"),),
        changed_outputs=("url",),
        waiting=(Waiting(StackName("app"), (StackName("network"),)),),
        drift=(_change("aws_x.drifted"),),
    ),
    checks=(CheckOutcome("opa", Verified.PASSED, 1.0, ""), CheckOutcome("checkov", Verified.FAILED, 2.0, "3 findings")),
    doors=(Reason("taken-out", Verdict.DATA_LOSS, "aws_x.gone holds data"),),
    way_back=Verdict.DATA_LOSS,
    approvals=(1, 2),
)
_DEV = EnvironmentReview(EnvName("dev"), _plan())
_FORK = EnvironmentReview(EnvName("test"), None, "it comes from another repository, eve/live")


def test_the_whole_comment() -> None:
    assert (
        _comment(_DEV, _PROD, _FORK)
        == """\
<!-- tfops: review -->
### tfops: 3 environments at `a1b2c3d4`

| environment | create | update | replace | delete | move | actions | checks | one-way doors | way back | approvals |
|---|--:|--:|--:|--:|--:|---|---|---|---|---|
| `prod` | 1 | 1 | **1** | **1** | 1 | 1 | **1 of 2 failed** | **1** | data-loss | 1 of 2 |
| `test` no plan |  |  |  |  |  |  |  |  |  |  |
| `dev` no changes | 0 | 0 | 0 | 0 | 0 |  |  |  |  |  |

#### `prod`, plan `dddddddddddd`

```diff
! check checkov failed: 3 findings
! one-way door, data-loss: aws_x.gone holds data
-   delete   aws_x.gone  (not in the configuration any more)
-/+ replace  aws_x.other
!   update   aws_x.size
+   create   aws_x.new
#   move     aws_x.here  (from aws_x.there)
#   run      action.aws_lambda.warm  (after create)
#   outputs  url
#   later    app: planned again after network is applied
#   drift    1 thing changed outside of tfops since the last apply
```

<details><summary>Attributes</summary>

```diff
# aws_x.other
!   zone: "a" -> "b"  (forces replacement)
# aws_x.size
!   size: 1 -> 2
!   tags.a: (none) -> "b"
```

</details>

#### `test`

```diff
! no plan: it comes from another repository, eve/live
```

In full in [the job](https://ci.example/ops/live/-/jobs/9)."""
    )


def test_columns_that_nobody_needs_are_left_away() -> None:
    table = _comment(_DEV).splitlines()[3]
    assert table == "| environment | create | update | replace | delete |"


def test_a_job_without_an_address_has_no_link() -> None:
    assert "the job" not in _comment(_PROD, job="")
    assert "](" not in _comment(_PROD, job="https://ci.example/x) [evil](https://evil.example")


def _many(count: int, *, attributes: int = 6) -> Plan:
    actions = (Action.CREATE, Action.UPDATE, Action.DELETE, Action.REPLACE)
    return _plan(
        *(
            _change(
                f'module.network["eu-{number}"].aws_instance.web',
                actions[number % 4],
                reason="because of its zone",
                attributes=tuple(
                    AttributeChange(f"tags.t{one}", '"old"', f'"new {number}"') for one in range(attributes)
                ),
            )
            for number in range(count)
        )
    )


@pytest.mark.parametrize("forge", FORGES, ids=lambda forge: forge.name)
def test_five_thousand_changes_fit_and_parse(forge: object) -> None:
    (limit,) = [one.most_bytes for one in FORGES if one is forge]
    text = _comment(EnvironmentReview(EnvName("prod"), _many(5000)), most_bytes=limit)
    assert limit * 0.95 < len(text.encode()) <= limit
    _check_structure(text)
    assert re.search(r"\*\*Not shown, for lack of room:\*\* .* lines of attributes\. All of it is in \[the job\]", text)


def test_five_thousand_changes_are_rendered_for_all_forges_within_a_second() -> None:
    review = EnvironmentReview(EnvName("prod"), _many(5000))
    began = time.process_time()
    for forge in FORGES:
        _comment(review, most_bytes=forge.most_bytes)
    assert time.process_time() - began < 1.0


def test_what_is_left_out_is_counted_and_the_worst_is_kept() -> None:
    text = _comment(EnvironmentReview(EnvName("prod"), _many(2000, attributes=2)), most_bytes=100_000)
    lines = text.splitlines()
    kinds = [line.split()[1] for line in lines if line.startswith(("-  ", "-/+", "!  ", "+  "))]
    assert kinds.count("delete") == kinds.count("replace") == 500
    assert kinds == sorted(kinds, key=["delete", "replace", "update", "create"].index)
    found = re.search(r"room:\*\* ([\d,]+) changes?, ([\d,]+) lines of attributes", text)
    assert found is not None
    assert int(found[1].replace(",", "")) == 2000 - len(kinds)
    assert int(found[2].replace(",", "")) == 2000 * 3


def test_a_large_environment_takes_no_room_from_the_small_ones() -> None:
    large = EnvironmentReview(EnvName("aaa"), _many(5000))
    small = [_review(f"env-{number}", _change(f"aws_x.gone_{number}", Action.DELETE)) for number in range(20)]
    text = _comment(large, *small)
    assert all(f"aws_x.gone_{number}\n" in text for number in range(20))


def test_three_hundred_environments_all_have_a_row_on_github_and_those_without_room_are_counted() -> None:
    reviews = [_review(f"env-{number}", _change("aws_x.y")) for number in range(300)]
    text = _comment(*reviews)
    assert len(text.encode()) <= 65_536
    assert all(f"| `env-{number}` |" in text for number in range(300))
    many = _comment(*[_review(f"environment-{number}", _change("aws_x.y")) for number in range(3000)])
    rows = sum(line.startswith("| `environment-") for line in many.splitlines())
    assert f"{3000 - rows:,} environments, " in many and "sections of environments" in many
    assert len(many.encode()) <= 65_536
    _check_structure(many)


def test_the_worst_environments_come_first() -> None:
    text = _comment(
        _DEV, _review("changed", _change("aws_x.y")), _review("loses", _change("aws_x.z", Action.DELETE)), _FORK
    )
    rows = re.findall(r"^\| `([\w-]+)`", text, re.MULTILINE)
    assert rows == ["test", "loses", "changed", "dev"]


def _check_structure(text: str, commit: str = _COMMIT) -> list[Token]:
    """No HTML but ours, no link but the job's, no image, and every fence is closed: what comes last is a sentence."""
    tokens = list(_flat(_MARKDOWN.parse(text)))
    html = [token.content.strip() for token in tokens if token.type in ("html_block", "html_inline")]
    assert set(html) <= set(_HTML), html
    assert html.count("</details>") == html.count("<details><summary>Attributes</summary>")
    links = {token.attrs["href"] for token in tokens if token.type == "link_open"}
    assert links <= {_JOB}
    assert not [
        token for token in tokens if token.type in ("image", "code_block", "blockquote_open", "bullet_list_open")
    ]
    last = [token.content for token in tokens if token.type == "inline"][-1]
    assert last.startswith(("**Not shown", "In full in"))
    return tokens


def _flat(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or ())


# What we write ourselves; every other text must be in code.
_OURS = set(
    [
        "tfops",
        "environment",
        "environments",
        "at",
        "plan",
        "no",
        "changes",
        "change",
        "create",
        "update",
        "replace",
        "delete",
        "move",
        "actions",
        "checks",
        "one-way",
        "doors",
        "way",
        "back",
        "approvals",
        "of",
        "failed",
        "data-loss",
        "Not",
        "shown",
        "for",
        "lack",
        "room",
        "All",
        "it",
        "is",
        "in",
        "the",
        "job",
        "In",
        "full",
        "line",
        "lines",
        "attributes",
        "old",
        "one",
        "left",
        "alive",
        "import",
        "forget",
        "deposed",
        "section",
        "sections",
        "environment's",
        "-",
    ]
)


def test_findings_stand_below_their_check_and_are_cut_with_a_number() -> None:
    failing = tuple(CheckFinding("high", f"CKV_{number}", "aws_x.size", "Ensure it") for number in range(45))
    told = (CheckFinding("warning", "warn", "", "no owner", fails=False),)
    checks = (
        CheckOutcome("checkov", Verified.FAILED, 1.0, "50 findings (50 high)", failing, unlisted=5),
        CheckOutcome("rules", Verified.PASSED, 1.0, "", told),
    )
    lines = _comment(replace(_PROD, checks=checks)).splitlines()
    start = lines.index("! check checkov failed: 50 findings (50 high)")
    assert lines[start + 1] == "!   high CKV_0 aws_x.size: Ensure it"
    assert lines[start + 20 : start + 23] == [
        "!   high CKV_19 aws_x.size: Ensure it",
        "#   and 30 more of checkov",
        "#   rules: warning warn: no owner",
    ]


@settings(max_examples=300, deadline=None)
@given(st.lists(_TEXTS, min_size=12, max_size=12), st.integers(3_000, 20_000))
def test_no_name_does_anything(texts: list[str], most_bytes: int) -> None:
    attribute = AttributeChange(texts[0], texts[1], texts[2], forces_replacement=True)
    change = _change(texts[3], Action.REPLACE, reason=texts[4], previous_address=texts[5], attributes=(attribute,) * 3)
    plan = _plan(
        *(change,) * 5,
        actions=(Invocation(texts[6], "x", "", texts[7]),),
        changed_outputs=(texts[8],),
        waiting=(Waiting(StackName(texts[9]), (StackName(texts[9]),)),),
    )
    finding = CheckFinding("high", texts[0], texts[1], texts[2], texts[3])
    check = CheckOutcome(texts[10], Verified.FAILED, 1.0, texts[11], (finding, replace(finding, fails=False)), 3)
    door = Reason("x", Verdict.DATA_LOSS, texts[10])
    review = EnvironmentReview(EnvName(texts[0]), plan, checks=(check,), doors=(door,))
    refused = EnvironmentReview(EnvName(texts[1]), None, texts[2])
    text = _comment(review, refused, most_bytes=most_bytes)
    assert len(text.encode()) <= most_bytes
    assert all(character.isprintable() or character == "\n" for character in text)
    assert not [line for line in text.splitlines() if line.startswith("/")], "GitLab takes it for an order"
    tokens = _check_structure(text)
    outside = " ".join(token.content for token in tokens if token.type == "text")
    assert {word for word in re.findall(r"[^\s:,.]+", outside) if not word.isdigit()} <= _OURS
    rows = [token for token in tokens if token.type == "tr_open"]
    cells = [token for token in tokens if token.type in ("td_open", "th_open")]
    assert len(cells) % len(rows) == 0, "a pipe ended a cell"


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("prod", "`prod`"),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        ("```", "```` ``` ````"),
        (" x", "`  x `"),
        ("a\nb\x1b\u202e", "` a b   `"),
        ("", "-"),
        ("\n", "-"),
        ("x" * 400, f"`{'x' * 299}…`"),
    ],
)
def test_a_code_span_holds_any_text(text: str, markdown: str) -> None:
    assert code(text) == markdown


@pytest.mark.parametrize("text", ["|", "a|b", "\\|", "\\\\|", "\\\\\\|x||"])
def test_a_pipe_in_a_cell_has_an_odd_number_of_backslashes_before_it(text: str) -> None:
    """Some forges look at the character before it, others count."""
    runs = re.findall(r"(\\*)\|", code_in_table(text))
    assert len(runs) == text.count("|") and all(len(run) % 2 == 1 for run in runs)


@pytest.mark.parametrize("address", ["javascript:x", "https://x)y", "https://x y", "https://x\ny", "https://x|y", ""])
def test_what_is_no_plain_address_is_no_link(address: str) -> None:
    assert link("the job", address) == "the job"
