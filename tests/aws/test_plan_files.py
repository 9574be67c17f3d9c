"""From a merge request's artefact to the apply on the main branch: another clone, another commit, one state in S3."""

import json
import shutil
from pathlib import Path

from tests.aws.test_states import shop_in
from tests.support.moto import Moto
from tests.support.sandbox import with_remote


def test_the_plan_of_a_merge_request_is_applied_after_the_merge(tmp_path: Path, moto: Moto) -> None:
    shop = shop_in(tmp_path / "shop", moto, "artefacts")
    rules = json.loads((shop.path / "tfops.yaml").read_text())
    rules["environments"]["dev"]["review"] = {"required": True, "approvals": 1}
    shop.write("tfops.yaml", json.dumps(rules))
    shop.wish("one")
    remote = with_remote(shop, tmp_path / "remote")
    main = shop.clone(str(remote), tmp_path / "main")
    main.env |= moto.env

    # The merge request's job plans, and hands the file over.
    shop.git("switch", "--quiet", "-c", "topic")
    shop.wish("two")
    shop.git("push", "--quiet", "origin", "topic")
    shop.ok("plan", "dev", "--keep", "--out", "dev.tfplan")
    shutil.copy(shop.path / "dev.tfplan", artefact := tmp_path / "dev.tfplan")

    # Squashed: no commit of the merge request is on main.
    main.wish("two")
    main.git("push", "--quiet", "origin", "main")
    early = main.run("apply", "dev", "--yes", "--plan", str(artefact))
    assert early.code == 11 and "needs-approval" in early.err
    main.git("config", "user.name", "bob")
    main.git("config", "user.email", "bob@example.com")
    main.ok("approve", "dev", "--yes")
    main.git("config", "user.name", "ann")
    main.git("config", "user.email", "ann@example.com")
    applied = main.ok("apply", "dev", "--yes", "--plan", str(artefact), "-o", "json").result
    assert (applied["version"], applied["commit"]["sha"]) == ("v1", main.git("rev-parse", "HEAD"))
    card = main.ok("show", "dev", "-o", "json").result["card"]
    assert [one["who"].partition(" ")[0] for one in card["approvals"]] == ["ann", "bob"]
    stale = main.run("apply", "dev", "--yes", "--plan", str(artefact))
    assert (stale.code, "plan-stale" in stale.err) == (11, True)
