"""What a run writes into a downloaded module: no run of another commit sees it, and a spoiled file is fetched again.

The rule for each file: `tests/unit/test_engine_downloads.py`.
"""

import json
from pathlib import Path

from tests.support.sandbox import Sandbox, new_sandbox

_FAR = """\
variable "n" { type = number }
variable "spoils" { type = bool }
resource "terraform_data" "x" {
  triggers_replace = var.n
  provisioner "local-exec" {
    command = <<-EOT
      cd ${path.module} && ls > ../../../seen-${var.n} && echo ${var.n} >> built
      ${var.spoils ? "echo spoiled > parts/inner/text" : ""}
    EOT
  }
}
module "inner" { source = "./parts/inner" }
"""
_INNER = 'output "text" { value = trimspace(file("${path.module}/text")) }\n'


def test_what_a_run_wrote_into_a_download_is_gone_for_the_next_commit(
    shop: Sandbox, tmp_path: Path, engine: str
) -> None:
    far = new_sandbox(tmp_path / "far", engine)
    far.write("main.tf", _FAR)
    far.write("parts/inner/main.tf", _INNER)
    far.write("parts/inner/text", "as fetched\n")
    commit = far.commit()
    root = shop.workspace / "roots/dev/main"
    download = root / ".terraform/modules/far"

    def use(number: int, *, spoils: bool) -> None:
        inputs = {"n": number, "spoils": spoils}
        modules = {"far": {"source": f"git::file://{far.path}?ref={commit}", "inputs": inputs}}
        shop.write("environments/dev.yaml", json.dumps({"modules": modules}))
        shop.commit(f"Use it with {number}")
        shop.ok("apply", "dev", "--yes")

    use(1, spoils=False)
    assert "No changes" in shop.ok("plan", "dev").out
    assert (download / "built").read_text() == "1\n", "runs of the same commit find it"

    far.path.rename(tmp_path / "away")  # what was only added is taken away again without asking the source
    use(2, spoils=True)
    assert "built" not in (root / "seen-2").read_text().split()
    assert (download / "built").read_text() == "2\n"

    assert (download / "parts/inner/text").read_text() == "spoiled\n"
    away = shop.run("plan", "dev", "-o", "json")
    assert (away.code, away.error["what"]) == (20, "the modules can't be taken in"), "a spoiled one is never used"
    (tmp_path / "away").rename(far.path)
    assert "No changes" in shop.ok("plan", "dev").out
    assert (download / "parts/inner/text").read_text() == "as fetched\n"
    use(3, spoils=False)
    assert "built" not in (root / "seen-3").read_text().split()
