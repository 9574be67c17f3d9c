"""A saved plan's JSON becomes a `Plan`: classified, safe to show, with a digest.

Format: https://developer.hashicorp.com/terraform/internals/json-format. The JSON holds every secret
in clear; nothing leaves this module that the plan marks as sensitive.
"""

import dataclasses
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tfops import exact
from tfops.engine.actions import digest_parts, invocations
from tfops.engine.digest import SENSITIVE as _SENSITIVE
from tfops.engine.digest import at_any_commit, digest_of_plan, prints_of_plan, seal, without_secrets
from tfops.engine.text import safe_text
from tfops.errors import Refused
from tfops.records.addresses import natural, with_masked_keys
from tfops.records.plan import Action, AttributeChange, Plan, ResourceChange
from tfops.records.rendered import ROOT_MODULE

_ACTIONS = {
    ("create",): Action.CREATE,
    ("read",): Action.READ,
    ("update",): Action.UPDATE,
    ("delete",): Action.DELETE,
    ("delete", "create"): Action.REPLACE,
    ("create", "delete"): Action.REPLACE,
    ("forget",): Action.FORGET,
    ("create", "forget"): Action.DETACH,  # Terraform
    ("forget", "create"): Action.DETACH,  # OpenTofu 1.12
}
_NOTHING = ("no-op",)
# The id of the object that goes, or is left to itself.
_WITH_ID = (Action.DELETE, Action.REPLACE, Action.DETACH, Action.FORGET, Action.CLEAN_UP)
_OF_DEPOSED = {Action.DELETE: Action.CLEAN_UP}
_MODES = frozenset({"managed", "data"})

# Everything that a plan may say at its top, of Terraform up to 1.15 and OpenTofu 1.12. What isn't here could be work.
_KNOWN_PARTS = frozenset(
    {"format_version", "terraform_version", "variables", "planned_values", "proposed_unknown", "resource_drift"}
    | {"resource_changes", "output_changes", "prior_state", "configuration", "relevant_attributes", "checks"}
    | {"timestamp", "applyable", "complete", "errored", "action_invocations"}
)

# https://developer.hashicorp.com/terraform/internals/json-format#plan-representation, `action_reason`
_REASONS = {
    "replace_because_cannot_update": "can't be changed in place",
    "replace_because_tainted": "was left damaged by an earlier apply",
    "replace_by_request": "replacement was asked for",
    "replace_by_triggers": "a value that triggers replacement changed",
    "delete_because_no_resource_config": "is no longer in the configuration",
    "delete_because_no_module": "its module is no longer in the configuration",
    "delete_because_wrong_repetition": "its count or for_each changed",
    "delete_because_count_index": "its index is beyond count",
    "delete_because_each_key": "its key is no longer in for_each",
    "delete_because_no_move_target": "it was moved to nowhere",
    # OpenTofu's own
    "forgot_because_lifecycle_destroy_in_config": "is left alive: its module says `destroy = false`",
    "forgot_because_lifecycle_destroy_in_state": "is left alive: its module said `destroy = false`",
    "read_because_config_unknown": "depends on values known after apply",
    "read_because_dependency_pending": "depends on a change",
}

_UNKNOWN = "(known after apply)"
_ABSENT = "(none)"
_SEVERAL = "{…}"
_LONGEST_VALUE = 80
_MOST_UNKNOWN = 10
_SHORTEST_SECRET = 3


def read_plan(text: str) -> dict[str, Any]:
    """The document in the output of `show -json PLAN`. Raises ValueError when it isn't a plan's JSON."""
    document: Any = exact.loads(text)
    if not isinstance(document, dict) or not str(document.get("format_version", "")).startswith("1."):
        raise ValueError("not a plan in JSON format 1")
    return document


