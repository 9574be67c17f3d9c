"""What differs between two contents, and which merge requests brought it."""

import pytest

from tests.support.samples import sha
from tfops.records.difference import Group
from tfops.records.names import MAIN_STACK
from tfops.resolve.compared import Contents, between_versions, not_compared
from tfops.resolve.merge_request import merge_requests
from tfops.resolve.root_inputs import flat, root_inputs

A, B, C = "module.m.aws_vpc.a", "module.m.aws_vpc.b", "module.m.aws_vpc.c"


@pytest.mark.parametrize(
    ("was", "now", "moved", "expected"),
    [
        ({A: "1"}, {A: "1"}, {}, []),
        ({A: "1"}, {A: "2"}, {}, [f"replaced {A}"]),
        ({A: "1"}, {A: ""}, {}, []),
        ({A: "vpc-1"}, {A: "sha256:" + "0" * 16}, {}, [f"replaced {A}"]),
        ({A: "1"}, {B: "1"}, {B: A}, [f"moved {B}"]),
        ({A: "1"}, {A: "2", B: "1"}, {B: A}, [f"added {A}", f"moved {B}"]),
        ({A: "1", B: "2"}, {B: "1"}, {B: A}, [f"moved {B}", f"removed {B}"]),
        ({A: "1"}, {}, {B: A}, [f"removed {A}"]),
        ({A: "1", B: "2"}, {A: "2", B: "1"}, {A: B, B: A}, [f"moved {A}", f"moved {B}"]),
    ],
)
def test_a_resource_is_followed_where_it_went(
    was: dict[str, str], now: dict[str, str], moved: dict[str, str], expected: list[str]
) -> None:
    found = between_versions(Contents(resources=was), Contents(resources=now), moved)
    assert sorted(f"{one.kind} {one.name}" for one in found) == expected


def test_what_one_of_the_two_does_not_know_is_not_compared() -> None:
    before, after = Contents(engine="terraform 1.11.4", modules={}), Contents(modules={"a": "x"})
    assert [one.name for one in between_versions(before, after, {})] == ["a"]
    assert not_compared(before, after, [Group.ENGINE, Group.MODULES]) == (Group.ENGINE,)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Merge pull request #12 from ann/more\n\nMore machines\n", ("#12", "More machines")),
        ("Merge pull request 'More (2)' (#12) from more into main\n", ("#12", "More (2)")),
        (
            "Merge branch 'more' into 'main'\n\nMore machines\n\nSee merge request shop/infra!34\n",
            ("!34", "More machines"),
        ),
        ("More machines\n\nSee merge request !34\n", ("!34", "More machines")),
        ("Merged in more (pull request #3)\n\nMore\n", ("#3", "More")),
        ("feat: more (#12)", ("#12", "feat: more")),
        ("feat: more, see #12", None),
    ],
)
def test_each_forge_names_the_merge_request(message: str, expected: tuple[str, str] | None) -> None:
    found = merge_requests([(sha("a"), message), (sha("b"), message)])
    assert [(one.number, one.title) for one in found] == ([expected] if expected else [])


def test_inputs_are_read_back_as_they_were_written() -> None:
    main = """{"module": {"m": {"source": "./modules/m", "size": "${var.inputs_m[\\"size\\"]}",
      "vpc": "${var.stack_a_b_12345678}", "tags": {"x": "$${y}", "token": "${var.secret_m_tags_token_12345678}"}}}}"""
    values = '{"inputs_m": {"size": 1.5, "scaling": {"min": 1, "none": {}}}}'
    found = root_inputs({"main.tf.json": main, "terraform.tfvars.json": values}, [MAIN_STACK])
    assert found and {name: str(value) for name, value in flat(found).items()} == {
        "m.size": "1.5",
        "m.scaling.min": "1",
        "m.scaling.none": "{}",
        "m.vpc": "${var.stack_a_b_12345678}",
        "m.tags.x": "${y}",
        "m.tags.token": "(secret)",
    }
    assert root_inputs({}, [MAIN_STACK]) is None
