"""Secrets are masked by value, wherever they turn up, in the forms that they take on the way."""

import base64
import json
import urllib.parse
from collections.abc import Iterable

MASK = "(secret)"

# A shorter value would mask half of every text, and is no secret worth the name.
_SHORTEST = 3


class Masker:
    """Replaces secret values in text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret)}
        self._forms = sorted(forms, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for form in self._forms:
            text = text.replace(form, MASK)
        return text


def _forms(secret: str) -> set[str]:
    escaped = json.dumps(secret)[1:-1]
    encoded = base64.b64encode(secret.encode("utf-8", "surrogateescape")).decode()
    lines = {line for line in secret.splitlines() if len(line) >= 2 * _SHORTEST}
    return {secret, escaped, json.dumps(secret, ensure_ascii=False)[1:-1], encoded, encoded.rstrip("=")} | {
        urllib.parse.quote(secret, safe="", errors="surrogateescape"),
        *lines,
    }
