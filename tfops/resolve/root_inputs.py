"""The inputs of modules, read back from a rendered root as the ledger keeps it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tfops import exact
from tfops.records.addresses import qualified
from tfops.records.names import MAIN_STACK
from tfops.records.rendered import MAIN_FILE, ROOT_FILE, ROOT_MODULE, RUN_VARIABLE, VALUES_FILE, inputs_variable

LOCALS = "locals"
SECRET = "(secret)"  # noqa: S105 - what stands in its place
_SECRET = re.compile(r"\$\{(jsondecode\()?var\.secret_\w+\)?\}")
_OF_RUN = re.compile(rf'\$\{{var\.{RUN_VARIABLE}\["(?P<name>[a-z_.]+)"\]\}}')
_NOT_INPUTS = frozenset({"source", "version", "providers"})


def root_paths(stacks: Iterable[str]) -> list[str]:
    """The files of the stacks' roots that inputs stand in."""
    return [_path(stack, name) for stack in stacks for name in (MAIN_FILE, ROOT_FILE, VALUES_FILE)]


def _path(stack: str, name: str) -> str:
    return name if stack == MAIN_STACK else f"{stack}/{name}"


def root_inputs(files: Mapping[str, str], stacks: Iterable[str]) -> dict[str, Any] | None:
    """`module.input` (`stack/module.input` where there are several) to value; None where a root is missing.

    A value is as it was written; what comes from elsewhere is the expression that stands for it, a secret `(secret)`.
    """
    found: dict[str, Any] = {}
    for stack in stacks:
        main, own = (files.get(_path(stack, name)) for name in (MAIN_FILE, ROOT_FILE))
        values = files.get(_path(stack, VALUES_FILE), "{}")
        if own is not None:
            inputs = {**exact.loads(values), **_without_secrets(exact.loads(own)["inputs"])}
            found |= {f"{qualified(stack, ROOT_MODULE)}.{name}": value for name, value in inputs.items()}
            continue
        if main is None:
            return None
        for module, inputs in _modules(main, values):
            found |= {f"{qualified(stack, module)}.{name}": value for name, value in inputs.items()}
        named = exact.loads(main).get("locals", {})
        found |= {f"{qualified(stack, LOCALS)}.{name}": _shown(value) for name, value in named.items()}
    return found


def _modules(main: str, values: str) -> Iterator[tuple[str, dict[str, Any]]]:
    literals = exact.loads(values)
    for module, block in exact.loads(main).get("module", {}).items():
        given = literals.get(inputs_variable(module), {})
        others = {key: _shown(value) for key, value in block.items() if key not in given and key not in _NOT_INPUTS}
        yield module, {**given, **others}


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return SECRET if list(value) == ["from"] else {key: _without_secrets(item) for key, item in value.items()}
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shown(item) for item in value]
    if not isinstance(value, str):
        return value
    of_run = _OF_RUN.fullmatch(value)
    if of_run:
        return f"${{{of_run['name']}}}"
    return SECRET if _SECRET.fullmatch(value) else value.replace("$${", "${").replace("%%{", "%{")


def flat(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """With the parts of objects and maps by themselves: `web.scaling.min`."""
    return dict(_parts(inputs))


def _parts(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from _parts(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value