def to_plan(
    document: Mapping[str, Any],
    *,
    is_empty: bool,
    is_partial: bool = False,
    targets: tuple[str, ...] = (),
    commit: str = "",
) -> Plan:
    """The document of a plan as people and guards read it.

    `is_partial` where only some resources were asked for, `targets` where a person asked for them. Which `commit`
    stands in values says nothing of what is done. Raises Refused (guard `unknown-plan`) for everything that is in the
    plan and isn't known here: it might be work that nobody would see.
    """
    require_known(_unknown_parts(document, is_partial=is_partial))
    raw, drift = document.get("resource_changes") or [], document.get("resource_drift") or []
    secrets = secrets_of(document)
    changes = tuple(sorted(filter(None, (_change(item, secrets) for item in raw)), key=_order))
    doing = [at_any_commit(item, commit) if commit else item for item in raw if _classify(item) is not None]
    outputs, running = _changed_outputs(document), digest_parts(document, without_secrets)
    sealed = seal(doing, document.get("action_invocations") or [])
    return Plan(
        changes=changes,
        changed_outputs=outputs,
        digest=digest_of_plan(doing, outputs, running, sealed, targets),
        is_empty=is_empty,
        unchanged=sum(_is_unchanged(item) for item in raw),
        drift=tuple(sorted(filter(None, (_drift(item, secrets) for item in drift)), key=_order)),
        actions=invocations(document),
        prints=prints_of_plan(doing, outputs, running, sealed),
        targets=targets,
    )


def require_known(unknown: Iterable[str]) -> None:
    """Raises Refused (guard `unknown-plan`) where there is something in a plan that isn't understood."""
    found = [safe_text(words) for words in unknown]
    if found:
        raise Refused(
            "unknown-plan",
            "the plan holds what this tfops doesn't know",
            why="\n".join(found[:_MOST_UNKNOWN]),
            hint="take a newer tfops, or an engine that it knows (tfops doctor; tfops docs engine)",
        )


def _unknown_parts(document: Mapping[str, Any], *, is_partial: bool) -> Iterator[str]:
    """What can't be understood, in words. Nothing that isn't understood counts as nothing to do."""
    for name, part in document.items():
        if name not in _KNOWN_PARTS and part not in (None, False, "", [], {}):
            yield f"a part `{name}`{_example(part)}"
    if document.get("errored"):
        yield "it is marked as one that ended with an error (`errored`)"
    if document.get("complete") is False and not is_partial:
        yield "it is marked as incomplete (`complete` is false): it leaves out what another plan must do"
    for part in ("resource_changes", "resource_drift"):
        for item in document.get(part) or []:
            yield from _unknown_of_change(item)
    for name, change in (document.get("output_changes") or {}).items():
        if tuple(change["actions"]) not in {*_ACTIONS, _NOTHING}:
            yield f"the action {_actions_text(change)} for the output {name}"


def _unknown_of_change(item: Mapping[str, Any]) -> Iterator[str]:
    if tuple(item["change"]["actions"]) not in {*_ACTIONS, _NOTHING}:
        yield f"the action {_actions_text(item['change'])} for {item['address']}"
    if item.get("mode", "managed") not in _MODES:
        yield f"the mode `{item['mode']}` of {item['address']}"


def _actions_text(change: Mapping[str, Any]) -> str:
    return f"`{', '.join(map(str, change['actions']))}`"


def _example(part: Any) -> str:
    """The first address in a list of things to do, so that it can be found in the modules."""
    first = part[0] if isinstance(part, list) and part and isinstance(part[0], dict) else {}
    inner = first.get("resource_change", first)
    address = inner.get("address") if isinstance(inner, dict) else None
    return f" ({address}{', …' if len(part) > 1 else ''})" if address else ""


