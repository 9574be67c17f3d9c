"""Rules that a plan must keep to, judged on the engine's own JSON without any tool.

Format: https://developer.hashicorp.com/terraform/internals/json-format
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tfops.config.checks import PlanRule
from tfops.config.modules.protection import fits
from tfops.resolve.data_types import holds_data

# Where providers keep tags; the first has those too that the provider adds by itself.
_TAGS = ("tags_all", "effective_labels", "tags", "labels")

_MOST_NAMED = 5


def broken_by(rule: PlanRule, document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(address, why) of what breaks a rule in one plan; of `max-deletes`, of everything that counts."""
    for item in document.get("resource_changes") or []:
        if item.get("mode", "managed") == "managed":
            yield from ((item["address"], why) for why in _JUDGES[rule.use](rule, item))


def sentence(rule: PlanRule, broken: Sequence[str]) -> str:
    """What breaks a rule, of all plans, in one sentence; empty where it is kept."""
    if not broken or (rule.use == "max-deletes" and len(broken) <= rule.most):
        return ""
    start = f"{len(broken)} deleted or replaced, {rule.most} allowed: " if rule.use == "max-deletes" else ""
    more = f" and {len(broken) - _MOST_NAMED} more" if len(broken) > _MOST_NAMED else ""
    return start + "; ".join(broken[:_MOST_NAMED]) + more


def _deletes(_: PlanRule, item: Mapping[str, Any]) -> Iterator[str]:
    actions = item["change"]["actions"]
    if "delete" in actions:
        yield "would be replaced" if "create" in actions else "would be deleted"


def _keeps_data(rule: PlanRule, item: Mapping[str, Any]) -> Iterator[str]:
    if holds_data(item["type"]):
        yield from (f"holds data and {why}" for why in _leaves(rule, item))


def _protected(rule: PlanRule, item: Mapping[str, Any]) -> Iterator[str]:
    if any(fits(pattern, item["address"]) for pattern in rule.addresses):
        yield from (f"is protected and {why}" for why in _leaves(rule, item))


def _leaves(rule: PlanRule, item: Mapping[str, Any]) -> Iterator[str]:
    if "forget" in item["change"]["actions"]:
        yield "would be let out of the state"
    else:
        yield from _deletes(rule, item)


def _tags(rule: PlanRule, item: Mapping[str, Any]) -> Iterator[str]:
    change = item["change"]
    after, unknown = change.get("after"), change.get("after_unknown") or {}
    if not {"create", "update"} & set(change["actions"]) or not isinstance(after, dict):
        return
    names = [name for name in _TAGS if name in after or (isinstance(unknown, dict) and name in unknown)]
    if not names:
        return
    known = [name for name in names if unknown.get(name) is not True]
    if not known:
        yield f"has {names[0]} that are known after the apply only"
        return
    tags = after.get(known[0]) or {}
    missing = [tag for tag in rule.tags if tag not in tags and not _is_unknown(unknown.get(known[0]), tag)]
    if missing:
        yield f"has no tag {', '.join(missing)}"


def _is_unknown(marks: Any, tag: str) -> bool:
    """A tag whose value isn't known yet is there all the same."""
    return isinstance(marks, dict) and tag in marks


_JUDGES = {"max-deletes": _deletes, "keep-data": _keeps_data, "protected": _protected, "required-tags": _tags}
