"""What may be run on a branch that nobody has read: docs/reference/validation.md, "On whose branch is it safe?"."""

from pathlib import Path

from tests.support.sandbox import Sandbox, with_remote

_RULES = "version: 1\nproject: shop\n%senvironments:\n  dev: {branch: main}\n"


def test_a_strangers_branch_starts_no_program_of_its_own_and_sees_no_credentials(shop: Sandbox, tmp_path: Path) -> None:
    del shop.env["TFOPS_ENGINE"]
    shop.wish("one")
    with_remote(shop, tmp_path / "remote.git")
    shop.git("remote", "set-head", "origin", "--auto")
    seen = tmp_path / "seen"
    shop.git("switch", "--quiet", "-c", "feature/x")
    shop.write("bin/engine", f"#!/bin/sh\nenv >> {seen}\necho Terraform v1.11.4\n")
    (shop.path / "bin/engine").chmod(0o755)
    secret = {"AWS_SECRET_ACCESS_KEY": "canary-1", "MORE_SECRET": "canary-2", "TF_TOKEN_x": "canary-3"}
    for use in ("./bin/engine", str(shop.path / "bin/engine")):
        shop.write("tfops.yaml", _RULES % f"engine: {{use: {use}, env: ['MORE_*']}}\n")
        shop.commit()
        for command in (("validate", "--deep"), ("plan", "dev"), ("validate", "--deep", "--head")):
            ran = shop.run(*command, "-o", "json", env=secret)
            assert ran.error["guard"] == "engine-path", (use, command, ran)
        assert "only this commit says" in shop.run("doctor", env=secret).out
        assert not seen.exists(), use

    # A person says so: it is started, without anything that opens a door.
    shop.run("validate", "--deep", "--engine", str(shop.path / "bin/engine"), env=secret)
    assert "PATH=" in seen.read_text()
    assert "canary" not in seen.read_text()

    # The home branch says so; but where it has the file, it is that file.
    seen.unlink()
    shop.git("push", "--quiet", "origin", "feature/x:main")
    shop.git("fetch", "--quiet")
    shop.run("validate", "--deep", env=secret)
    assert "canary" not in seen.read_text()
    seen.unlink()
    shop.write("bin/engine", f"#!/bin/sh\necho other >> {seen}\n")
    shop.commit()
    assert shop.run("validate", "--deep", "-o", "json").error["guard"] == "engine-path"
    assert not seen.exists()


def test_what_a_validation_reads_from_the_disk_is_not_shown(shop: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("canary")
    shop.write(
        "modules/thing/main.tf",
        f"""\
variable "value" {{
  type = any
  validation {{
    condition     = length(file("{tmp_path}/secret")) == 0
    error_message = "it is ${{file /* x */ ("{tmp_path}/secret")}}"
  }}
  validation {{
    condition     = var.value != "bad"
    error_message = "not bad, says a file name (x)."
  }}
}}
""",
    )
    shop.write(
        "modules/thing/more.tf.json",
        f'''{{"variable": {{"more": {{"default": "x", "validation": [{{
        "condition": "${{\\u0066ile(\\"{tmp_path}/secret\\") == \\"\\"}}",
        "error_message": "${{templatefile(\\"{tmp_path}/secret\\", {{}})}}"
    }}]}}}}}}''',
    )
    shop.wish("one")
    ran = shop.run("validate", "--deep", "-o", "json")
    assert ran.code == 0, ran
    shop.wish("bad")
    ran = shop.run("validate", "--deep")
    assert (ran.code, "canary" in ran.out + ran.err) == (10, False), ran
    assert "not bad" in ran.err, "other validations are judged as before"
