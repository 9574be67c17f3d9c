"""What can't be recorded isn't changed: signer, names, remote and ledger are tried before anybody is asked.

docs/how-to/when-it-stops.md and docs/reference/guards.md promise it.
"""

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.git_http import serve_git_http
from tests.support.sandbox import Ran, Sandbox, with_remote
from tests.support.state_server import serve_states
from tests.support.terminal import run_in_terminal

_NO_TAGS = 'case "$1" in refs/tags/*) echo "GitLab: this tag is protected." >&2; exit 1;; esac'


def _hook(remote: Path, script: str) -> Path:
    hook = remote / "hooks/update"
    hook.write_text(f"#!/bin/sh\n{script}\n")
    hook.chmod(0o755)
    return hook


def _refused(shop: Sandbox, guard: str, *args: str) -> Ran:
    """Refused, and nothing was made or written down."""
    ran = shop.run(*(args or ("apply", "dev", "--yes")), "-o", "json")
    assert (ran.code, ran.error.get("guard")) == (11, guard), ran.out + ran.err
    assert (shop.tags(), shop.state_file.exists()) == ([], False)
    return ran


_SIGNER = """\
#!/bin/sh
cat > /dev/null
printf '\\n[GNUPG:] SIG_CREATED D\\n' >&2
printf -- '-----BEGIN PGP SIGNATURE-----\\n\\nno real one\\n-----END PGP SIGNATURE-----\\n'
"""


def _doctor(shop: Sandbox) -> str:
    """What is wrong with recording, in its own words."""
    found = json.loads(shop.run("doctor", "-o", "json").out)
    rows = (found.get("result") or found["error"]["result"])["findings"]
    return "\n".join(f"{row['is_problem']} {row['text']} {row['hint']}" for row in rows if row["topic"] == "recording")


def test_a_signer_that_fails_is_found_before_the_change_and_recovery_waits_for_it(shop: Sandbox) -> None:
    shop.wish("one")
    assert _doctor(shop).startswith("False ")
    for kind in ("tag", "commit"):
        shop.git("config", "gpg.program", "false")
        shop.git("config", f"{kind}.gpgSign", "true")
        assert f"{kind}.gpgSign" in _refused(shop, "signing-failed").error["hint"]
        assert "could not" in _doctor(shop) and _doctor(shop).startswith("True ")
        if kind == "commit":
            for args in (("lock", "dev"), ("unlock", "dev", "--force")):
                assert shop.run(*args, "-o", "json").error["guard"] in ("signing-failed", "not-locked"), args
        shop.git("config", f"{kind}.gpgSign", "false")
    signer = shop.home / "signer"
    signer.write_text(_SIGNER)
    signer.chmod(0o755)
    shop.git("config", "gpg.program", str(signer))
    shop.git("config", "tag.gpgSign", "true")
    rules = {
        "version": 1,
        "project": "shop",
        "verify": [{"command": ["rm", str(signer)]}],  # in the middle of the change, where nobody could know it
        "environments": {"dev": {"branch": "main"}},
    }
    shop.write("tfops.yaml", json.dumps(rules))
    shop.commit()
    late = shop.run("apply", "dev", "--yes", "-o", "json")
    assert (late.code, "signing-failed" in late.error["why"]) == (22, True), late.out
    assert late.error["hint"].startswith("try it: git commit-tree -S") and "tfops recover dev" in late.error["hint"]
    waits = shop.run("recover", "dev", "-o", "json")
    assert (waits.code, waits.error["guard"]) == (11, "signing-failed")
    shop.git("config", "tag.gpgSign", "false")
    assert "recorded as v1" in shop.ok("recover", "dev").out


def test_a_name_in_the_way_is_found_before_the_change(shop: Sandbox) -> None:
    shop.wish("one")
    shop.git("tag", "tfops/dev/v1/x")
    error = _refused_with_tags(shop)
    assert "refs/tags/tfops/dev/v1/x" in error["what"]
    assert _doctor(shop).startswith("True ")
    shop.git(*error["hint"].partition(": git ")[2].split())
    shop.ok("apply", "dev", "--yes")


def _refused_with_tags(shop: Sandbox) -> dict[str, str]:
    ran = shop.run("apply", "dev", "--yes", "-o", "json")
    assert (ran.code, ran.error["guard"], shop.state_file.exists()) == (11, "name-taken", False), ran.out
    return dict(ran.error)


