"""What versions were, told by whole commands: `diff`, `blame`, `output`, `graph`; without an engine on the machine."""

import json

from tests.support.sandbox import Sandbox
from tfops.exits import Exit

_RULES = """\
version: 1
project: shop
same_but: [%s]
environments:
  dev: {branch: main}
  prod: {branch: main}
"""


def test_whoever_looks_back_needs_nothing_but_the_repository(shop: Sandbox) -> None:
    shop.write("tfops.yaml", _RULES % "inputs.value")
    for env, value in (("dev", "one"), ("dev", "two"), ("prod", "one")):
        body = {"modules": {"main": {"source": "thing", "inputs": {"value": value}}}}
        shop.write(f"environments/{env}.yaml", json.dumps(body))
        shop.commit(f"{env} wants {value}")
        shop.ok("apply", env, "--yes")
    shop.env["TFOPS_ENGINE"] = "/nowhere"

    compared = shop.ok("diff", "dev", "v1", "v2", "-o", "json").result
    assert [(one["group"], one["before"], one["after"]) for one in compared["differences"]] == [
        ("inputs", "one", "two"),
        ("outputs", "one", "two"),
    ]
    assert [commit["subject"] for commit in compared["commits"]] == ["dev wants two"]
    assert "~ main.value: two → one  (meant)" in shop.ok("diff", "dev", "prod").out
    shop.write("tfops.yaml", _RULES % "region")
    shop.commit("Nothing else may differ")
    unlike = shop.run("diff", "dev", "prod", "--markdown")
    assert unlike.code == Exit.CHANGES and "- changed `main.value: two → one`" in unlike.out
    assert shop.run("diff", "dev", "--markdown", "-o", "json").code == Exit.USAGE

    blamed = shop.ok("blame", "dev", "inputs.main.value", "-o", "json").result
    assert [(step["kind"], step["record"]["version"]) for step in blamed["steps"]] == [("changed", "v2"), ("set", "v1")]
    assert shop.ok("output", "dev", "value", "--raw").out == "two\n"
    assert json.loads(shop.ok("output", "prod", "--json").out) == {"main": {"value": "one"}}
    assert shop.run("output", "dev", "valeu", "-o", "json").error["guard"] == "unknown-output"
    assert shop.ok("graph", "--dot").out.startswith('digraph "shop" {\n')
