"""The pipeline as jobs of GitLab CI, in a file of its own that `.gitlab-ci.yml` includes."""

import re
from collections.abc import Iterable

from tfops.commands.pipeline import (
    DRIFT,
    REPORTS,
    REVIEW,
    VALIDATE,
    BoundBranch,
    Pipeline,
    filled,
    quoted,
    quoted_list,
    requirement,
)

JOBS = ".gitlab/tfops.yml"
MAIN = ".gitlab-ci.yml"

_INCLUDE = f"""\
include:
  - local: /{JOBS}
"""

_HEAD = """\
# Written by `tfops init --ci gitlab`, and yours to change. What it needs: tfops docs run-in-ci
.tfops:
  image: python:3.12
  interruptible: false         # a running apply isn't cancelled by a newer pipeline
  variables:
    GIT_DEPTH: "0"             # the whole history
  before_script:
<ENGINE>
    - pip install "<REQUIREMENT>"

tfops-review:
  extends: .tfops
  stage: test
  rules:
<REVIEWED>
<ID_TOKEN>
  script:
<READ_ROLE>
<KEEPER>
    - git fetch origin "$CI_MERGE_REQUEST_TARGET_BRANCH_NAME"
    - <VALIDATE>
    - <REVIEW>   # exit code 13: one can't be planned, or a required check fails
  artifacts:
    when: always
    paths: [<REPORTS>/]        # the review in full: a comment may have no room for it
    reports:
      terraform: <REPORTS>/tfops-terraform.json
      codequality: <REPORTS>/tfops-codequality.json

tfops-drift:
  extends: .tfops
  stage: deploy
  rules:
    - if: $CI_PIPELINE_SOURCE == "schedule" && $TFOPS_DRIFT
<ID_TOKEN>
  script:
<READ_ROLE>
<PUSH>
    - <DRIFT>   # exit code 2: something drifted
"""

_APPLY = """\

<NAME>:
  extends: .tfops
  stage: deploy
  rules:
<PUSHED>
  parallel:
    matrix:
      - ENV: <ENVIRONMENTS>
  environment:
    name: $ENV                 # its approvals and variables
  resource_group: tfops-$ENV   # one at a time
<ID_TOKEN>
  script:
<ROLE>
<PUSH>
    - <COMMAND>
"""

_PUSH = """\
    - git config user.name "deploy"
    - git config user.email "deploy@example.com"
    - git remote set-url origin "https://deploy:${TFOPS_PUSH_TOKEN}@${CI_SERVER_HOST}/${CI_PROJECT_PATH}.git\""""

_VOUCHED = """\
  id_tokens:
    AWS_TOKEN:                 # AWS gives a role for it, instead of keys
      aud: $CI_SERVER_URL"""

_ROLE = """\
    - export AWS_ROLE_ARN="$<VARIABLE>" AWS_ROLE_SESSION_NAME="tfops-$CI_JOB_ID" AWS_WEB_IDENTITY_TOKEN_FILE=$(mktemp)
    - printf %s "$AWS_TOKEN" > "$AWS_WEB_IDENTITY_TOKEN_FILE\""""


def jobs(pipeline: Pipeline) -> dict[str, str]:
    """Path to text."""
    engine = (
        f"    # Install the engine that tfops.yaml names here: {quoted(pipeline.engine)}" if pipeline.engine else ""
    )
    values = {
        "ENGINE": engine,
        "REQUIREMENT": requirement(pipeline),
        "REVIEWED": _rules(_reviewed(branch) for branch in pipeline.branches),
        "ID_TOKEN": _VOUCHED if pipeline.uses_aws else "",
        "READ_ROLE": _role("TFOPS_AWS_READ_ROLE", uses_aws=pipeline.uses_aws),
        "PUSH": _PUSH,
        "KEEPER": _PUSH if pipeline.reviews else "",
        "VALIDATE": VALIDATE,
        "REVIEW": REVIEW,
        "REPORTS": REPORTS,
        "DRIFT": DRIFT,
    }
    return {JOBS: filled(_HEAD, values) + "".join(map(_apply, pipeline.applied)), MAIN: _INCLUDE}


def _apply(branch: BoundBranch) -> str:
    values = {
        "NAME": quoted(f"tfops-apply-{branch.slug}"),
        "PUSHED": _rules([f'$CI_PIPELINE_SOURCE != "schedule" && {_fits("$CI_COMMIT_BRANCH", branch.pattern)}']),
        "ENVIRONMENTS": quoted_list(branch.environments),
        "ID_TOKEN": _VOUCHED if branch.uses_aws else "",
        "ROLE": _role("TFOPS_AWS_ROLE", uses_aws=branch.uses_aws),
        "PUSH": _PUSH,
        "COMMAND": branch.command,
    }
    return filled(_APPLY, values)


def _role(variable: str, *, uses_aws: bool) -> str:
    return filled(_ROLE, {"VARIABLE": variable}).rstrip("\n") if uses_aws else ""


def _rules(conditions: Iterable[str]) -> str:
    return "\n".join(f"    - if: {condition}" for condition in conditions)


def _reviewed(branch: BoundBranch) -> str:
    fits = _fits("$CI_MERGE_REQUEST_TARGET_BRANCH_NAME", branch.pattern)
    return f'$CI_PIPELINE_SOURCE == "merge_request_event" && {fits}'


def _fits(variable: str, pattern: str) -> str:
    """A condition on a branch, in GitLab's words."""
    if "*" not in pattern:
        return f"{variable} == {quoted(pattern)}"
    words = {"*": "[^\\/]*", "**": ".*"}
    parts = re.split(r"(\*\*|\*)", pattern)
    regex = "".join(words.get(part, re.sub(r"[.+/]", r"\\\g<0>", part)) for part in parts)
    return f"{variable} =~ /^{regex}$/"
