"""The pipeline as workflows of GitHub Actions, and of Gitea's and Forgejo's runner, which reads the same."""

import re

from tfops.commands.pipeline import (
    DRIFT,
    REPORTS,
    REVIEW,
    BoundBranch,
    Pipeline,
    filled,
    quoted,
    quoted_list,
    requirement,
)
from tfops.dataclass import dataclass

_HEAD = "# Written by `tfops init --ci <HOST>`, and yours to change. What it needs: tfops docs run-in-ci\n"

_REVIEW = """\
name: tfops review
on:
  pull_request:
    branches: <BRANCHES>

permissions: {}

jobs:
  review:
<OURS>
    runs-on: ubuntu-latest
    permissions:
<CONTENTS>
      pull-requests: write     # the comment
      statuses: write
<ID_TOKEN>
    steps:
      - uses: actions/checkout@v4
        with:
          ref: ${{ github.event.pull_request.head.sha }}   # what people look at, not a merge of it
          fetch-depth: 0       # the whole history
<INSTALL>
<KEEPER>
<LOGIN>
      - run: tfops validate
      - run: <REVIEW>   # exit code 13: one can't be planned, or a required check fails
        env:
<TOKEN>
<HAND_OVER>
"""

_APPLY = """\
name: <NAME>
on:
  push:
    branches: <BRANCHES>

permissions: {}

jobs:
  apply:
    runs-on: ubuntu-latest
    permissions:
      contents: write          # tags and ledgers are pushed
<TELLS>
<ID_TOKEN>
    strategy:
      fail-fast: false         # an apply isn't cancelled because another one failed
      matrix:
        env: <ENVIRONMENTS>
<ENVIRONMENT>
    concurrency:
      group: tfops-${{ matrix.env }}
      cancel-in-progress: false
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0       # the whole history
<INSTALL>
<IDENTITY>
<LOGIN>
      - run: <COMMAND>
        env:
          ENV: ${{ matrix.env }}
<TOKEN>
          # Secrets that environments name: DB_PASSWORD: ${{ secrets.DB_PASSWORD }}
"""

_DRIFT = """\
name: tfops drift
on:
  schedule:
    - cron: "17 5 * * *"
  workflow_dispatch:

permissions: {}

jobs:
  drift:
    runs-on: ubuntu-latest
    permissions:
      contents: write          # what was found is pushed to the ledgers
<ID_TOKEN>
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0       # the whole history
<INSTALL>
<IDENTITY>
<LOGIN>
      - run: <COMMAND>   # exit code 2: something drifted
"""

_INSTALL = """\
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
<ENGINE>
      - run: pip install "<REQUIREMENT>"
        env:
          TFOPS_SOURCE: ${{ vars.TFOPS_SOURCE }}
          TFOPS_COMMIT: ${{ vars.TFOPS_COMMIT }}"""

_IDENTITY = """\
      - run: |
          git config user.name "deploy"
          git config user.email "deploy@example.com\""""

_LOGIN = """\
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          role-to-assume: ${{ vars.<ROLE> }}
          role-session-name: tfops-${{ github.run_id }}
          aws-region: ${{ vars.AWS_REGION }}"""

_HAND_OVER = f"""\
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: tfops-review   # in full: a comment may have no room for it
          path: {REPORTS}/"""

_READS = "      contents: read"
_TELLS = "      pull-requests: write     # what became of the plan\n      statuses: write"
_NO_OIDC = "      # AWS: give the runner's machine a role. Others: tfops docs credentials"
# GitHub hands a fork's pull request no variables and no token that may comment: the job could but fail.
_OURS = "    if: github.event.pull_request.head.repo.full_name == github.repository   # forks get no variables"


@dataclass(frozen=True, slots=True)
class Host:
    """What differs. A host without `has_oidc` vouches for no job, and knows no environments.

    `takes_artifacts`: with the newest version of the action that hands files over; Gitea and Forgejo know older ones.
    """

    name: str
    folder: str
    client: str
    has_oidc: bool
    runs_forks: bool
    token: str
    takes_artifacts: bool


