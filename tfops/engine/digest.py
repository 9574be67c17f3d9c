"""What tells two plans apart: a digest over what will be done, and one for each thing that it is done to.

What is done to a thing is its actions, which of its attributes change, and what they will be. Sensitive values count,
but can't be read from what is kept: all of them together go through a slow hash (scrypt, RFC 7914), so that who wants
to try a weak one has to know every other one too.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tfops import exact
from tfops.records.plan import Print

SENSITIVE = "(sensitive)"
COMMIT = "${git.commit}"
SECRETS = "sensitive values"

# 16 MiB and about 40 ms: felt by who tries millions, not by who plans.
_COST = {"n": 2**14, "r": 8, "p": 1}


def digest_of_plan(
    changes: Iterable[Mapping[str, Any]],
    outputs: tuple[str, ...],
    actions: list[dict[str, Any]],
    sealed: str,
    targets: Iterable[str] = (),
) -> str:
    """The sha256 over the raw changes that do something, the outputs that change, the actions, and what `seal` gave.

    A plan of some `targets` is another one than the whole, even where both do the same: it says nothing of the rest.
    """
    normalized = [_normalized(item) for item in changes]
    normalized.sort(key=lambda item: (str(item["address"]), str(item.get("deposed", ""))))
    return _sha256([normalized, outputs, actions, sealed, *([sorted(targets)] if targets else [])])


def prints_of_plan(
    changes: Iterable[Mapping[str, Any]], outputs: tuple[str, ...], actions: list[dict[str, Any]], sealed: str
) -> dict[str, Print]:
    """By address, what is done and with which values; all outputs are one (their values aren't part of a plan), and so
    are all sensitive values."""
    found = {}
    for item in map(_normalized, changes):
        what = {key: item.get(key) for key in ("address", "previous", "actions", "deposed")}
        name = item["address"] + (f" (deposed object {item['deposed']})" if item.get("deposed") else "")
        found[name] = Print(_sha256(what), _sha256(item))
    for item in actions:
        what, name = {key: item.get(key) for key in ("address", "trigger")}, item["address"]
        before = found.get(name, Print("", ""))  # an action may be run by several resources
        found[name] = Print(_sha256([before.what, what]), _sha256([before.whole, item]))
    if outputs:
        found["outputs"] = Print(_sha256(outputs), _sha256(outputs))
    if sealed:
        found[SECRETS] = Print(_sha256(SECRETS), sealed)
    return found


def at_any_commit(item: Mapping[str, Any], commit: str) -> dict[str, Any]:
    """A raw change with the reference in the place of the commit that it stands for."""
    change = item["change"]
    texts = {part: _replaced(change.get(part), commit) for part in ("before", "after")}
    return {**item, "change": {**change, **texts}}


def _replaced(value: Any, commit: str) -> Any:
    if isinstance(value, str):
        return value.replace(commit, COMMIT)
    if isinstance(value, dict):
        return {key: _replaced(part, commit) for key, part in value.items()}
    return [_replaced(part, commit) for part in value] if isinstance(value, list) else value


def seal(changes: Iterable[Mapping[str, Any]], actions: Iterable[Mapping[str, Any]]) -> str:
    """All sensitive values of a plan as one hash, empty where it has none. `actions` are raw invocations."""
    found = [[item["address"], *_secrets_of(item["change"])] for item in changes]
    found += [
        [item["address"], *_secrets_in(item.get("config_values"), item.get("config_sensitive"))] for item in actions
    ]
    told = sorted((part for part in found if len(part) > 1), key=exact.dumps)
    if not told:
        return ""
    where = _sha256([[address, *(path for path, _ in secrets)] for address, *secrets in told])
    return hashlib.scrypt(_text(told), salt=where.encode(), **_COST).hex()


def _normalized(item: Mapping[str, Any]) -> dict[str, Any]:
    change = item["change"]
    marks = _marks(change)
    return {
        "address": item["address"],
        "previous": item.get("previous_address", ""),
        "actions": change["actions"],
        "after": without_secrets(change.get("after"), marks),
        "unknown": change.get("after_unknown"),
        "changing": sorted(_changing(change.get("before"), change.get("after"), change.get("after_unknown"))),
        **({"deposed": item["deposed"]} if item.get("deposed") else {}),
    }


def _changing(before: Any, after: Any, unknown: Any, path: str = "") -> Iterator[str]:
    """The paths at which something will be another than it is: a plan that has more to change does more."""
    if unknown is True or not (isinstance(before, dict) and isinstance(after, dict)):
        if path and (unknown is True or before != after):
            yield path
        return
    marks = unknown if isinstance(unknown, dict) else {}
    for key in before.keys() | after.keys() | marks.keys():
        yield from _changing(before.get(key), after.get(key), marks.get(key), f"{path}.{key}" if path else str(key))


def _secrets_of(change: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from _secrets_in(change.get("after"), _marks(change))


def _secrets_in(value: Any, sensitive: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The sensitive parts of a value, by path; what is null or not known yet is none."""
    if sensitive is True:
        if value is not None:
            yield path, value
    elif isinstance(value, dict) and isinstance(sensitive, dict):
        for key in sorted(value.keys() & sensitive.keys()):
            yield from _secrets_in(value[key], sensitive[key], f"{path}.{key}")
    elif isinstance(value, list) and isinstance(sensitive, list):
        for index, (item, mark) in enumerate(zip(value, sensitive, strict=False)):
            yield from _secrets_in(item, mark, f"{path}[{index}]")


def _marks(change: Mapping[str, Any]) -> Any:
    """What is marked on either side: some engines leave the new side of a replacement without."""
    return _union(change.get("before_sensitive"), change.get("after_sensitive"))


def _union(one: Any, other: Any) -> Any:
    if one is True or other is True:
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: _union(one.get(key), other.get(key)) for key in one.keys() | other.keys()}
    if isinstance(one, list) and isinstance(other, list):
        longest = max(len(one), len(other))
        padded = ([*marks, *([None] * (longest - len(marks)))] for marks in (one, other))
        return [_union(*pair) for pair in zip(*padded, strict=True)]
    return one or other


def without_secrets(value: Any, sensitive: Any) -> Any:
    """A value whose sensitive parts say no more than that."""
    if sensitive is True:
        return SENSITIVE
    if isinstance(value, dict) and isinstance(sensitive, dict):
        return {key: without_secrets(item, sensitive.get(key)) for key, item in value.items()}
    if isinstance(value, list) and isinstance(sensitive, list):
        marks = [*sensitive, *([None] * len(value))]
        return [without_secrets(item, mark) for item, mark in zip(value, marks, strict=False)]
    return value


def _sha256(parts: Any) -> str:
    return hashlib.sha256(_text(parts)).hexdigest()


def _text(parts: Any) -> bytes:
    return exact.dumps(parts, sort_keys=True, separators=(",", ":")).encode()
