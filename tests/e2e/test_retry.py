"""Passing errors of a real engine: its apply and its plan are tried again, and told of."""

import json
from pathlib import Path

from tests.support.engines import require_engine
from tests.support.sandbox import new_sandbox
from tests.support.state_server import serve_states

_RULES = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main}\n"
_MODULE = """\
variable "value" { type = number }
resource "terraform_data" "main" {
  input = var.value
  lifecycle {
    precondition {
      condition     = var.value < 3
      error_message = "api error SlowDown: please reduce your request rate"
    }
  }
}
"""


def test_what_passes_is_tried_again_and_what_does_not_says_so_once(tmp_path: Path) -> None:
    with serve_states() as states:
        rules = _RULES + states.backend()
        shop = new_sandbox(tmp_path / "shop", require_engine(), rules=f"{rules}retry: [{{on: giving up, wait: 1s}}]\n")
        shop.write("modules/slow/main.tf", _MODULE)

        def wish(value: int) -> None:
            body = {"modules": {"main": {"source": "slow", "inputs": {"value": value}}}}
            shop.write("environments/dev.yaml", json.dumps(body))
            shop.commit(f"dev wants {value}")

        wish(1)
        shop.ok("apply", "dev", "--yes")
        wish(2)
        states.unready = 2  # the apply alone holds the state's lock
        again = shop.ok("apply", "dev", "--yes", "-o", "json")
        assert [(one["command"], one["number"]) for one in again.result["tries"]] == [("apply", 1), ("apply", 2)]
        assert "! apply failed (`giving up`): again in 1 s, try 2 of 3" in again.err
        assert shop.tags() == ["tfops/dev/v1", "tfops/dev/v2"] and states.locks == {}

        shop.write("tfops.yaml", f"{rules}retry: [{{on: SlowDown, tries: 2, wait: 0s}}]\n")
        wish(3)
        failed = shop.run("plan", "dev", "-o", "json")
        assert (failed.code, [one["command"] for one in failed.error["tries"]]) == (20, ["plan"]), failed.out
        assert failed.error["why"].count("reduce your request rate") == 1, "what the last try said, and only that"
