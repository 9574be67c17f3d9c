"""A root module of somebody's own whose state is in S3, as its code and `backend_config` say, in two workspaces."""

import json
from pathlib import Path

from tests.support.engines import require_engine
from tests.support.moto import REGION, Moto
from tests.support.sandbox import new_sandbox

_CODE = """\
terraform {
  backend "s3" {
    key          = "app.tfstate"
    use_lockfile = true
  }
}
resource "terraform_data" "x" { input = terraform.workspace }
output "x" { value = terraform_data.x.output }
"""


def test_a_partial_s3_backend_is_completed_and_workspaces_have_keys_of_their_own(tmp_path: Path, moto: Moto) -> None:
    config = f"backend_config: {{bucket: of-a-root, region: {REGION}}}"
    rules = "version: 1\nproject: shop\nenvironments:\n"
    rules += f"  one: {{branch: main, root: live, {config}}}\n"
    rules += f"  blue: {{branch: main, root: live, workspace: blue, {config}}}\n"
    moto.make_bucket("of-a-root")
    shop = new_sandbox(tmp_path / "shop", require_engine(), rules=rules)
    shop.write("live/main.tf", _CODE)
    shop.commit()
    assert "nothing wrong" in shop.ok("validate").out
    for env, key in (("one", "app.tfstate"), ("blue", "env:/blue/app.tfstate")):
        # its own backend keeps the state, also where this machine is thrown away
        shop.ok("apply", env, "--yes", env=moto.env | {"GITLAB_CI": "true", "CI_DISPOSABLE_ENVIRONMENT": "true"})
        card = shop.ok("show", env, "-o", "json").result["card"]
        assert card["stacks"]["main"]["backend"] == "s3 of-a-root"
        assert card["outputs"] == {"root": {"x": "default" if env == "one" else "blue"}}
        state = json.loads(moto.s3().get_object(Bucket="of-a-root", Key=key)["Body"].read())
        assert state["lineage"] == card["stacks"]["main"]["lineage"]
        assert "No changes" in shop.ok("plan", env, env=moto.env).out
    refused = shop.run("state", "versions", "blue", "-o", "json", env=moto.env).error
    assert refused["guard"] == "workspace"
    seen = shop.ok("state", "versions", "one", "-o", "json", env=moto.env).result
    assert seen["address"] == "s3://of-a-root/app.tfstate"
