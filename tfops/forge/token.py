"""The token with which tfops speaks to a forge. It is in no argument, no log and no message."""

from tfops.forge.asking import ForgeFailed
from tfops.system import environ

OWN = "TFOPS_FORGE_TOKEN"


def token_of(title: str, *names: str, needs: str) -> str:
    """The first token that the environment has: tfops' own, then the forge's usual ones. Raises ForgeFailed."""
    found = next(filter(None, map(environ.variable, (OWN, *names))), "")
    if not found:
        why = f"there is no token in {' or '.join((OWN, *names))}"
        raise ForgeFailed(f"{title} can't be asked", why=why, hint=f"set one that may: {needs}")
    return found


def not_installed(title: str, package: str) -> ForgeFailed:
    """The extra `forge` brings the clients of the forges that have good ones."""
    from tfops.system.installation import command_to_add  # noqa: PLC0415 - slow, and hardly ever needed

    hint = f"{command_to_add(package)}, or install tfops with the extra `forge`"
    return ForgeFailed(f"{title} can't be asked", why=f"{package} is not installed", hint=hint)
