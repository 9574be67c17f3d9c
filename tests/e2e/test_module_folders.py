"""A module's folder: one path for ever, a folder of its own for each environment, never an old tree's, never a run's.

The promises stand in docs/explanation/how-it-works.md, "Where an engine runs", and in docs/reference/files.md.
"""

import json
import signal
from pathlib import Path

from tests.support.sandbox import Sandbox, with_remote

# What lay beside the module before is put into the root; then what this run builds is written there.
_WRITER = """\
variable "n" { type = string }
resource "terraform_data" "writer" {
  input            = path.module
  triggers_replace = [var.n]
  provisioner "local-exec" {
    command = "ls ${path.module} > before-${var.n}; echo built-for-${var.n} > ${path.module}/cfg.json"
  }
}
"""

_RULES = """\
version: 1
project: shop
environments:
  dev: {branch: main}
  prod: {branch: main}
"""


def wish(shop: Sandbox, env: str, n: str, source: str = "writer") -> None:
    shop.write(f"environments/{env}.yaml", json.dumps({"modules": {"main": {"source": source, "inputs": {"n": n}}}}))


def plan(shop: Sandbox, env: str) -> dict[str, object]:
    found: dict[str, object] = shop.ok("plan", env, "--output", "json").result["plan"]
    return found


def test_a_modules_folder_is_no_other_environments_and_no_other_commits(shop: Sandbox) -> None:
    shop.write("tfops.yaml", _RULES)
    shop.write("modules/writer/main.tf", _WRITER)
    for env in ("dev", "prod"):
        wish(shop, env, env)
    shop.commit()
    shop.ok("apply", "dev", "--yes")
    shop.ok("apply", "prod", "--yes")
    root = {env: shop.workspace / f"roots/{env}/main" for env in ("dev", "prod")}
    written = {env: (path / "modules/writer/cfg.json").read_text() for env, path in root.items()}
    assert written == {"dev": "built-for-dev\n", "prod": "built-for-prod\n"}
    assert [(path / f"before-{env}").read_text() for env, path in root.items()] == ["main.tf\n"] * 2

    # A file more in another module changes nothing of this one, and what ran before is not seen by what runs now.
    shop.write("modules/thing/more.txt", "x")
    shop.commit()
    assert plan(shop, "dev")["is_empty"]
    wish(shop, "dev", "dev2")
    shop.commit()
    shop.ok("apply", "dev", "--yes", "--allow-destroy", "module.main.terraform_data.writer")
    assert (root["dev"] / "before-dev2").read_text() == "main.tf\n"
    assert (root["prod"] / "modules/writer/cfg.json").read_text() == "built-for-prod\n"
    # To where it was: the same folder again, fresh from the commit.
    shop.ok("rollback", "dev", "v1", "--yes", "--allow-destroy", "module.main.terraform_data.writer")
    assert (root["dev"] / "before-dev").read_text() == "main.tf\n"


def test_the_path_of_a_module_is_the_same_in_every_clone(shop: Sandbox, tmp_path: Path) -> None:
    shop.write("modules/outer/main.tf", 'variable "n" {}\nmodule "inner" {\n  source = "../inner"\n}\n'
               'resource "terraform_data" "a" {\n  input = [path.module, module.inner.path]\n}\n'
               'output "paths" { value = terraform_data.a.output }\n')  # fmt: skip
    shop.write("modules/inner/main.tf", 'output "path" { value = path.module }\n')
    shop.write("tfops.yaml", "version: 1\nproject: shop\nbackend: {local: }\nenvironments:\n  dev: {branch: main}\n")
    wish(shop, "dev", "x", "outer")
    shop.commit()
    remote = with_remote(shop, tmp_path / "remote.git")
    shop.ok("apply", "dev", "--yes")
    rendered = json.loads((shop.workspace / "roots/dev/main/main.tf.json").read_text())
    assert rendered["module"]["main"]["source"] == "./modules/outer"
    [resource] = shop.state()["resources"]
    assert resource["instances"][0]["attributes"]["input"]["value"] == ["modules/outer", "modules/inner"]
    other = shop.clone(str(remote), tmp_path / "deep/er/other")
    (other.workspace / "state/dev").mkdir(parents=True)
    (other.workspace / "state/dev/main.tfstate").write_text(json.dumps(shop.state()))
    assert plan(other, "dev")["is_empty"]


