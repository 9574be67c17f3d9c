"""What `tfops.yaml` says about runs without a person: `agent`, and the keys of environments that are for them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tfops.config.document import Document
from tfops.config.duration import RULE, parse_seconds
from tfops.config.schema import AgentBlock
from tfops.config.window import RULE as WINDOW_RULE
from tfops.config.window import parse_window
from tfops.model import Complaint

_MOST_TRIES = 100
_LONGEST_BACKOFF_S = 3600.0
_LONGEST_PAUSE_S = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class AgentRules:
    """A commit that fails is tried `tries` times, the pause doubles from `backoff_s`; drift is looked for all
    `drift_every_s`."""

    tries: int = 5
    backoff_s: float = 60.0
    drift_every_s: float = 6 * 3600.0

    def pause_s(self, tries: int) -> float:
        """How long to wait after so many failed tries."""
        return min(self.backoff_s * 2.0 ** (tries - 1), _LONGEST_BACKOFF_S)


def to_agent_rules(block: AgentBlock) -> AgentRules:
    return AgentRules(block.tries, parse_seconds(block.backoff), parse_seconds(block.drift_every))


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
    for key, longest, words in (("backoff", _LONGEST_BACKOFF_S, "1h"), ("drift_every", _LONGEST_PAUSE_S, "168h")):
        value = block.get(key)
        if isinstance(value, str) and not _is_duration(value, longest):
            yield document.complaint(("agent", key), f"`{key}` must be a duration from 1s to {words}", RULE)


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
    for index, text in enumerate(windows if isinstance(windows, list) else []):
        if isinstance(text, str):
            try:
                parse_window(text)
            except ValueError as error:
                yield document.complaint((*where, "windows", index), str(error), WINDOW_RULE)
