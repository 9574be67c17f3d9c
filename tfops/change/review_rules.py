"""By which rules a plan must be agreed to: a commit can't take away what was asked for before it."""

from tfops.change.environment import Place
from tfops.change.home import home_tree
from tfops.change.project import Project
from tfops.config.project import ReviewRule
from tfops.dataclass import dataclass
from tfops.errors import ConfigError
from tfops.ledger.versions import Listing
from tfops.records.names import CommitSha
from tfops.records.version import Kind
from tfops.system.trees import GitTree

LOWERED = "tfops.yaml asks for less review than the version that was applied last, whose rule counts until then"


@dataclass(frozen=True, slots=True)
class ReviewRules:
    """`own` is the commit's rule; `before` the one of what was applied last, where `own` asks for less, else None."""

    own: ReviewRule
    before: ReviewRule | None = None

    @property
    def required(self) -> tuple[ReviewRule, ...]:
        """Those that a plan must satisfy, each; none where it needs no review."""
        own = (self.own,) if self.own.required else ()
        return own if self.before is None else (*own, self.before)


def review_rules(project: Project, place: Place, listing: Listing) -> ReviewRules:
    """The rules for an apply of the commit whose tfops.yaml `place` has.

    A rollback isn't looked at: it would bring the rules of an old commit back. A preview's are those of the home
    branch, whatever its own commits say.
    """
    own = _own(project, place)
    applied = next((one for one in reversed(listing.versions) if one.kind is Kind.APPLY), None)
    if applied is None or place.is_preview:
        return ReviewRules(own)
    before = _applied(project, place, applied.commit)
    return ReviewRules(own, before if before is not None and own.asks_less_than(before) else None)


def _own(project: Project, place: Place) -> ReviewRule:
    rule = place.rules.environments[place.env].review
    if rule.owners is None:
        return rule
    from tfops.change.code_owners import with_owners  # noqa: PLC0415 - most environments have no such rule

    tree = place.tree(project, worktree=False)
    named_in = home_tree(project) if place.is_preview else None
    return with_owners(project, place.rules, place.env, rule, tree=tree, named_in=named_in or tree)


def _applied(project: Project, place: Place, commit: CommitSha) -> ReviewRule | None:
    """The rule of a commit, with the owners of its own files by its own CODEOWNERS. None where this tfops can't say
    what it asked for: an older one took its tfops.yaml, or another forge had its CODEOWNERS."""
    try:
        rules = project.config_at(commit)
    except ConfigError:
        return None
    rule = rules.environments.get(place.env)
    if rule is None or rule.review.owners is None:
        return rule.review if rule else None
    from tfops.change.code_owners import with_owners  # noqa: PLC0415

    tree = GitTree.of_commit(project.repository, commit)
    found = with_owners(project, rules, place.env, rule.review, tree=tree, named_in=tree)
    return None if found.owners and found.owners.problem else found
