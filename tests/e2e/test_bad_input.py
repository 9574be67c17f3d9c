"""Bad input: a clear error, exit code 10, 11 or 64, and nothing changed."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.sandbox import Sandbox, new_sandbox

_RULES = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main}\n"
_DEV = "modules: {main: {source: thing, inputs: {value: 1}}}\n"

# (what is wrong, tfops.yaml, environments/dev.yaml, what the error must say)
_FILES = [
    ("broken YAML", _RULES, "modules: {main: [\n", "environments/dev.yaml:2:1"),
    ("a tab", _RULES, "modules:\n\tmain: 1\n", "environments/dev.yaml:2:1"),
    ("an empty file", _RULES, "", "environments/dev.yaml:1:1"),
    ("a list", _RULES, "- 1\n", "environments/dev.yaml:1:1"),
    ("a key twice", _RULES, "modules: {main: {source: thing, source: thing}}\n", "environments/dev.yaml:1:33"),
    ("an unknown key", _RULES, "modules: {main: {sorce: thing}}\n", "did you mean `source`?"),
    ("an unknown module", _RULES, "modules: {main: {source: thin}}\n", "did you mean `thing`?"),
    ("a source outside", _RULES, "modules: {main: {source: ../../etc}}\n", "points outside of `modules/`"),
    ("an absolute source", _RULES, "modules: {main: {source: /etc}}\n", "points outside of `modules/`"),
    (
        "an unknown reference",
        _RULES,
        "modules: {a: {source: thing, inputs: {value: '${module.b.x}'}}}\n",
        "no module `b`",
    ),
    (
        "a secret store",
        _RULES,
        "modules: {a: {source: thing, inputs: {value: {from: 'smm:/x'}}}}\n",
        "did you mean `ssm`",
    ),
    ("an extends cycle", _RULES, "extends: dev.yaml\nmodules: {}\n", "extend each other"),
    ("extends nowhere", _RULES, "extends: bass.yaml\nmodules: {}\n", "`environments/bass.yaml` does not exist"),
    ("extends outside", _RULES, "extends: ../tfops.yaml\nmodules: {}\n", "names a file in `environments/`"),
    ("two backends", _RULES + "backend: {local: {}, s3: {}}\n", _DEV, "exactly one backend"),
    ("a shared state", _RULES + "backend: {gcs: {bucket: b}}\n", _DEV, "no value contains `{env}`"),
    ("an s3 without lock", _RULES + "backend: {s3: {bucket: b, key: '{env}'}}\n", _DEV, "lock: native"),
    ("an environment name", _RULES + "  ../x: {branch: main2}\n", _DEV, "tfops.yaml:5:3"),
    ("a branch pattern", _RULES + "  qa: {branch: '--upload-pack=x'}\n", _DEV, "can't be a branch pattern"),
    ("a branch with dots", _RULES + "  qa: {branch: 'a..b'}\n", _DEV, "can't be a branch pattern"),
    ("a newer tfops.yaml", _RULES.replace("version: 1", "version: 2"), _DEV, "`version` must be 1"),
]

_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


@pytest.mark.parametrize(("rules", "dev", "wanted"), [case[1:] for case in _FILES], ids=[case[0] for case in _FILES])
def test_a_mistake_in_a_file_is_shown_where_it_is(tmp_path: Path, rules: str, dev: str, wanted: str) -> None:
    shop = new_sandbox(tmp_path / "shop", "none-needed", rules=rules)
    shop.write("environments/dev.yaml", dev)
    shop.commit()
    ran = shop.run("apply", "dev", "--yes")
    assert ran.code == 10, ran.err
    assert wanted in ran.err
    assert "Nothing was changed." in ran.err
    assert not shop.state_file.exists()


_TAKES = """\
variable "n" { type = number }
variable "s" {
  type      = number
  sensitive = true
}
variable "l" {
  type = any
  validation {
    condition     = length(var.l) > 9
    error_message = "too short"
  }
}
"""
_GIVES = """\
modules:
  a: {source: gives}
  b:
    source: takes
    inputs:
      n: ${module.a.x}
      s: {from: env:NUMBER}
      l: ${module.a.x}
"""


def test_a_value_that_only_the_plan_knows_is_wrong_where_it_is_given(tmp_path: Path, engine: str) -> None:
    """docs/explanation/engine.md: the engine points at the rendered root, tfops at the environment's file."""
    shop = new_sandbox(tmp_path / "shop", engine)
    shop.env["NUMBER"] = "no-number"
    shop.write("modules/gives/main.tf", 'output "x" { value = "text" }\n')
    shop.write("modules/takes/main.tf", _TAKES)
    shop.write("environments/dev.yaml", _GIVES)
    shop.commit()
    failed = shop.run("plan", "dev")
    assert failed.code == 20
    for line in ("6:7", "7:7", "8:7"):
        assert f"(environments/dev.yaml:{line})" in failed.err
    assert "main.tf.json" not in failed.err


