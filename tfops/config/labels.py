"""`labels`: words by which people choose among many environments: `team: web`. They change nothing that runs."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from tfops.config import names
from tfops.config.document import Document, Path
from tfops.records.complaint import Complaint

_KEY = re.compile(r"[A-Za-z]([A-Za-z0-9_./-]{0,61}[A-Za-z0-9])?")
_VALUE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_VALUE_RULE = "letters, digits and `_.-` (not at the ends), at most 63"
_KEY_RULE = "letters, digits and `_./-`, beginning with a letter, at most 63"


def label_complaints(document: Document, where: Path, labels: Any) -> Iterator[Complaint]:
    """What a schema can't say of the mapping at a place."""
    for key, value in labels.items() if isinstance(labels, dict) else ():
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            yield document.complaint((*where, key), f"{names.shown(str(key))} can't name a label", _KEY_RULE)
        elif isinstance(value, str) and not _VALUE.fullmatch(value):
            yield document.complaint((*where, key), f"{names.shown(value)} can't be a label's value", _VALUE_RULE)


def differing_labels(documents: Iterable[Document]) -> Iterator[Complaint]:
    """Labels are the environment's: its stacks' files can't say two things."""
    found: dict[str, Any] = {}
    for document in documents:
        for key, value in labels_of(document).items():
            if found.setdefault(key, value) != value:
                yield document.complaint(("labels", key), f"another stack of it says `{key}: {found[key]}`")


def without_labels(data: Any) -> Any:
    """What an environment's file says of what runs."""
    return {key: value for key, value in data.items() if key != "labels"} if isinstance(data, dict) else data


def labels_of(document: Document) -> dict[str, Any]:
    """What stands there, right or wrong."""
    labels = document.data.get("labels") if isinstance(document.data, dict) else None
    return labels if isinstance(labels, dict) else {}
