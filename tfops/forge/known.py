"""The list of forges."""

from tfops.forge.base import Forge
from tfops.forge.gitea import GITEA
from tfops.forge.github import GITHUB
from tfops.forge.gitlab import GITLAB

# Gitea's and Forgejo's runner sets GitHub's variables too: it is asked first.
FORGES: tuple[Forge, ...] = (GITEA, GITHUB, GITLAB)


def forge_here() -> Forge | None:
    """The forge whose job runs us."""
    return next((forge for forge in FORGES if forge.runs_us()), None)
