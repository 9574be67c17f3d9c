"""What `tfops.yaml` says about runs without a person: `agent`, and the keys of environments that are for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tfops.config.duration import RULE, parse_seconds
from tfops.config.project import LONGEST_BACKOFF_S, AgentRules
from tfops.config.review import check_review
from tfops.config.window import RULE as WINDOW_RULE
from tfops.config.window import parse_window
from tfops.contacts import TellRule

if TYPE_CHECKING:
    from tfops.config.document import Document
    from tfops.config.schema import AgentBlock
    from tfops.records.complaint import Complaint

# What a template may name.
TELL_FIELDS = frozenset({"project", "event", "env", "version", "commit", "branch", "reason", "text"})
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MOST_PER_MINUTE = 600
_MOST_TRIES = 100
_LONGEST_PAUSE_S = 7 * 24 * 3600.0


def to_agent_rules(block: AgentBlock) -> AgentRules:
    tell = tuple(
        TellRule(
            rule.to,
            rule.url_env,
            rule.secret_env,
            tuple(rule.events),
            tuple(rule.environments),
            rule.template,
            rule.per_minute,
        )
        for rule in block.tell
    )
    return AgentRules(block.tries, parse_seconds(block.backoff), parse_seconds(block.drift_every), tell)


def check_agent(document: Document, data: dict[str, Any]) -> Iterator[Complaint]:
    """What the schema can't say about them."""
    block = data.get("agent")
    if isinstance(block, dict):
        yield from _check_block(document, block)
    environments = data.get("environments")
    for name, rule in environments.items() if isinstance(environments, dict) else ():
        if isinstance(rule, dict):
            yield from _check_rule(document, name, rule)


def _check_block(document: Document, block: dict[str, Any]) -> Iterator[Complaint]:
    tries = block.get("tries", 1)
    if isinstance(tries, int) and not 1 <= tries <= _MOST_TRIES:
        yield document.complaint(("agent", "tries"), f"`tries` must be between 1 and {_MOST_TRIES}")
    tell = block.get("tell")
    yield from _check_tell(document, tell if isinstance(tell, list) else [])
    for key, longest, words in (("backoff", LONGEST_BACKOFF_S, "1h"), ("drift_every", _LONGEST_PAUSE_S, "168h")):
        value = block.get(key)
        if isinstance(value, str) and not _is_duration(value, longest):
            yield document.complaint(("agent", key), f"`{key}` must be a duration from 1s to {words}", RULE)


def _check_tell(document: Document, rules: list[Any]) -> Iterator[Complaint]:
    for index, rule in enumerate(rules):
        if not isinstance(rule, dict):
            continue
        where = ("agent", "tell", index)
        for key in ("url_env", "secret_env"):
            name = rule.get(key)
            if isinstance(name, str) and not _VARIABLE.fullmatch(name):
                hint = f"{key}: SLACK_URL — the address itself is a secret, and stays out of Git"
                yield document.complaint((*where, key), f"`{key}` must name a variable", hint)
        template = rule.get("template")
        unknown = sorted(set(PLACEHOLDER.findall(template)) - TELL_FIELDS) if isinstance(template, str) else []
        if unknown:
            hint = "there is: " + ", ".join(f"{{{name}}}" for name in sorted(TELL_FIELDS))
            yield document.complaint((*where, "template"), f"unknown placeholder {{{unknown[0]}}}", hint)
        per_minute = rule.get("per_minute")
        if isinstance(per_minute, int) and not 1 <= per_minute <= _MOST_PER_MINUTE:
            yield document.complaint((*where, "per_minute"), f"`per_minute` must be between 1 and {_MOST_PER_MINUTE}")


def _is_duration(text: str, longest: float) -> bool:
    try:
        return 1 <= parse_seconds(text) <= longest
    except ValueError:
        return False


def _check_rule(document: Document, name: str, rule: dict[str, Any]) -> Iterator[Complaint]:
    where = ("environments", name)
    deletes, windows = rule.get("deletes"), rule.get("windows")
    if isinstance(deletes, int) and deletes < 0:
        yield document.complaint((*where, "deletes"), "`deletes` can't be less than 0")
    yield from check_review(document, where, rule)
    for index, text in enumerate(windows if isinstance(windows, list) else []):
        if isinstance(text, str):
            try:
                parse_window(text)
            except ValueError as error:
                yield document.complaint((*where, "windows", index), str(error), WINDOW_RULE)
