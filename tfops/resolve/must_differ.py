"""What an environment and its copy can't share: names, address ranges, and where they live."""

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tfops.config.values import Form, FormError, is_form, is_literal, parse_form
from tfops.dataclass import dataclass

# Keys of an environment's line in tfops.yaml that say where it lives.
PLACES = ("account", "region")
_LABELS = "labels"


@dataclass(frozen=True, slots=True)
class MustDiffer:
    """A value of the original that somebody must decide about: `inputs.web.name`, `region`.

    `proposal` is what it could be in the copy, None where only a person knows.
    """

    path: str
    value: Any
    why: str
    proposal: Any = None


@dataclass(frozen=True, slots=True)
class Names:
    """What the original is called, and its copy."""

    of: str
    copy: str

    def are_in(self, text: str) -> bool:
        return self._word.search(text) is not None

    def in_copy(self, text: str) -> str:
        """The text with the copy's name in place of the original's."""
        return self._word.sub(self.copy, text)

    @property
    def _word(self) -> re.Pattern[str]:
        return re.compile(rf"(?<![A-Za-z0-9]){re.escape(self.of)}(?![A-Za-z0-9])")


def must_differ(inputs: Mapping[str, Any], rule: Mapping[str, Any], names: Names) -> list[MustDiffer]:
    """Of inputs (`inputs.web.name` to value, as written in the files) and of the line in tfops.yaml."""
    found = [MustDiffer(key, rule[key], f"where {names.of} lives") for key in PLACES if key in rule]
    found += _about(_parts(rule), names)
    return [*found, *_about(inputs.items(), names)]


def _parts(rule: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in rule.items():
        if key == _LABELS and not before:
            continue  # by which environments are selected: two may have the same
        if isinstance(value, dict):
            yield from _parts(value, f"{before}{key}.")
        elif before or key not in (*PLACES, "branch"):
            yield f"{before}{key}", value


def _about(values: Iterable[tuple[str, Any]], names: Names) -> Iterator[MustDiffer]:
    for path, value in values:
        texts = list(_texts(value))
        if any(map(names.are_in, texts)):
            yield MustDiffer(path, value, f"has the name {names.of} in it", _renamed(value, names))
        elif any(map(is_address_range, texts)):
            yield MustDiffer(path, value, "an address range")


def _renamed(value: Any, names: Names) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return names.in_copy(value) if isinstance(value, str) else value


def _texts(value: Any) -> Iterator[str]:
    """The texts of a value, but for references: those lead to the copy's own modules and stacks."""
    if is_literal(value):
        value = value["literal"]
    if isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str) and not is_form(_form(value)):
        yield value


def _form(value: str) -> Form | str | None:
    try:
        found: Form | str = parse_form(value)
    except FormError:
        return None
    return found


def is_address_range(text: str) -> bool:
    """Whether it is a CIDR block that two networks can't both have: neither everything nor one address."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return "/" in text and 0 < network.prefixlen < network.max_prefixlen
