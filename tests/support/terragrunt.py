"""A stand-in for Terragrunt, for trees of one form: it prints what the real one (1.1.3) prints of them.

What a unit is stands in `unit.json` beside its `terragrunt.hcl`: `source`, `inputs` (`{"output": [UNIT, NAME]}` is that
of another unit), `needs` (name to folder), `more` (what else `render` says). Its state is in the http backend.
"""

import sys
from collections.abc import MutableMapping
from pathlib import Path

_PROGRAM = r'''#!{python} -IS
import json, os, pathlib, subprocess, sys

here, words = pathlib.Path.cwd(), [word for word in sys.argv[1:] if word not in ("--no-color", "--non-interactive")]
engine = os.environ["TG_TF_PATH"]


def unit(folder):
    return json.loads((folder / "unit.json").read_text())


def run(folder, *argv):
    """In the folder where Terragrunt would put the code."""
    cache = folder / ".terragrunt-cache/code"
    done = subprocess.run([engine, *argv], cwd=cache, capture_output=True, text=True)
    sys.stderr.write(done.stderr)
    return done


def outputs(folder):
    return {{name: one["value"] for name, one in json.loads(run(folder, "output", "-json").stdout).items()}}


if words[0] == "find":
    found = []
    for file in sorted(here.rglob("terragrunt.hcl")):
        folder = file.parent
        needs = [os.path.relpath(folder / path, here) for path in unit(folder).get("needs", {{}}).values()]
        one = {{"type": "unit", "path": os.path.relpath(folder, here), "include": {{"root": "root.hcl"}}}}
        found.append(one | ({{"dependencies": needs}} if needs else {{}}))
    print(json.dumps(found))
elif words[0] == "render":
    body = unit(here)
    needs = body.get("needs", {{}})
    said = {{name: outputs(here / path) for name, path in needs.items()}}
    inputs = {{
        name: said[value["output"][0]][value["output"][1]] if isinstance(value, dict) and "output" in value else
        value.format(**said) if isinstance(value, str) else value
        for name, value in body["inputs"].items()
    }}
    mocks = {{"mock_outputs": {{"id": "mock"}}, "outputs": None, "enabled": None, "skip": None}}
    print(json.dumps({{
        "terraform": {{"source": body["source"], "before_hook": {{}}, "extra_arguments": {{}}}},
        "inputs": inputs,
        "dependency": {{name: {{"name": name, "config_path": path}} | mocks for name, path in needs.items()}},
        **body["more"],
    }}))
else:
    done = run(here, *words[words.index("--") + 1:])
    sys.stdout.write(done.stdout)
    sys.exit(done.returncode)
'''


def stand_in_terragrunt(folder: Path, env: MutableMapping[str, str]) -> None:
    """Put it first on a PATH."""
    folder.mkdir()
    program = folder / "terragrunt"
    program.write_text(_PROGRAM.format(python=sys.executable))
    program.chmod(0o755)
    env["PATH"] = f"{folder}:{env['PATH']}"
