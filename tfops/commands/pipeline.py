"""What a project's CI pipeline is made of, before any forge's words: `init --ci` writes it.

Names of environments and branches come from the project. They are quoted wherever they stand, and a script reads
them from a variable.
"""

import json
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256

from tfops.config.project import EnvironmentRule, ProjectConfig, Sync
from tfops.dataclass import dataclass
from tfops.errors import ProjectError
from tfops.records.names import EnvName

APPLY = 'tfops apply "$ENV" --yes --wait 10m --lock-timeout 5m'
APPLY_REVIEWED = 'tfops apply "$ENV" --reviewed --wait 10m --lock-timeout 5m'
REPORTS = "tfops-reports"  # a folder of files that the job of a review hands over
VALIDATE = f"tfops validate --write {REPORTS}"
REVIEW = f"tfops review --write {REPORTS}"
DRIFT = "tfops drift --all --detailed-exitcode --wait 10m"
_MOST_ENVIRONMENTS = 200  # of one branch: GitLab makes as many jobs of a matrix, GitHub 256
_LONGEST_SLUG = 60


@dataclass(frozen=True, slots=True)
class BoundBranch:
    """The environments of a branch, or of all that fit a pattern: those that a push applies, and those that wait for a
    person (`sync` isn't `auto`, or they are promoted to). `reviewed` are those of both whose plans must have been
    reviewed."""

    pattern: str
    environments: tuple[EnvName, ...]
    waiting: tuple[EnvName, ...]
    uses_aws: bool
    reviewed: tuple[EnvName, ...] = ()

    @property
    def asks_forge(self) -> bool:
        """Whether a push applies what people may have approved there, and tells what became of it."""
        return not set(self.environments).isdisjoint(self.reviewed)

    @property
    def reviews_all(self) -> bool:
        return bool(self.environments) and set(self.environments) <= set(self.reviewed)

    @property
    def command(self) -> str:
        """Where only some want it, a plain apply keeps to it in those."""
        return APPLY_REVIEWED if self.reviews_all else APPLY

    @property
    def slug(self) -> str:
        """Stands for the pattern in the names of files and jobs; no two patterns have the same."""
        plain = re.sub(r"[^a-z0-9]+", "-", self.pattern.lower()).strip("-")[:_LONGEST_SLUG]
        digest = sha256(self.pattern.encode()).hexdigest()[:6]
        return plain if plain == self.pattern else f"{plain}-{digest}".removeprefix("-")


@dataclass(frozen=True, slots=True)
class Pipeline:
    """`extras` are tfops' own, comma-separated. `engine` is what has to be installed besides, empty: nothing; so are
    `tools`, for policies.
    """

    branches: tuple[BoundBranch, ...]
    extras: str
    engine: str
    tools: tuple[str, ...] = ()

    @property
    def applied(self) -> tuple[BoundBranch, ...]:
        """The branches to which a push applies something."""
        return tuple(branch for branch in self.branches if branch.environments)

    @property
    def reviews(self) -> bool:
        """Whether the job that reviews keeps plans that are needed later."""
        return any(branch.reviewed for branch in self.branches)

    @property
    def uses_aws(self) -> bool:
        return any(branch.uses_aws for branch in self.branches)


def pipeline_of(rules: ProjectConfig, *, client: str) -> Pipeline:
    """What tfops.yaml says. `client` is the extra that speaks to the forge, if one is needed. Previews and places for
    drills are no part of it.

    Raises ProjectError where no branch applies anything, or one branch more than a matrix takes.
    """
    by_pattern: dict[str, dict[EnvName, EnvironmentRule]] = {}
    for env, rule in rules.environments.items():
        if rule.branch and rule.rehearses is None and rule.preview is None:
            by_pattern.setdefault(rule.branch, {})[env] = rule
    if not by_pattern:
        raise ProjectError(
            "there is nothing to write a pipeline for",
            why="no environment in tfops.yaml is bound to a branch",
            hint="bind one: `dev: {branch: main}`",
        )
    branches = tuple(_bound(pattern, found, rules) for pattern, found in by_pattern.items())
    brings_engine = rules.engine.use in ("auto", "embedded")
    tools = {check.tool.use for rule in rules.environments.values() for check in rule.required_checks if check.tool}
    wanted = {
        "terraform": brings_engine,
        "vault": rules.secrets.vault_login is not None,
        "policy": "rego" in tools,
        client: bool(client),
    }
    extras = ",".join(extra for extra, is_wanted in wanted.items() if is_wanted)
    return Pipeline(branches, extras, "" if brings_engine else rules.engine.use, tuple(sorted(tools - {"rego"})))


def _bound(pattern: str, found: Mapping[EnvName, EnvironmentRule], rules: ProjectConfig) -> BoundBranch:
    if len(found) > _MOST_ENVIRONMENTS:
        raise ProjectError(
            f"{len(found)} environments are bound to `{pattern}`: a matrix takes {_MOST_ENVIRONMENTS}",
            hint="one job can do all of them: tfops docs run-in-ci   (tfops reconcile)",
        )
    in_s3 = any(backend.kind == "s3" for env in found for backend in rules.backends_of(env))
    uses_aws = in_s3 or any(rule.account or rule.role for rule in found.values())
    applied = tuple(env for env, rule in found.items() if rule.sync is Sync.AUTO and not rule.promote)
    waiting = tuple(env for env in found if env not in applied)
    reviewed = tuple(env for env, rule in found.items() if rule.review.required)
    return BoundBranch(pattern, applied, waiting, uses_aws, reviewed)


def quoted(text: str) -> str:
    """A YAML string, whatever is in it: `on`, `null` and `1e3` are names too."""
    return json.dumps(text)


def quoted_list(texts: Iterable[str]) -> str:
    return json.dumps(list(texts))


def requirement(pipeline: Pipeline) -> str:
    """What pip is given: the commit that somebody has read, at the address of the team's copy of tfops.

    Never the bare name: on the public index that is another project.
    """
    extras = f"[{pipeline.extras}]" if pipeline.extras else ""
    return f"tfops-cli{extras} @ git+$TFOPS_SOURCE@$TFOPS_COMMIT"


def filled(template: str, values: Mapping[str, str]) -> str:
    """Every `<NAME>` replaced, in one pass: a value is never looked at again. A line that becomes empty goes."""
    lines = []
    for line in template.splitlines():
        text = re.sub(r"<([A-Z_]+)>", lambda found: values[found[1]], line)
        lines += [text] if text.strip() or not line.strip() else []
    return "\n".join(lines) + "\n"