def test_every_mistake_of_every_file_is_shown_in_one_run(tmp_path: Path) -> None:
    shop = new_sandbox(tmp_path / "shop", "none-needed", rules=_RULES + "engin: {}\nprojekt: x\n")
    shop.write("environments/dev.yaml", "modules: {a: {source: nope, inputz: {}}, b: 1}\n")
    shop.commit()
    complaints = shop.run("apply", "dev", "-o", "json").error["complaints"]
    places = [(item["mark"]["path"], item["mark"]["line"], item["mark"]["column"]) for item in complaints]
    assert places == [
        ("tfops.yaml", 5, 1),
        ("tfops.yaml", 6, 1),
        ("environments/dev.yaml", 1, 15),
        ("environments/dev.yaml", 1, 29),
        ("environments/dev.yaml", 1, 42),
    ]


@pytest.mark.parametrize(
    "branch", ["-x", "a b", "a;b", "a..b", "b\u00e9", "--output=pwn", "--upload-pack=touch${IFS}pwn", "x.lock"]
)
def test_a_hostile_branch_name_from_ci_is_refused(tmp_path: Path, branch: str) -> None:
    shop = new_sandbox(tmp_path / "shop", "none-needed", rules=_RULES.replace("main", '"**"'))
    shop.write("environments/dev.yaml", _DEV)
    shop.commit()
    shop.git("checkout", "--quiet", "--detach")
    ran = shop.run("apply", "--yes", "-o", "json", env={"TFOPS_BRANCH": branch})
    assert (ran.code, ran.error["guard"]) == (11, "branch-name")
    assert not (tmp_path / "pwn").exists()


@pytest.mark.parametrize("env", ["../x", "-x", "a b", "d;ls", "d\nv", "Dev", "d\u00e9v", "deev", ""])
def test_an_unknown_or_hostile_environment_name_gets_the_nearest_names(tmp_path: Path, env: str) -> None:
    shop = new_sandbox(tmp_path / "shop", "none-needed")
    shop.commit()
    ran = shop.run("apply", "--yes", "-o", "json", "--", env)
    assert (ran.code, ran.error["guard"]) == (11, "unknown-environment")
    assert "dev" in f"{ran.error['why']} {ran.error['hint']}".replace("`", "")


def test_no_mapping_and_two_mappings_list_the_mapping(tmp_path: Path) -> None:
    rules = "version: 1\nproject: shop\nenvironments:\n  a: {branch: 'release/*'}\n  b: {branch: 'release/1'}\n"
    shop = new_sandbox(tmp_path / "shop", "none-needed", rules=rules)
    shop.commit()
    none = shop.run("apply", "-o", "json").error
    assert (none["guard"], "release/* -> a, release/1 -> b" in none["why"]) == ("no-environment", True)
    shop.git("switch", "--quiet", "--create", "release/1")
    assert shop.run("apply", "-o", "json").error["guard"] == "ambiguous-branch"


def test_no_repository_no_commit_no_project_no_folder(tmp_path: Path) -> None:
    nowhere = Sandbox(tmp_path, tmp_path / "home", "none-needed")
    assert (nowhere.run("status").code, "not in a Git repository" in nowhere.run("status").err) == (10, True)
    nowhere.git("init", "--quiet")
    assert "no commit yet" in nowhere.run("apply").err
    nowhere.git("update-ref", "refs/remotes/origin/main", nowhere.git("commit-tree", "-m", "x", _EMPTY_TREE))
    assert "next: git switch main" in nowhere.run("apply").err
    nowhere.commit("Empty")
    assert "there is no `tfops.yaml`" in nowhere.run("apply").err
    assert nowhere.run("-C", "nope", "status").code == 10
    assert nowhere.run("aply").code == 64
    missing = nowhere.run("state", "versions", "-o", "json")
    assert (missing.code, missing.error["hint"]) == (64, "tfops state versions ENV")
    assert "Commands:" in nowhere.ok("state").out
    assert nowhere.run("apply", "dev", "--wait", "soon").code == 64