def test_an_old_module_is_never_taken_for_the_new_one(shop: Sandbox) -> None:
    """Contents, nested calls and links change below paths that stay; also when the run before was killed between."""
    calls = 'variable "n" {}\nmodule "inner" {\n  source = "../inner"\n}\noutput "is" { value = module.inner.is }\n'
    shop.write("modules/outer/main.tf", calls)
    for name in ("one", "two"):
        shop.write(f"modules/{name}/main.tf", f'output "is" {{ value = "{name}" }}\n')
    (shop.path / "modules/inner").symlink_to("one")
    wish(shop, "dev", "x", "outer")
    first = shop.commit()
    shop.ok("apply", "dev", "--yes")

    def is_now() -> str:
        shop.ok("apply", "dev", "--yes", "--allow-older")
        return str(shop.state()["outputs"]["main"]["value"]["is"])

    def lead_to(name: str) -> None:
        (shop.path / "modules/inner").unlink()
        (shop.path / "modules/inner").symlink_to(name)
        shop.commit()

    def taken() -> str:
        """The folder that the engine has listed for the call."""
        listed = json.loads((shop.workspace / "roots/dev/main/.terraform/modules/modules.json").read_text())["Modules"]
        return next(str(entry["Dir"]) for entry in listed if entry["Key"] == "main.inner")

    assert (is_now(), taken()) == ("one", "modules/one")
    lead_to("two")
    # One run is killed with the new tree on disk and the old list, one with the new list; then the old commit again.
    for failpoint in ("rendered", "prepared"):
        assert shop.run("plan", "dev", env={"TFOPS_FAILPOINT": f"{failpoint}:{signal.SIGKILL:d}"}).code != 0
        shop.git("switch", "--quiet", "--detach", first)
        assert plan(shop, "dev")["is_empty"]
        assert taken() == "modules/one", failpoint
        shop.git("switch", "--quiet", "main")
    assert (is_now(), taken()) == ("two", "modules/two")
    shop.write("modules/two/main.tf", 'output "is" { value = "two, changed" }\n')
    shop.commit()
    assert is_now() == "two, changed"
    shop.write("modules/outer/main.tf", calls.replace("../inner", "../one"))
    shop.commit()
    assert is_now() == "one"


def test_what_was_written_by_a_relative_path_is_left_by_every_command(shop: Sandbox) -> None:
    """`path.root`, `path.cwd` and relative paths are the rendered root: the state speaks of what lies there."""
    shop.write(
        "modules/thing/main.tf",
        """\
variable "value" { type = any }
resource "terraform_data" "files" {
  input = var.value
  provisioner "local-exec" {
    command = <<-EOT
      mkdir -p gen && echo a > kubeconfig && echo b > ${path.root}/gen/b
      echo c > ${path.cwd}/c && echo d > ${path.module}/d
    EOT
  }
}
""",
    )
    shop.wish("one")
    shop.ok("apply", "dev", "--yes")
    root = shop.workspace / "roots/dev/main"
    for command in (("plan", "dev"), ("drift", "dev"), ("plan", "dev", "--worktree"), ("apply", "dev", "--yes")):
        shop.ok(*command)
        made = {path: (root / path).read_text().strip() for path in ("kubeconfig", "gen/b", "c", "modules/thing/d")}
        assert made == {"kubeconfig": "a", "gen/b": "b", "c": "c", "modules/thing/d": "d"}, command
    # What would steer the engine is no file of a resource's: it is gone before the engine looks.
    (root / "zz_override.tf").write_text("nonsense")
    (root / "zz.auto.tfvars").write_text("nonsense")
    (root / "modules/thing/zz.tf").write_text("nonsense")
    shop.ok("plan", "dev")
    assert not [path for path in root.rglob("zz*")]
    shop.wish("two")
    shop.ok("plan", "dev")
    assert (root / "kubeconfig").exists()
    assert not (root / "modules/thing/d").exists()
