"""A program that stands in for the engine while another tool is asked what its inputs are made of.

It is the engine, but for `output -json`: there each text is one that exists nowhere else. So whoever prints a value
that is an output of another unit prints a text that says which one. Nothing is parsed for that, and nothing changed.
"""

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfops.system import environ, process

PREFIX = "tfops-output-"


def main() -> None:
    """`ENGINE ARGS…`: the first argument is the engine that is meant."""
    engine, *args = sys.argv[1:]
    if "output" not in args or "-json" not in args:
        os.execv(engine, [engine, *args])  # noqa: S606 - as it was called
    done = process.run([engine, *args], env=environ.everything(), cwd=Path.cwd())
    sys.stderr.write(done.stderr)
    sys.stdout.write(marked_text(done.text) if done.code == 0 else done.text)
    sys.exit(done.code)


def marked_text(text: str) -> str:
    """What `output -json` says, with a mark in the place of each text."""
    try:
        outputs = json.loads(text)
    except ValueError:
        return text
    return json.dumps(marked(outputs)) if isinstance(outputs, dict) else text


def marked(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """The same of what was read. A mark says of which outputs it is, and where among them: not from where it was asked.

    https://developer.hashicorp.com/terraform/cli/commands/output#json-output-format
    """
    whose = hashlib.sha256(json.dumps(outputs, sort_keys=True).encode()).hexdigest()
    return {
        name: {**one, "value": _marked(one.get("value"), f"{whose}\0{name}")} if isinstance(one, dict) else one
        for name, one in outputs.items()
    }


def _marked(value: Any, place: str) -> Any:
    if isinstance(value, str):
        return PREFIX + hashlib.sha256(place.encode()).hexdigest()[:20]
    if isinstance(value, dict):
        return {key: _marked(item, f"{place}\0{key}") for key, item in value.items()}
    return (
        [_marked(item, f"{place}\0{index}") for index, item in enumerate(value)] if isinstance(value, list) else value
    )


if __name__ == "__main__":
    main()