def test_a_link_out_of_the_modules_is_refused(tmp_path: Path, engine: str) -> None:
    shop = new_sandbox(tmp_path / "shop", engine)
    (shop.path / "modules/thing/passwd").symlink_to("/etc/passwd")
    shop.wish("one")
    ran = shop.run("plan", "dev", "-o", "json")
    assert (ran.code, ran.error["guard"]) == (11, "outside-repository")


def test_a_module_that_calls_out_of_the_modules_is_refused(tmp_path: Path, engine: str) -> None:
    shop = new_sandbox(tmp_path / "shop", engine)
    shop.write("modules/thing/call.tf", 'module "out" {\n  source = "../../../elsewhere"\n}\n')
    shop.wish("one")
    ran = shop.run("plan", "dev", "-o", "json")
    assert (ran.code, ran.error["guard"]) == (11, "outside-repository")


def test_a_tag_that_is_not_tfops_is_named_and_its_number_not_used(shop: Sandbox) -> None:
    shop.wish("one")
    shop.git("tag", "tfops/dev/v1")
    shop.git("tag", "-a", "-m", "mine", "tfops/dev/v2")
    assert "dev is now v3" in shop.ok("apply", "dev", "--yes").out
    history = shop.ok("history", "dev").out
    assert "tfops/dev/v1: not made by tfops" in history and "tfops/dev/v2: not made by tfops" in history
    assert shop.run("rollback", "dev", "v1", "-o", "json").error["guard"] == "unknown-version"


def test_a_card_of_a_newer_tfops_is_refused_by_name(shop: Sandbox) -> None:
    shop.wish("one")
    shop.ok("apply", "dev", "--yes")
    message = shop.git("for-each-ref", "--format=%(contents)", "refs/tags/tfops/dev/v1")
    newer = message.replace('"schema": 1', '"schema": 99').replace("Tfops-Schema: 1", "Tfops-Schema: 99")
    shop.git("tag", "-a", "-F", _file(shop, newer.replace("dev v1:", "dev v2:")), "--cleanup=verbatim", "tfops/dev/v2")
    ran = shop.run("apply", "dev", "--yes", "-o", "json")
    assert (ran.code, ran.error["guard"]) == (11, "newer-tfops")


def _file(shop: Sandbox, text: str) -> str:
    path = shop.home / "message"
    path.write_text(text)
    return str(path)


def test_no_engine_a_wrong_engine_and_an_old_engine(tmp_path: Path) -> None:
    shop = new_sandbox(tmp_path / "shop", "nowhere-to-be-found")
    shop.wish("one")
    assert "was not found" in shop.run("plan", "dev").err
    old = tmp_path / "terraform"
    for answer, wanted in (("Terraform v1.5.7", "too old"), ("hello", "answers neither like Terraform nor")):
        old.write_text(f"#!/bin/sh\necho '{answer}'\n")
        old.chmod(0o755)
        ran = shop.run("plan", "dev", "--engine", str(old))
        assert (ran.code, wanted in ran.err) == (10, True), ran.err


def test_a_project_can_ask_for_an_engine_version(tmp_path: Path, engine: str) -> None:
    rules = _RULES + 'engine: {version: ">= 99"}\n'
    shop = new_sandbox(tmp_path / "shop", engine, rules=rules)
    shop.wish("one")
    ran = shop.run("plan", "dev")
    assert (ran.code, "asks for an engine >= 99" in ran.err) == (10, True)


def test_a_full_disk_is_a_sentence(shop: Sandbox) -> None:
    shop.wish("one")
    limited = ["bash", "-c", 'ulimit -f 1; exec "$@"', "-", *shop.command("apply", "dev", "--yes")]
    done = subprocess.run(limited, cwd=shop.path, env=shop.env, capture_output=True, text=True, check=False)
    assert done.returncode in (11, 20), done.stderr
    assert "Traceback" not in done.stderr
    assert shop.tags() == []
    assert "dev is now v1" in shop.ok("apply", "dev", "--yes").out


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere: run the tests as a user to see this one")
def test_a_read_only_folder_is_a_sentence(shop: Sandbox) -> None:
    shop.wish("one")
    (shop.path / ".git").chmod(0o500)
    try:
        ran = shop.run("apply", "dev", "--yes", "-o", "json")
    finally:
        (shop.path / ".git").chmod(0o700)
    assert (ran.code, ran.error["guard"]) == (11, "disk")


def test_a_file_where_the_folder_should_be_is_a_sentence(shop: Sandbox) -> None:
    shop.wish("one")
    (shop.path / ".git/tfops").write_text("in the way")
    ran = shop.run("apply", "dev", "--yes", "-o", "json")
    assert (ran.code, ran.error["guard"]) == (11, "disk")
