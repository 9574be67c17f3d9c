"""Provider blocks of a generated root: aliases, settings by reference, and one that goes together with its module."""

import json
from typing import Any

from tests.support.ways_back import NEEDS_DEMO, RULES, Story, look

_RULES = RULES + "providers:\n  demo: {label: plain}\n  demo.west: {label: west}\n"
_EAST = {"demo.east": {"label": "${env.name}", "token": {"from": "env:DEMO_TOKEN"}}}
_MODULE = 'variable "name" { type = string }\nresource "demo_thing" "one" { content = var.name }\n'
_SECRET = "canary-of-a-provider"


def _wish(story: Story, **providers: str) -> None:
    modules: dict[str, Any] = {
        name: {"source": "thing", "inputs": {"name": name}} | ({"providers": {"demo": provider}} if provider else {})
        for name, provider in providers.items()
    }
    body = {"modules": modules} | ({"providers": _EAST} if "demo.east" in providers.values() else {})
    story.shop.write("environments/dev.yaml", json.dumps(body))
    story.shop.commit(f"modules {', '.join(providers)}")


def _made(story: Story) -> dict[str, tuple[str | None, str | None]]:
    return {one["content"]: (one.get("label"), one.get("token")) for one in look(story.world).values()}


def test_aliases_are_configured_passed_to_modules_and_go_with_the_last_of_them(story: Story) -> None:
    shop = story.shop
    shop.env["DEMO_TOKEN"] = _SECRET
    shop.write("tfops.yaml", _RULES)
    shop.write("modules/thing/main.tf", NEEDS_DEMO + _MODULE)
    _wish(story, a="", b="demo.west", c="demo.east")
    shop.ok("apply", "dev", "--yes")
    assert _made(story) == {"a": ("plain", None), "b": ("west", None), "c": ("dev", _SECRET)}
    assert shop.ok("show", "dev", "-o", "json").result["card"]["stacks"]["main"]["run_values"] == {"env.name": "dev"}
    assert _SECRET not in shop.ok("render", "dev").out

    # The module and the alias that it alone needs, in one commit.
    _wish(story, a="", b="demo.west")
    assert "demo.east" not in shop.ok("render", "dev").out
    shop.ok("apply", "dev", "--yes", "--allow-destroy", "module.c.demo_thing.one")
    assert _made(story).keys() == {"a", "b"}
    assert shop.ok("plan", "dev", "-o", "json").result["plan"]["changes"] == []

    shop.ok("rollback", "dev", "v1", "--yes")
    assert _made(story)["c"] == ("dev", _SECRET)