def test_a_remote_that_says_no_is_told_apart_from_one_that_is_away(shop: Sandbox, tmp_path: Path) -> None:
    shop.wish("one")
    remote = with_remote(shop, tmp_path / "remote.git")
    hook = _hook(remote, _NO_TAGS)
    error = _refused(shop, "push-refused").error
    assert "protected there" in error["what"] and "GitLab: this tag is protected." in error["why"]
    turn = shop.run("reconcile", "-o", "json")
    acts = json.loads(turn.out)["result"]["acts"]
    assert [(act["detail"], "GitLab: this tag is protected." in act["text"]) for act in acts] == [
        ("push-refused", True)
    ]
    assert _doctor(shop).startswith("True ") and "protected" in _doctor(shop)
    hook.unlink()
    subprocess.run(["git", "-C", str(remote), "config", "receive.hideRefs", "refs/tfops"], check=True)
    assert "hides these refs" in _refused(shop, "push-refused").error["what"]
    assert 'ledger: {ref: "refs/heads/tfops/{env}"}' in _doctor(shop)
    assert shop.run("lock", "dev", "-o", "json").error["guard"] == "push-refused"
    subprocess.run(["git", "-C", str(remote), "config", "--unset", "receive.hideRefs"], check=True)
    with serve_git_http(tmp_path) as web:
        shop.git("remote", "set-url", "origin", web.url("remote.git", "ann:hunter2-token"))
        for status, pushes_only, guard in ((403, True, "push-refused"), (401, False, "fetch-refused")):
            web.refuses(status, "hunter2-token may not", pushes_only=pushes_only)
            ran = _refused(shop, guard)
            assert "may not" in ran.error["why"] and "hunter2" not in ran.out + ran.err
        web.refuses(503, pushes_only=False)
        _refused(shop, "remote-unreachable")
        web.refuses(0)
        assert "False" in _doctor(shop)
        assert "dev is now v1" in shop.ok("apply", "dev", "--yes").out
    shop.git("remote", "set-url", "origin", str(remote))
    shop.wish("two")
    shop.git("push", "--quiet")
    assert shop.run("apply", "dev", "--yes", env={"TFOPS_FAILPOINT": "begun:SIGKILL"}).code == -9
    _hook(remote, "echo closed for maintenance >&2; exit 1")
    for args in (("recover", "dev"), ("apply", "dev", "--yes")):
        ran = shop.run(*args, "-o", "json")
        assert (ran.code, ran.error["guard"], "closed" in ran.error["why"]) == (11, "push-refused", True), ran.out
    hook.unlink()
    assert "nothing was applied" in shop.ok("recover", "dev").out


@pytest.mark.parametrize("how", ["a fork", "a move"])
def test_versions_without_their_ledger_are_not_changed(shop: Sandbox, tmp_path: Path, how: str) -> None:
    with serve_states() as states:
        shop.write(
            "tfops.yaml", f"version: 1\nproject: shop\n{states.backend()}environments:\n  dev: {{branch: main}}\n"
        )
        shop.wish("one")
        old = with_remote(shop, tmp_path / "old.git")
        shop.ok("apply", "dev", "--yes")
        new = tmp_path / "new.git"
        subprocess.run(["git", "clone", "--quiet", "--bare", str(old), str(new)], env=shop.env, check=True)
        other = shop.clone(str(new), tmp_path / "other")
        other.wish("two")
        other.git("push", "--quiet")
        shop.ok("lock", "dev", "--reason", "somebody works here")
        error = other.run("apply", "dev", "--yes", "-o", "json").error
        assert error["guard"] == "missing-ledger" and "git push --mirror" in error["hint"].replace("-C all.git ", "")
        for args in (("lock", "dev"), ("hold", "dev", "-m", "x"), ("apply", "dev", "--yes", "--offline")):
            assert other.run(*args, "-o", "json").error["guard"] in ("missing-ledger", "offline"), args
        turn = json.loads(other.run("reconcile", "-o", "json").out)
        assert [one["reason"] for one in turn["result"]["decisions"]] == ["missing-ledger"]
        assert other.git("for-each-ref", "refs/tfops") == ""
        if how == "a fork":
            assert "begun at v1" in other.ok("unlock", "dev", "--force").out
            assert "dev is now v2" in other.ok("apply", "dev", "--yes").out
            return
        moved = tmp_path / "all.git"
        subprocess.run(["git", "clone", "--quiet", "--mirror", str(old), str(moved)], env=shop.env, check=True)
        other.git("-C", str(moved), "fetch", "--quiet", str(new), "+refs/heads/*:refs/heads/*")
        other.git("-C", str(moved), "push", "--quiet", "--mirror", str(new))
        assert other.run("apply", "dev", "--yes").code == 12, "the lock by hand moved too"
        shop.ok("unlock", "dev")


def test_a_plan_in_a_fork_says_what_an_apply_says(shop: Sandbox, tmp_path: Path) -> None:
    """The state isn't here because this is a fork: the ledger, which isn't here either, says so."""
    shop.wish("one")
    old, new = with_remote(shop, tmp_path / "old.git"), tmp_path / "new.git"
    shop.ok("apply", "dev", "--yes")
    subprocess.run(["git", "clone", "--quiet", "--bare", str(old), str(new)], env=shop.env, check=True)
    fork = shop.clone(str(new), tmp_path / "fork")
    for command in (("plan", "dev"), ("drift", "dev"), ("apply", "dev", "--yes")):
        assert fork.run(*command, "-o", "json").error["guard"] == "missing-ledger", command
    mirror = shop.clone(str(old), tmp_path / "clone")
    assert mirror.run("plan", "dev", "-o", "json").error["guard"] == "state-absent", "no fork: only the state is away"


def test_a_remote_that_came_later_gets_what_only_this_clone_has_when_a_person_says_so(
    shop: Sandbox, tmp_path: Path
) -> None:
    shop.wish("one")
    shop.ok("apply", "dev", "--yes")
    remote = with_remote(shop, tmp_path / "remote.git")
    shop.commit("Nothing new")
    shop.git("push", "--quiet")
    ran = shop.run("apply", "dev", "--yes", "-o", "json")
    assert (ran.code, ran.error["guard"], ran.error["state"]) == (11, "missing-ledger", "Nothing was changed.")
    assert ran.error["hint"].startswith("to put them there: git push --atomic origin ")
    assert not (shop.workspace / "pending/dev.json").exists()
    answers = [("Push them there now?", "y\n")]
    seen = run_in_terminal(shop.command("apply", "dev"), cwd=shop.path, env=shop.env, answers=answers, timeout_s=120)
    assert seen.code == 0 and "dev is now v2" in seen.text, seen.text
    there = shop.git("-C", str(remote), "for-each-ref", "--format=%(refname)").split()
    assert {"refs/tags/tfops/dev/v1", "refs/tags/tfops/dev/v2", "refs/tfops/envs/dev"} <= set(there)
    shop.ok("verify", "dev")
