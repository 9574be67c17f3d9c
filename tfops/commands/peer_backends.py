"""Where units of another tool keep their states, as tfops.yaml says it: one backend, and what environments add."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from tfops.commands.peer_units import UnitBackend
from tfops.records.names import MAIN_STACK, EnvName, StackName

# The setting that says where in a bucket, and what it is for all that come later.
_PLACES = {
    "s3": ("key", "{env}/{stack}/terraform.tfstate"),
    "azurerm": ("key", "{env}/{stack}/terraform.tfstate"),
    "gcs": ("prefix", "{env}/{stack}"),
    "consul": ("path", "{env}/{stack}"),
}
_ADDRESSES = ("address", "lock_address", "unlock_address")
_LOCKS = ("use_lockfile", "dynamodb_table")


def common_backend(backends: Sequence[UnitBackend]) -> tuple[str, dict[str, Any]]:
    """The kind that most have, and what tfops.yaml says of it: what they have in common. Nothing for local states."""
    kinds = Counter(one.kind for one in backends)
    kind = kinds.most_common(1)[0][0] if kinds else "local"
    if kind == "local":
        return kind, {}
    ours = [one.settings for one in backends if one.kind == kind]
    common = {key: value for key, value in ours[0].items() if all(other.get(key) == value for other in ours)}
    if kind == "http":
        common |= {key: _pattern(ours[0][key]) for key in _ADDRESSES if all(key in one for one in ours)}
    else:
        name, pattern = _PLACES.get(kind, ("path", "{env}/{stack}"))
        common[name] = pattern
    if kind == "s3" and not any(common.get(key) for key in _LOCKS):
        common["lock"] = "native"
    return kind, {kind: common}


def _pattern(address: Any) -> str:
    parts = urlsplit(str(address))
    return f"{parts.scheme}://{parts.netloc}/{{env}}/{{stack}}"


def backend_line(env: EnvName, backends: Mapping[StackName, UnitBackend], common: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of an environment that aren't those of all, `{stack}` in the place of each stack's name.

    Stacks of which that can't be said in one line have the first one's: `shared_place` says so.
    """
    if not common:
        return {}
    [(_, rules)] = common.items()
    found: dict[str, Any] = {}
    keys = {key for one in backends.values() for key in one.settings}
    for key in sorted(keys):
        told = [_told(one.settings.get(key), stack) for stack, one in backends.items()]
        if _filled(rules.get(key), env, backends) != [one.settings.get(key) for one in backends.values()]:
            found[key] = told[0]
    return found


def _told(value: Any, stack: StackName) -> Any:
    """The last part of a path that is the stack's name, as a placeholder."""
    if not isinstance(value, str) or stack == MAIN_STACK:
        return value
    parts = value.split("/")
    for index in range(len(parts) - 1, -1, -1):
        if parts[index] == stack or parts[index] == f"{stack}.tfstate":
            parts[index] = parts[index].replace(stack, "{stack}", 1)
            return "/".join(parts)
    return value


def _filled(value: Any, env: EnvName, stacks: Iterable[StackName]) -> list[Any]:
    if not isinstance(value, str):
        return [value for _ in stacks]
    return [value.replace("{env}", env).replace("{stack}", stack) for stack in stacks]


def shared_place(backends: Mapping[StackName, UnitBackend]) -> str:
    """The setting by which the stacks of an environment are told apart and that no line can say; empty for none."""
    for key in sorted({key for one in backends.values() for key in one.settings}):
        if len({str(_told(one.settings.get(key), stack)) for stack, one in backends.items()}) > 1:
            return key
    return ""
