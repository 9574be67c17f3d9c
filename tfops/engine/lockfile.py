"""The provider lock file. The engine writes it in this one form, never people."""

import re

_LOCKED = re.compile(r'^provider "([^"]+)" \{\n  version\s*= "([^"]+)"', re.MULTILINE)


def locked_versions(text: str) -> dict[str, str]:
    """Provider address to version."""
    return dict(_LOCKED.findall(text))