GITHUB = Host("github", ".github/workflows", "forge", True, False, "          GITHUB_TOKEN: ${{ github.token }}", True)
GITEA = Host(
    "gitea",
    ".gitea/workflows",
    "",
    False,
    True,
    "          TFOPS_FORGE_TOKEN: ${{ secrets.TFOPS_FORGE_TOKEN || github.token }}",
    False,
)


def workflows(host: Host, pipeline: Pipeline) -> dict[str, str]:
    """Path to text. One file for each branch: only `on` knows patterns, and takes nothing but constants."""
    files = {"tfops-review": _review(host, pipeline)}
    files |= {f"tfops-apply-{branch.slug}": _apply(host, pipeline, branch) for branch in pipeline.applied}
    files["tfops-drift"] = _drift(host, pipeline)
    return {f"{host.folder}/{name}.yml": text for name, text in files.items()}


def _review(host: Host, pipeline: Pipeline) -> str:
    ours = "" if host.runs_forks else _OURS
    branches = quoted_list(_filter(branch.pattern) for branch in pipeline.branches)
    login = _login(host, "TFOPS_AWS_READ_ROLE") if pipeline.uses_aws else ""
    values = {
        "BRANCHES": branches,
        "TOKEN": host.token,
        "REVIEW": REVIEW if host.takes_artifacts else "tfops review",
        "HAND_OVER": _HAND_OVER if host.takes_artifacts else "",
        "OURS": ours,
        "CONTENTS": "      contents: write          # reviewed plans are pushed" if pipeline.reviews else _READS,
        "KEEPER": _IDENTITY if pipeline.reviews else "",
    }
    return _file(host, pipeline, _REVIEW, login, values)


def _apply(host: Host, pipeline: Pipeline, branch: BoundBranch) -> str:
    values = {
        "NAME": quoted(f"tfops apply {branch.pattern}"),
        "BRANCHES": quoted_list([_filter(branch.pattern)]),
        "ENVIRONMENTS": quoted_list(branch.environments),
        "ENVIRONMENT": "    environment: ${{ matrix.env }}   # its approvals, variables and secrets" * host.has_oidc,
        "COMMAND": branch.command,
        "TELLS": _TELLS if branch.asks_forge else "",
        "TOKEN": host.token if branch.asks_forge else "",
    }
    login = _login(host, "TFOPS_AWS_ROLE") if branch.uses_aws else ""
    return _file(host, pipeline, _APPLY, login, values)


def _drift(host: Host, pipeline: Pipeline) -> str:
    login = _login(host, "TFOPS_AWS_READ_ROLE") if pipeline.uses_aws else ""
    return _file(host, pipeline, _DRIFT, login, {"COMMAND": DRIFT})


def _file(host: Host, pipeline: Pipeline, template: str, login: str, values: dict[str, str]) -> str:
    id_token = "      id-token: write          # AWS gives a role for it, instead of keys"  # noqa: S105 - no token
    common = {
        "HOST": host.name,
        "INSTALL": _install(pipeline),
        "IDENTITY": _IDENTITY,
        "LOGIN": login,
        "ID_TOKEN": id_token if login and host.has_oidc else "",
    }
    return filled(_HEAD + template, common | values)


def _install(pipeline: Pipeline) -> str:
    engine = (
        f"      # Install the engine that tfops.yaml names here: {quoted(pipeline.engine)}" if pipeline.engine else ""
    )
    return filled(_INSTALL, {"REQUIREMENT": requirement(pipeline), "ENGINE": engine}).rstrip("\n")


def _login(host: Host, role: str) -> str:
    if not host.has_oidc:
        return _NO_OIDC
    return filled(_LOGIN, {"ROLE": role}).rstrip("\n")


def _filter(pattern: str) -> str:
    """A pattern of tfops.yaml in the words of `on`: `*` and `**` mean the same, `+` would repeat what is before it."""
    return re.sub(r"\+", r"\\+", pattern)
