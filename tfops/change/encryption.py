"""Encrypted states: the engine that can, the keys for it, and what of them must be masked."""

from collections.abc import Iterator

from tfops.config.project import ProjectConfig
from tfops.config.values import Secret
from tfops.engine.encryption import secret_texts
from tfops.engine.environment import ENCRYPTION, state_encryption
from tfops.engine.locate import Engine
from tfops.errors import Refused
from tfops.render.encryption import encryption_secrets


def require_encryption(engine: Engine, rules: ProjectConfig) -> None:
    """Raises Refused (guard `encryption`) where states must be encrypted and the engine can't: it would write them in
    clear, without a word."""
    asked = [name for name, is_asked in _asked(rules) if is_asked]
    if asked and not engine.is_tofu:
        raise Refused(
            "encryption",
            f"{' and '.join(asked)} says that states are encrypted, and {engine} can't do that",
            why="Terraform passes over it, and writes the state in clear",
            hint="use OpenTofu: engine: {use: tofu} in tfops.yaml, or --engine tofu",
        )


def encrypts(rules: ProjectConfig) -> bool:
    """Whether states are written encrypted here."""
    return any(is_asked for _, is_asked in _asked(rules))


def _asked(rules: ProjectConfig) -> Iterator[tuple[str, bool]]:
    yield ENCRYPTION, bool(state_encryption())
    yield "`encryption` in tfops.yaml", bool(rules.encryption.block)


def wanted_keys(rules: ProjectConfig) -> dict[str, Secret]:
    """By variable of the root: the secrets that `encryption` of tfops.yaml refers to."""
    return encryption_secrets(rules)


def inherited_texts() -> Iterator[str]:
    """What TF_ENCRYPTION holds that must not be shown."""
    for text in state_encryption().values():
        yield from secret_texts(text)