def planned_outputs(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the root's outputs will be, as far as the plan knows: module to output to value. Sensitive ones too."""
    found: dict[str, Any] = {}
    for module, change in (document.get("output_changes") or {}).items():
        after, unknown = change.get("after"), change.get("after_unknown")
        if isinstance(after, dict) and unknown is not True:
            marks = unknown if isinstance(unknown, dict) else {}
            found[module] = {name: value for name, value in after.items() if not any(_true_leaves(marks.get(name)))}
    return found


def planned_by_module(document: Mapping[str, Any], *, is_own: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Outputs and their types by module; a root of somebody's own counts as one module."""
    if is_own:
        return {ROOT_MODULE: planned_values(document)}, {ROOT_MODULE: ["object", planned_kinds(document)]}
    return planned_outputs(document), planned_kinds(document)


def planned_values(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the outputs of a root of somebody's own will be: those that are wholly known."""
    changes = (document.get("output_changes") or {}).items()
    return {
        name: change.get("after")
        for name, change in changes
        if "after" in change and not any(_true_leaves(change.get("after_unknown")))
    }


def planned_kinds(document: Mapping[str, Any]) -> dict[str, Any]:
    """The types of the root's outputs, as states write them. The engine tells only those that are wholly known."""
    outputs = (document.get("planned_values") or {}).get("outputs") or {}
    return {name: output["type"] for name, output in outputs.items() if output.get("type") is not None}


def _true_leaves(marks: Any) -> Iterator[bool]:
    yield from (mark is True for _, mark in _leaves(marks, "after"))


def masked_plan(plan: Plan, mask: Callable[[str], str]) -> Plan:
    """The plan to be shown, free of known secrets. Decisions are made on the plan itself."""
    return dataclasses.replace(
        plan,
        changes=tuple(_masked(change, mask) for change in plan.changes),
        drift=tuple(_masked(change, mask) for change in plan.drift),
        actions=tuple(
            dataclasses.replace(
                action,
                address=with_masked_keys(action.address, mask),
                trigger=with_masked_keys(action.trigger, mask),
            )
            for action in plan.actions
        ),
        targets=tuple(with_masked_keys(address, mask) for address in plan.targets),
    )


def _masked(change: ResourceChange, mask: Callable[[str], str]) -> ResourceChange:
    return dataclasses.replace(
        change,
        address=with_masked_keys(change.address, mask),
        previous_address=with_masked_keys(change.previous_address, mask),
        resource_id=mask(change.resource_id),
        attributes=tuple(
            AttributeChange(_masked_path(item.path, mask), mask(item.before), mask(item.after), item.forces_replacement)
            for item in change.attributes
        ),
    )


def _masked_path(path: str, mask: Callable[[str], str]) -> str:
    """The attribute's own name is the provider's; what follows may be a map's key."""
    name = re.split(r"[.\[]", path, maxsplit=1)[0]
    return name + mask(path[len(name) :])


def _order(change: ResourceChange) -> tuple[int, tuple[tuple[int, str], ...]]:
    return list(Action).index(change.action), natural(change.address)


def _classify(raw: Mapping[str, Any]) -> Action | None:
    action = _ACTIONS.get(tuple(raw["change"]["actions"]))
    if action is not None:
        return _OF_DEPOSED.get(action, action) if raw.get("deposed") else action
    if raw.get("deposed"):
        return None
    if raw["change"].get("importing"):
        return Action.IMPORT
    return Action.MOVE if raw.get("previous_address") else None


def _is_unchanged(raw: Mapping[str, Any]) -> bool:
    return raw.get("mode") == "managed" and not raw.get("deposed") and _classify(raw) is None


def _change(raw: Mapping[str, Any], secrets: frozenset[str]) -> ResourceChange | None:
    action = _classify(raw)
    if action is None:
        return None
    has_details = action in (Action.UPDATE, Action.REPLACE, Action.DETACH)
    return ResourceChange(
        address=str(raw["address"]),
        resource_type=str(raw.get("type", "")),
        action=action,
        reason=_reason(raw),
        previous_address=str(raw.get("previous_address", "")),
        attributes=tuple(_attributes(raw["change"], secrets)) if has_details else (),
        resource_id=_id_before(raw["change"]) if action in _WITH_ID else "",
        deposed=str(raw.get("deposed") or ""),
    )


def _id_before(change: Mapping[str, Any]) -> str:
    before = change.get("before")
    return str(before.get("id") or "") if isinstance(before, dict) else ""


def _reason(raw: Mapping[str, Any]) -> str:
    if raw["change"].get("importing"):
        return "imported by its id"
    if raw.get("deposed"):
        return f"deposed object {safe_text(str(raw['deposed']))}: what an earlier replacement could not delete"
    if _ACTIONS.get(tuple(raw["change"]["actions"])) is Action.DETACH:
        return "a new one is made, the old one stays alive outside of the state"
    reason = str(raw.get("action_reason") or "")
    return _REASONS.get(reason) or safe_text(reason.replace("_", " "), _LONGEST_VALUE)


def _drift(raw: Mapping[str, Any], secrets: frozenset[str]) -> ResourceChange | None:
    """Only real changes: an address that moved is in the state's past, not in the world.

    A newer release of a provider reads everything anew in another form, where nothing differs.
    """
    change = _change(raw, secrets)
    if change is None or change.action is Action.MOVE:
        return None
    return None if change.action is Action.UPDATE and not change.attributes else change


def _changed_outputs(document: Mapping[str, Any]) -> tuple[str, ...]:
    changes = document.get("output_changes") or {}
    return tuple(sorted(name for name, change in changes.items() if tuple(change["actions"]) != _NOTHING))


def _attributes(change: Mapping[str, Any], secrets: frozenset[str]) -> Iterator[AttributeChange]:
    """The leaves that differ, by path, with the ones that force a replacement marked."""
    before, after = _flat(change, "before"), _flat(change, "after")
    for path in _unknown_paths(change.get("after_unknown")):
        known = {leaf: before.pop(leaf) for leaf in list(before) if _is_within(leaf, path)}
        if known:
            before[path], after[path] = known.get(path, _SEVERAL), _UNKNOWN
    forcing = [_path_text(path) for path in change.get("replace_paths") or []]
    for path in sorted({*before, *after}):
        old, new = before.get(path, _ABSENT), after.get(path, _ABSENT)
        if old != new or (old == _SENSITIVE and _sensitive_differs(change, path)):
            forces = any(_is_within(path, start) for start in forcing)
            yield AttributeChange(safe_text(path), _shown(old, secrets), _shown(new, secrets), forces)


def _flat(change: Mapping[str, Any], side: str) -> dict[str, Any]:
    return dict(_leaves(without_secrets(change.get(side), change.get(f"{side}_sensitive"))))


def _sensitive_differs(change: Mapping[str, Any], path: str) -> bool:
    """Whether the values behind a pair of `(sensitive)` are different ones."""
    sides = (dict(_subtrees(change.get(side))).get(path) for side in ("before", "after"))
    old, new = sides
    return bool(old != new)


def _subtrees(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value by path, containers too."""
    if path:
        yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _subtrees(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _subtrees(item, f"{path}[{index}]")


def _sensitive_texts(value: Any, sensitive: Any) -> Iterator[str]:
    """The texts that a plan marks as sensitive: hidden wherever else they turn up unmarked."""
    if sensitive is True:
        yield from (item for _, item in _subtrees(value, "value") if isinstance(item, str))
    elif isinstance(value, dict) and isinstance(sensitive, dict):
        for key, item in value.items():
            yield from _sensitive_texts(item, sensitive.get(key))
    elif isinstance(value, list) and isinstance(sensitive, list):
        for item, mark in zip(value, sensitive, strict=False):
            yield from _sensitive_texts(item, mark)


def secrets_of(document: Mapping[str, Any]) -> frozenset[str]:
    """Every text that a plan marks as sensitive in a resource, before and after."""
    return _secrets([*(document.get("resource_changes") or []), *(document.get("resource_drift") or [])])


def _secrets(raw: list[Any]) -> frozenset[str]:
    return frozenset(
        text
        for item in raw
        for side, marks in itertools.product(("before", "after"), repeat=2)  # a mark on one side counts for both
        for text in _sensitive_texts(item["change"].get(side), item["change"].get(f"{marks}_sensitive"))
        if len(text) >= _SHORTEST_SECRET
    )


def _unknown_paths(unknown: Any) -> list[str]:
    return [path for path, is_unknown in _leaves(unknown) if is_unknown is True]


def _is_within(path: str, start: str) -> bool:
    return path == start or path.startswith((f"{start}.", f"{start}["))


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]")
    elif path:
        yield path, value


def _path_text(steps: list[Any]) -> str:
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def _shown(value: Any, secrets: frozenset[str]) -> str:
    if value in (_SENSITIVE, _UNKNOWN, _ABSENT, _SEVERAL):
        return str(value)
    if isinstance(value, str) and any(secret in value for secret in secrets):
        return _SENSITIVE
    return safe_text(exact.dumps(value, ensure_ascii=False), _LONGEST_VALUE)
