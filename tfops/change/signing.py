"""What is signed, where tfops.yaml requires signatures."""

from tfops.change.project import Project
from tfops.config.project import ProjectConfig
from tfops.errors import Refused
from tfops.ledger.chain import LedgerState
from tfops.system.git import require_sha


def require_signing(project: Project, rules: ProjectConfig) -> None:
    """Raises Refused (guard `unsigned`) where tfops.yaml requires signatures and this Git makes none."""
    repository = project.repository
    if rules.requires_signatures and not (repository.signs_commits and repository.signs_tags):
        raise Refused(
            "unsigned",
            "tfops.yaml requires signed events and versions, but this Git does not sign",
            hint="git config commit.gpgSign true && git config tag.gpgSign true",
        )


def require_signed_head(project: Project, rules: ProjectConfig, present: LedgerState) -> None:
    """Raises Refused (guard `unsigned`) when the latest event isn't signed although it must be.

    `tfops lock` and `tfops unlock` don't ask: a signed event of theirs is how people say that they looked.
    """
    repository = project.repository
    if rules.requires_signatures and present.head and not repository.has_good_signature(require_sha(present.head)):
        raise Refused(
            "unsigned",
            f"the latest event of {present.env} has no signature that this Git finds good",
            hint=f"tfops verify {present.env}; if it is fine: tfops lock {present.env} && tfops unlock {present.env}",
        )
