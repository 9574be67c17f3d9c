"""`retry` of tfops.yaml: which errors of the engine pass by themselves, so that what failed is tried again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tfops.config.duration import RULE, parse_seconds
from tfops.config.project import RetryRule

if TYPE_CHECKING:
    from tfops.config.document import Document
    from tfops.config.work_schema import RetryBlock
    from tfops.records.complaint import Complaint

_LONGEST_WAIT_S = 600.0


def to_retry_rules(blocks: Sequence[RetryBlock]) -> tuple[RetryRule, ...]:
    return tuple(RetryRule(one.on, f"`{one.on}`", one.tries, parse_seconds(one.wait)) for one in blocks)


def check_retry(document: Document, data: dict[str, Any]) -> Iterator[Complaint]:
    """What the schema can't say of `retry`."""
    blocks = data.get("retry")
    for index, block in enumerate(blocks if isinstance(blocks, list) else []):
        if not isinstance(block, dict):
            continue
        pattern, wait = block.get("on"), block.get("wait")
        if isinstance(pattern, str) and (problem := _problem(pattern)):
            hint = "for instance: on: RequestLimitExceeded"
            yield document.complaint(("retry", index, "on"), problem, hint)
        if isinstance(wait, str) and not _is_wait(wait):
            yield document.complaint(("retry", index, "wait"), "`wait` must be a duration up to 10m", RULE)


def _problem(pattern: str) -> str:
    if not pattern:
        return "`on` fits everything: name what passes by itself"
    try:
        re.compile(pattern)
    except re.error as error:
        return f"`on` is not a regular expression: {error}"
    return ""


def _is_wait(text: str) -> bool:
    try:
        return parse_seconds(text) <= _LONGEST_WAIT_S
    except ValueError:
        return False
