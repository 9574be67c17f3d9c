"""`promote` of an environment: from which other one its modules and providers come, and under which conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tfops.config import names
from tfops.config.checks import to_checks
from tfops.config.duration import RULE, parse_seconds
from tfops.config.preview import is_preview_template
from tfops.config.project import Needs, PromotionRule
from tfops.records.names import EnvName

if TYPE_CHECKING:
    from tfops.config.document import Document
    from tfops.config.schema import PromoteBlock
    from tfops.config.values import Path
    from tfops.records.complaint import Complaint


def to_promotion_rule(block: PromoteBlock | None) -> PromotionRule | None:
    if block is None:
        return None
    return PromotionRule(
        EnvName(block.source), Needs(block.needs), parse_seconds(block.soaked), to_checks(block.checks)
    )


def check_promotions(document: Document, data: dict[str, Any]) -> Iterator[Complaint]:
    """What the schema can't say of `promote`."""
    environments = data.get("environments")
    if not isinstance(environments, dict):
        return
    for name, block in environments.items():
        rule = block.get("promote") if isinstance(block, dict) else None
        if isinstance(rule, dict):
            yield from _complaints(document, environments, name, rule)


def _complaints(
    document: Document, environments: Mapping[str, Any], name: str, rule: Mapping[str, Any]
) -> Iterator[Complaint]:
    where: Path = ("environments", name, "promote")
    if is_preview_template(name) or environments[name].get("rehearses"):
        yield document.complaint(where, "only an environment with a branch of its own is promoted to")
        return
    soaked, source = rule.get("soaked"), rule.get("from")
    if isinstance(soaked, str) and not _is_duration(soaked):
        yield document.complaint((*where, "soaked"), "`soaked` must be a duration", RULE)
    if not isinstance(source, str):
        return
    others = [other for other in environments if other != name and _has_branch(environments, other)]
    if source not in others:
        hint = names.did_you_mean(source, others)
        yield document.complaint((*where, "from"), f"{names.shown(source)} is no other environment with a branch", hint)
    elif circle := _circle(environments, name):
        yield document.complaint((*where, "from"), f"goes round in a circle: {' from '.join(circle)}")


def _has_branch(environments: Mapping[str, Any], name: str) -> bool:
    block = environments[name]
    return isinstance(block, dict) and "branch" in block and not is_preview_template(name)


def _circle(environments: Mapping[str, Any], name: str) -> list[str]:
    """The way from an environment back to itself; empty when it leads elsewhere."""
    way = [name]
    while True:
        block = environments.get(way[-1])
        rule = block.get("promote") if isinstance(block, dict) else None
        source = rule.get("from") if isinstance(rule, dict) else None
        if not isinstance(source, str) or source in way[1:]:
            return []
        way.append(source)
        if source == name:
            return way


def _is_duration(text: str) -> bool:
    try:
        parse_seconds(text)
    except ValueError:
        return False
    return True
