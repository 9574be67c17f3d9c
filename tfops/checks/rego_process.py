"""The program `python -m tfops.checks.rego_process PLAN FOLDER PACKAGE`: prints the evaluated package as JSON.

`null` where it isn't defined. Ends with 1 and a sentence on stderr when it can't be evaluated. A built-in function that
fails, or that regopy lacks, is such an error: a rule that it left undefined would pass.
"""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

try:
    from regopy import Interpreter, Output
    from regopy.rego_shared import RegoError
except ImportError:
    from tfops.system.installation import command_to_add

    sys.exit(f"regopy is not installed: {command_to_add('regopy')}")

# Where regopy's own account of an error says what it is, and at which byte of the file.
_MESSAGE = re.compile(r"\(errormsg [0-9]+:([^\n]*)\)")
_PLACE = re.compile(r"\(error [0-9]+:[^|\n]*\|([0-9]+)\|")


def main(plan: Path, folder: Path, package: str) -> str:
    """Its answer. Raises SystemExit with the sentence."""
    interpreter = Interpreter()
    interpreter.strict_built_in_errors = True
    files = [path for path in sorted(folder.rglob("*.rego")) if not path.name.endswith("_test.rego")]
    if not files:
        sys.exit(f"there is no file *.rego in {folder}")
    for path in files:
        _add(interpreter, path)
    try:
        interpreter.set_input_term(plan.read_text(encoding="utf-8"))
        return json.dumps(_value(interpreter.query(f"data.{package}")))
    except ValueError:  # regopy says what it lacks in a text that it then takes for JSON, and nobody gets to see it
        sys.exit("the policy calls a function that neither its files nor regopy have")
    except RegoError as error:
        sys.exit(_sentence(str(error)))


def _add(interpreter: Interpreter, path: Path) -> None:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        sys.exit(f"{path} can't be read: {error}")
    try:
        interpreter.add_module(str(path), text)
    except RegoError as error:
        place = _PLACE.search(str(error))
        line = text.encode()[: int(place[1])].count(b"\n") + 1 if place else 1
        sys.exit(f"{path}:{line}: {_sentence(str(error))}")


def _sentence(account: str) -> str:
    found = _MESSAGE.search(account)
    return found[1] if found else " ".join(account.split())


def _value(output: Output) -> Any:
    if not output.ok():
        sys.exit("a built-in function failed, or is one that regopy doesn't have")
    expressions = output[0].expressions if len(output) else ()
    return expressions[0] if expressions else None


if __name__ == "__main__":
    answer = os.dup(1)
    # What a policy prints, and the library's complaints with their excerpts, are no part of the answer.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    with os.fdopen(answer, "w", encoding="utf-8") as file:
        file.write(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
