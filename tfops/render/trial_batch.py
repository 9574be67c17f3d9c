"""The inputs of many modules in one trial: it says whether all of them are right, not which of them is wrong.

The engine's graph grows with blocks and variables, and its time faster than the graph. So modules with the same
declarations that are given inputs of the same names, and the same constants, share one block with `for_each`: a
tenth of the time for each. The same inputs, as environments inherit them, are one call.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from tfops import exact
from tfops.records.rendered import MAIN_FILE
from tfops.render.trial import INSTALLED_FILE, Call, declared, expression, installed, source_in

# Terraform 1.15 took 280 MB and 1.5 s of processor time for as many; for more it takes more of both.
_MOST_VARIABLES = 2000


def call_key(call: Call) -> str:
    """The same for calls that the engine can't tell apart."""
    interface, inputs = call
    variables = interface.variables
    given = {name: expression(inputs[name], variables[name].type) for name in inputs.keys() & variables.keys()}
    whole = exact.dumps([dict(declared(interface)), given], sort_keys=True)
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def crowds(calls: Mapping[str, Call]) -> list[dict[str, Call]]:
    """Calls that are tried together: as many as have this many variables, so that the engine's memory has an end."""
    found: list[dict[str, Call]] = []
    room = 0
    for key, call in calls.items():
        size = max(1, len(call[0].variables))
        if not found or size > room:
            found.append({})
            room = _MOST_VARIABLES
        found[-1][key] = call
        room -= size
    return found


def render_crowd(calls: Iterable[Call]) -> dict[str, str]:
    """The files to try. Which inputs a call gives is part of its block: an absent one isn't a null one."""
    folders: dict[frozenset[tuple[str, str]], str] = {}
    groups: dict[tuple[str, tuple[str, ...], str], dict[str, Any]] = {}
    for interface, inputs in calls:
        folder = folders.setdefault(frozenset(declared(interface).items()), f"m{len(folders)}")
        variables = interface.variables
        known = sorted(inputs.keys() & variables.keys())
        given = {name: expression(inputs[name], variables[name].type) for name in known}
        const = exact.dumps({name: given.pop(name) for name in known if variables[name].const})
        groups.setdefault((folder, tuple(given), const), {}).setdefault(exact.dumps(given), given)
    blocks = {
        f"g{number}": {
            "source": source_in(folder),
            "for_each": {str(index): given for index, given in enumerate(members.values())},
            **{name: f"${{each.value.{name}}}" for name in names},
            **exact.loads(const),
        }
        for number, ((folder, names, const), members) in enumerate(groups.items())
    }
    where = {f"g{number}": folder for number, (folder, *_) in enumerate(groups)}
    files = {MAIN_FILE: exact.dumps({"module": blocks}), INSTALLED_FILE: installed(where)}
    for declarations, folder in folders.items():
        files |= {f"{folder}/{name}": text for name, text in declarations}
    return files
