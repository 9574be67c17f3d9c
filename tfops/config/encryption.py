"""`encryption:` of tfops.yaml: OpenTofu's block of that name, with every secret by reference.

https://opentofu.org/docs/language/state/encryption
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tfops.config.names import did_you_mean, shown
from tfops.config.project import Encryption
from tfops.config.values import FormError, Path, Secret, parse_form, walk

if TYPE_CHECKING:
    from tfops.config.document import Document
    from tfops.config.schema import EncryptionBlock
    from tfops.records.complaint import Complaint

# `key_provider.pbkdf2.main`, `method.aes_gcm.main`: the only references that may stand in the block.
REFERENCE = re.compile(r"(?P<kind>key_provider|method)\.(?P<type>[A-Za-z_][\w-]*)\.(?P<name>[A-Za-z_][\w-]*)")

_SECRET_SETTINGS = frozenset({"passphrase", "secret_key", "token", "access_token", "client_secret", "password"})
_TARGETS = ("state", "plan")


def to_encryption(block: EncryptionBlock | None) -> Encryption:
    if block is None:
        return Encryption()
    parts = {name: getattr(block, name) for name in type(block).model_fields}
    return Encryption({name: _with_forms(part) for name, part in parts.items() if part})


def _with_forms(value: Any) -> Any:
    found = parse_form(value)
    if isinstance(found, Secret):
        return found
    if isinstance(value, dict):
        return {key: _with_forms(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_forms(item) for item in value]
    return value


def check_encryption(document: Document, data: Mapping[str, Any]) -> Iterator[Complaint]:
    """What a schema can't say about `encryption:`: a block that encrypts nothing, secrets in clear, loose ends."""
    block = data.get("encryption")
    if not isinstance(block, dict):
        return
    if not isinstance(block.get("state"), dict) or not isinstance(block["state"].get("method"), str):
        message = "`encryption` doesn't say how states are encrypted"
        yield document.complaint(("encryption",), message, "for instance: state: {method: method.aes_gcm.main}")
    for path, value in walk(block):
        where = ("encryption", *path)
        yield from _secret_complaints(document, where, value)
        yield from _reference_complaints(document, where, value, block)


def _secret_complaints(document: Document, where: Path, value: Any) -> Iterator[Complaint]:
    try:
        is_secret = isinstance(value, dict) and isinstance(parse_form(value), Secret)
    except FormError as error:
        yield document.complaint(where, str(error), error.hint)
        return
    if is_secret and where[1] != "key_provider":
        yield document.complaint(where, "a secret can stand in a `key_provider` only")
    if where[-1] in _SECRET_SETTINGS and isinstance(value, str):
        message = f"`{where[-1]}` stands in clear: it would end up in Git and in the rendered root"
        yield document.complaint(where, message, "refer to it: {from: env:NAME}")


def _reference_complaints(document: Document, where: Path, value: Any, block: Mapping[str, Any]) -> Iterator[Complaint]:
    wanted = {"method": "method", "keys": "key_provider", "chain": "key_provider"}.get(str(where[-1]))
    if wanted is None or not isinstance(value, str) or where == ("encryption", "method"):
        return
    known = _declared(block, wanted)
    if value not in known:
        hint = did_you_mean(value, known) or f"known: {', '.join(known) or 'none'}"
        yield document.complaint(where, f"{shown(value)} names no `{wanted}` of this block", hint)


def _declared(block: Mapping[str, Any], kind: str) -> list[str]:
    types = block.get(kind)
    pairs = types.items() if isinstance(types, dict) else ()
    return [f"{kind}.{type_}.{name}" for type_, named in pairs if isinstance(named, dict) for name in named]
