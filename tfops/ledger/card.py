"""The identity card in the message of its tag, and as a file of the ledger.

The message is a line for people, the card as JSON, and trailers for listings. Unknown fields of the same schema are
kept out of the way, so that cards can grow.
"""

from collections.abc import Mapping
from typing import Any

from tfops.errors import Refused
from tfops.ledger.as_written import plain_as_written
from tfops.ledger.codec import decode, encode
from tfops.records.card import SCHEMA, Card


def encode_card(card: Card, headline: str) -> str:
    """The tag's message. `headline` becomes the part after `prod v18: `."""
    trailers = {
        "Tfops-Schema": str(card.schema),
        "Tfops-Kind": card.kind.value,
        "Tfops-Commit": card.commit,
        "Tfops-Branch": card.branch,
        "Tfops-By": card.applied_by.name,
        "Tfops-At": card.applied_at.isoformat(),
        "Tfops-Restores": f"v{card.restores}" if card.restores else "",
        "Tfops-Hold": card.hold.reason if card.hold else "",
        "Tfops-Verified": card.verified.result.value if card.verified else "",
        "Tfops-Only": ", ".join(card.only),
        "Tfops-Off": ", ".join(card.off),
        "Tfops-Promoted-From": str(card.promoted_from or ""),
        "Tfops-Partial": card.partial,
    }
    lines = [f"{name}: {_one_line(value)}" for name, value in trailers.items() if value]
    title = f"{card.environment} v{card.version}: {headline}"
    return f"{_one_line(title)}\n\n{encode(card)}\n\n" + "\n".join(lines) + "\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def decode_card(message: str, tag: str) -> Card:
    """The card in a tag's message.

    Raises Refused: guard `foreign-tag` when there is none, `newer-tfops` when its schema is newer.
    """
    try:
        card = decode(Card, _json_in(message))
    except ValueError as error:
        newer = _newer_schema(message)
        if newer:
            raise _made_by_newer(tag, newer) from error
        raise Refused(
            "foreign-tag",
            f"the tag `{tag}` holds no identity card that tfops can read",
            hint=f"look at it: git cat-file tag {tag}",
        ) from error
    if card.schema > SCHEMA:
        raise _made_by_newer(tag, card.schema)
    return card


def _json_in(message: str) -> str:
    start, end = message.find("\n{"), message.rfind("\n}\n")
    return message[start : end + 2]


def plain_card(message: str) -> Mapping[str, Any] | None:
    """The card in a tag's message as plain data; None for one that only `decode_card` can read, or refuses."""
    card = plain_as_written(Card, _json_in(message))
    return card if card and card["schema"] <= SCHEMA else None


def read_card_file(text: str, env: str) -> Card:
    """The card that a ledger holds as a file. Raises Refused (guards `damaged-ledger`, `newer-tfops`)."""
    try:
        card = decode(Card, text)
    except ValueError as error:
        raise Refused(
            "damaged-ledger",
            f"`card.json` in the ledger of {env} can't be read",
            why=str(error).splitlines()[0],
            hint=f"look at it: git show refs/tfops/envs/{env}:card.json   (or upgrade tfops)",
        ) from error
    if card.schema > SCHEMA:
        raise _made_by_newer(f"refs/tfops/envs/{env}", card.schema)
    return card


def _newer_schema(message: str) -> int:
    for line in message.splitlines():
        name, _, value = line.partition(": ")
        if name == "Tfops-Schema" and value.isdecimal() and int(value) > SCHEMA:
            return int(value)
    return 0


def _made_by_newer(tag: str, schema: int) -> Refused:
    return Refused(
        "newer-tfops",
        f"the card of `{tag}` was written by a newer tfops (schema {schema}, this one knows {SCHEMA})",
        hint="upgrade tfops: tfops docs install says how",
    )
