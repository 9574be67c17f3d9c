"""What an engine says that it did is held against the state (`docs/explanation/engine.md`, "Read-back")."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.engines import engine_program
from tests.support.provider.demo import REFUSES_DELETION
from tests.support.sandbox import Sandbox
from tests.support.ways_back import Story, look

# Does what the file `mode` says at `apply`, and everything else as the real one.
_STAND_IN = """\
#!/bin/sh
mode=$(cat '{mode}')
[ "$1" = apply ] || exec '{engine}' "$@"
case $mode in
nothing) exit 0 ;;
failure) exit 1 ;;
silent) '{engine}' "$@" >/dev/null 2>&1; exit 0 ;;
silent-failure) '{engine}' "$@" >/dev/null 2>&1; exit 1 ;;
esac
exec '{engine}' "$@"
"""

Mode = Callable[[str], None]


@pytest.fixture
def mode(shop: Sandbox) -> Mode:
    path, stand_in = shop.home / "mode", shop.home / "terraform"
    stand_in.write_text(_STAND_IN.format(mode=path, engine=engine_program(shop.env["TFOPS_ENGINE"])))
    stand_in.chmod(0o755)
    shop.env["TFOPS_ENGINE"] = str(stand_in)
    return lambda text: (path.write_text(text), None)[1]


def test_an_engine_whose_word_the_state_does_not_bear_out_makes_no_version(shop: Sandbox, mode: Mode) -> None:
    shop.wish("one", keys=["a"])
    mode("failure")
    failed = shop.run("apply", "dev", "--yes", "-o", "json")
    assert (failed.code, "before it changed anything" in failed.error["what"]) == (20, True)

    mode("nothing")
    idle = shop.run("apply", "dev", "--yes", "-o", "json")
    assert (idle.code, shop.tags()) == (21, [])
    assert "the engine says that it applied, but the state of dev doesn't hold it" in idle.error["what"]
    assert "module.main.terraform_data.main" in idle.error["what"]

    mode("silent-failure")
    mute = shop.run("resume", "dev", "--yes", "-o", "json")
    assert (mute.code, shop.tags()) == (21, []), "the state moved, so it may not say that nothing was changed"

    mode("silent")
    shop.wish("two", keys=["b"])
    assert shop.run("apply", "dev", "--yes").code == 21, "an update leaves no trace but the engine's word"
    mode("real")
    assert "dev is now v1" in shop.ok("apply", "dev", "--yes").out
    mode("silent")
    shop.wish("two", keys=["c"])
    assert "dev is now v2" in shop.ok("apply", "dev", "--yes").out, "a creation and a deletion stand in the state"
    mode("nothing")
    assert shop.run("destroy", "dev", "--yes").code == 21
    assert shop.resources() == 2
    assert "is whole" in shop.ok("verify", "dev").out


_DATABASE = """\
resource "demo_database" "main" {
  name           = "NAME"
  engine_version = "1"
  lifecycle {
    create_before_destroy = true
  }
}
"""


def test_a_deposed_object_is_cleaned_up_and_taken_for_no_loss(story: Story) -> None:
    """`docs/explanation/engine.md`: it is shown as what it is, and guards don't ask about it."""
    shop = story.shop

    def want(name: str) -> None:
        story.write(_DATABASE.replace("NAME", name))

    want("one")
    story.apply()
    want("two")
    Path(f"{story.world}{REFUSES_DELETION}").touch()
    failed = shop.run("apply", "dev", "--yes", "-o", "json")
    assert (failed.code, "is in use" in failed.error["why"]) == (21, True)
    assert sorted(look(story.world)) == ["database/one", "database/two"]

    planned = shop.ok("plan", "dev").out
    assert "- clean-up module.main.demo_database.main" in planned
    assert "what an earlier replacement could not delete, id one" in planned
    assert "0 to delete, 1 deposed to delete" in planned

    done = shop.run("apply", "dev", "--yes", "--max-deletes", "0", "-o", "json")
    assert done.code == 0, done.out + done.err
    [change] = done.result["plan"]["changes"]
    assert (change["action"], change["resource_id"]) == ("clean-up", "one")
    assert list(look(story.world)) == ["database/two"]
    assert done.result["version"] == "v2"
