"""The forges: what a job's environment says, and what is told to a merge request.

`base.py` has what all have in common, one file for each forge what is different, `FORGES` their list. `ci.py` answers
from the job's environment alone. The rest asks the forge's API through a `Client`: `comment.py` keeps the one comment,
`statuses.py` the statuses, `approvals.py` counts who approved. Nothing that tfops decides is read from a comment, and
what was approved in Git needs no forge.
"""

from tfops.forge.base import Forge
from tfops.forge.gitea import GITEA
from tfops.forge.github import GITHUB
from tfops.forge.gitlab import GITLAB

# Gitea's and Forgejo's runner sets GitHub's variables too: it is asked first.
FORGES: tuple[Forge, ...] = (GITEA, GITHUB, GITLAB)


def forge_here() -> Forge | None:
    """The forge whose job runs us."""
    return next((forge for forge in FORGES if forge.runs_us()), None)
