"""Where the user's Git signs, events and versions are signed; where tfops.yaml requires it, they must be."""

import shutil
import subprocess

import pytest

from tests.support.sandbox import Sandbox

_RULES = "version: 1\nproject: shop\nrequire: {signed: true}\nenvironments:\n  dev: {branch: main}\n"


@pytest.fixture
def signing(shop: Sandbox) -> Sandbox:
    """A project whose Git signs with an SSH key."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("no ssh-keygen here: apt-get install openssh-client")
    key = shop.home / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    (shop.home / "allowed").write_text(f"ann@example.com {key.with_suffix('.pub').read_text()}")
    for name, value in {
        "gpg.format": "ssh",
        "user.signingKey": f"{key}.pub",
        "gpg.ssh.allowedSignersFile": str(shop.home / "allowed"),
        "commit.gpgSign": "true",
        "tag.gpgSign": "true",
    }.items():
        shop.git("config", name, value)
    shop.write("tfops.yaml", _RULES)
    return shop


def _sign_by_place(shop: Sandbox) -> None:
    """The key, as people with two identities name it: in a file that counts below one folder only."""
    key = shop.git("config", "user.signingKey")
    shop.git("config", "--unset", "user.signingKey")
    shop.git("config", "--file", str(shop.home / "work"), "user.signingKey", key)
    shop.git("config", "--global", f"includeIf.gitdir:{shop.path}/.path", str(shop.home / "work"))


def test_a_signed_version_is_listed_verified_and_rolled_back(signing: Sandbox) -> None:
    signing.wish("one")
    signing.ok("apply", "dev", "--yes")
    signing.wish("two")
    _sign_by_place(signing)
    signing.ok("apply", "dev", "--yes", env={"GIT_DEFAULT_HASH": "sha256"})
    signing.git("verify-tag", "tfops/dev/v2")
    verified = signing.ok("verify", "dev", "-o", "json").result
    assert (verified["signed_events"], verified["events"], verified["findings"]) == (4, 4, [])
    assert "dev is now v3 (content of v1)" in signing.ok("rollback", "dev", "--yes").out


def test_without_signatures_a_project_that_requires_them_refuses(signing: Sandbox) -> None:
    signing.wish("one")
    signing.git("config", "tag.gpgSign", "false")
    ran = signing.run("apply", "dev", "--yes", "-o", "json")
    assert (ran.code, ran.error["guard"]) == (11, "unsigned")
    assert signing.tags() == []


def test_an_unsigned_event_is_found_and_stops_the_next_change(signing: Sandbox) -> None:
    signing.wish("one")
    signing.ok("apply", "dev", "--yes")
    signing.git("config", "commit.gpgSign", "false")
    assert signing.run("lock", "dev", "-o", "json").error["guard"] == "unsigned"
    signing.write("environments/dev.yaml", "modules: {main: {source: nowhere}}\n")
    signing.commit("Broken")
    assert "why commits wait could not be noted" in signing.ok("reconcile").err, "an unsigned note would stop them all"
    signing.git("reset", "--quiet", "--hard", "HEAD~1")
    signing.write("tfops.yaml", _RULES.replace("signed: true", "signed: false"))
    signing.commit("Not required for a moment")
    signing.ok("lock", "dev", "--reason", "unsigned")
    signing.ok("unlock", "dev")
    signing.git("config", "commit.gpgSign", "true")
    signing.write("tfops.yaml", _RULES)
    signing.commit("Required again")
    verified = signing.run("verify", "dev")
    assert (verified.code, verified.out.count("unsigned: event")) == (11, 2)
    assert signing.run("apply", "dev", "--yes", "-o", "json").error["guard"] == "unsigned"
    signing.ok("lock", "dev", "--reason", "looked at it")
    signing.ok("unlock", "dev")
    signing.ok("apply", "dev", "--yes")


def test_nobody_agrees_to_a_plan_that_was_kept_without_a_signature(signing: Sandbox) -> None:
    rules = _RULES.replace("{branch: main}", "{branch: main, review: {approvals: 1, not_by: []}}")
    signing.write("tfops.yaml", rules.replace("signed: true", "signed: false"))
    signing.wish("one")
    signing.git("config", "commit.gpgSign", "false")
    signing.ok("plan", "dev", "--keep")
    signing.git("config", "commit.gpgSign", "true")
    signing.write("tfops.yaml", rules)
    signing.commit("Signatures are required")
    refused = signing.run("approve", "dev", "--yes", "-o", "json")
    assert (refused.code, refused.error["guard"]) == (11, "unsigned")
    signing.ok("plan", "dev", "--keep")
    signing.ok("approve", "dev", "--yes")
