"""Environments that come and go with branches: `"preview-{slug}": {branch: "feature/*", config: preview.yaml}`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tfops.config import names
from tfops.config.duration import RULE, parse_seconds
from tfops.dataclass import dataclass
from tfops.records.names import EnvName

if TYPE_CHECKING:
    from tfops.config.document import Document
    from tfops.config.schema import EnvironmentBlock
    from tfops.records.complaint import Complaint

SLUG = "{slug}"
# What a template may have besides the slug: the rest of a name's 63 characters is for telling branches apart.
_LONGEST_TEMPLATE = 30
_MOST, _MOST_EVER = 10, 1000


@dataclass(frozen=True, slots=True)
class Preview:
    """What environments that come and go with branches share: the template of their names, the environment whose
    files describe them, how long one lives after its last change (0: while its branch does), how many there may be."""

    template: str
    config: EnvName
    ttl_s: float
    most: int


def is_preview_template(name: str) -> bool:
    return SLUG in name


def to_preview(name: str, block: EnvironmentBlock) -> Preview:
    ttl_s = parse_seconds(block.ttl) if block.ttl else 0.0
    return Preview(
        name, EnvName(block.config.removesuffix(".yaml")), ttl_s, _MOST if block.most is None else block.most
    )


def check_preview(document: Document, name: str, block: Any) -> Iterator[Complaint]:
    """What the schema can't say about a template."""
    where = ("environments", name)
    rest = name.replace(SLUG, "")
    if name.count(SLUG) != 1 or not names.is_environment_name(name.replace(SLUG, "x")) or len(rest) > _LONGEST_TEMPLATE:
        hint = f"{names.ENVIRONMENT_RULE}; one {SLUG}, and at most {_LONGEST_TEMPLATE} characters besides"
        yield document.complaint(where, f"{names.shown(name)} can't name preview environments", hint)
    if not isinstance(block, dict):
        return
    branch, config = block.get("branch"), block.get("config")
    if isinstance(branch, str) and "*" not in branch:
        yield document.complaint((*where, "branch"), "preview environments need a pattern", 'for instance: "feature/*"')
    if config is None:
        yield document.complaint(where, "`config` is missing", "the file that describes them: config: preview.yaml")
    elif isinstance(config, str) and not _is_file(config):
        hint = "a file of environments/, such as preview.yaml, or a folder"
        yield document.complaint((*where, "config"), f"{names.shown(config)} is not a file of environments/", hint)
    if block.get("protected"):
        yield document.complaint((*where, "protected"), "what goes with its branch can't be protected")
    yield from _check_numbers(document, where, block)


def _is_file(config: str) -> bool:
    """Or a folder of stacks, by its name."""
    return names.is_environment_name(config.removesuffix(".yaml"))


def _check_numbers(document: Document, where: tuple[str, ...], block: dict[str, Any]) -> Iterator[Complaint]:
    ttl, most = block.get("ttl"), block.get("most")
    if isinstance(ttl, str):
        try:
            parse_seconds(ttl)
        except ValueError as error:
            yield document.complaint((*where, "ttl"), str(error), RULE)
    if isinstance(most, int) and not 1 <= most <= _MOST_EVER:
        yield document.complaint((*where, "most"), f"`most` must be between 1 and {_MOST_EVER}")
