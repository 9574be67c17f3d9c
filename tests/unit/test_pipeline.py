"""The pipeline that `init --ci` writes: read as the forge reads it, and held against what tfops takes."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.support.memory_tree import MemoryTree
from tests.unit.test_documents_commands import wrong_with
from tfops.commands.pipeline import Pipeline, pipeline_of
from tfops.commands.pipeline_actions import GITEA, GITHUB, Host, workflows
from tfops.commands.pipeline_gitlab import JOBS, MAIN, jobs
from tfops.config.own_backend import with_own_backends
from tfops.config.project_file import load_project
from tfops.errors import ProjectError
from tfops.resolve.branches import matches

_TOP = "version: 1\nproject: shop\n"
_PLAIN = f"{_TOP}environments: {{dev: {{branch: main}}, perf: {{branch: main}}, prod: {{branch: production}}}}\n"
_AWS = f"""\
{_TOP}environments:
  dev: {{branch: main, account: "222222222222"}}
  prod: {{branch: production, assume_role: "arn:aws:iam::333333333333:role/tfops"}}
"""
# What tfops takes for a name, and YAML, a filter or a regular expression for something else.
_ODD = ("on", "null", "1e3", "0x10", "yes", "12", "a--b")
_ODD_PATTERNS = (
    "null",
    "hot+fix",
    "a.b",
    "Main",
    "main",
    "team@x/y-z_1",
    "release/*",
    "release/**",
    "**",
    "*-x",
    "a/b",
    "a-b",
)
_NEIGHBOURS = ("hottfix", "hot", "axb", "release/1", "release/1/2", "release", "a-x", "a/b-x", "b/c")
_BRANCHES = (*_ODD_PATTERNS[:6], "a/b", "a-b", *_NEIGHBOURS)


def pipeline(rules: str, client: str = "forge") -> Pipeline:
    return pipeline_of(load_project(MemoryTree({"tfops.yaml": rules})), client=client)


def texts(forge: str, rules: str) -> dict[str, str]:
    hosts: Mapping[str, Host] = {"github": GITHUB, "gitea": GITEA}
    return workflows(hosts[forge], pipeline(rules)) if forge in hosts else jobs(pipeline(rules))


def files(forge: str, rules: str) -> dict[str, Any]:
    """Name without folder and ending, to content."""
    return {re.split(r"[/.]", path)[-2]: YAML(typ="safe").load(text) for path, text in texts(forge, rules).items()}


def lines(part: Any) -> Iterator[str]:
    """Every line of a script in a file, in order."""
    for key, value in part.items() if isinstance(part, dict) else enumerate(part if isinstance(part, list) else ()):
        if key == "run":
            yield from value.splitlines()
        elif key in ("before_script", "script"):
            yield from value
        else:
            yield from lines(value)


def odd_rules() -> str:
    bound = [f"  e{number}: {{branch: '{pattern}'}}\n" for number, pattern in enumerate(_ODD_PATTERNS)]
    bound += [f"  '{env}': {{branch: odd}}\n" for env in _ODD]
    return f"{_TOP}environments:\n{''.join(bound)}"


def test_policy_tools_are_an_extra_or_named() -> None:
    found = pipeline(
        f"{_PLAIN}required_checks: [{{use: rego}}, {{use: trivy}}, {{use: keep-data}}, {{use: conftest}}]\n"
    )
    assert (found.extras, found.tools) == ("terraform,policy,forge", ("conftest", "trivy"))
    assert (pipeline(_PLAIN).extras, pipeline(_PLAIN).tools) == ("terraform,forge", ())


@pytest.mark.parametrize("rules", [_PLAIN, _AWS, odd_rules()], ids=["plain", "aws", "odd"])
@pytest.mark.parametrize("forge", ["github", "gitlab", "gitea"])
def test_every_command_can_be_typed_and_installs_no_other_project(forge: str, rules: str) -> None:
    found = [line for content in files(forge, rules).values() for line in lines(content)]
    typed = [line for line in found if line.startswith("tfops ")]
    assert {line: wrong_with(line) for line in typed if wrong_with(line)} == {}
    assert {line.split()[1] for line in typed} == {"validate", "review", "apply", "drift"}
    installed = [line for line in found if "pip " in line]
    assert set(installed) == {'pip install "tfops-cli[terraform,forge] @ git+$TFOPS_SOURCE@$TFOPS_COMMIT"'}


@pytest.mark.parametrize("forge", ["github", "gitea"])
def test_a_workflow_takes_the_whole_history_and_no_more_rights_than_it_needs(forge: str) -> None:
    found = files(forge, _PLAIN)
    assert set(found) == {"tfops-review", "tfops-apply-main", "tfops-apply-production", "tfops-drift"}
    for content in found.values():
        assert content["permissions"] == {}, "each job says its own"
        (job,) = content["jobs"].values()
        assert job["steps"][0]["with"]["fetch-depth"] == 0
        assert "id-token" not in job["permissions"], "nothing here is AWS's"
    assert found["tfops-review"]["jobs"]["review"]["permissions"]["contents"] == "read"
    assert found["tfops-review"]["on"] == {"pull_request": {"branches": ["main", "production"]}}
    assert "pull_request_target" not in str(found), "that runs a stranger's code with our token"


def test_each_environment_of_a_branch_has_a_job_that_nothing_cancels() -> None:
    found = files("github", _PLAIN)["tfops-apply-main"]
    job = found["jobs"]["apply"]
    assert found["on"] == {"push": {"branches": ["main"]}}
    assert job["strategy"] == {"fail-fast": False, "matrix": {"env": ["dev", "perf"]}}
    assert job["concurrency"] == {"group": "tfops-${{ matrix.env }}", "cancel-in-progress": False}
    assert job["steps"][-1]["env"] == {"ENV": "${{ matrix.env }}"}
    main = files("gitlab", _PLAIN)["tfops"]["tfops-apply-main"]
    assert main["parallel"] == {"matrix": [{"ENV": ["dev", "perf"]}]}
    assert main["resource_group"] == "tfops-$ENV"


def test_gitlab_s_jobs_are_in_a_file_that_another_includes() -> None:
    found = texts("gitlab", _PLAIN)
    assert YAML(typ="safe").load(found[MAIN]) == {"include": [{"local": f"/{JOBS}"}]}
    content = YAML(typ="safe").load(found[JOBS])
    assert content[".tfops"]["variables"] == {"GIT_DEPTH": "0"} and content[".tfops"]["interruptible"] is False
    assert all(job["extends"] == ".tfops" for name, job in content.items() if name != ".tfops")
    assert "TFOPS_PUSH_TOKEN" not in str(content["tfops-review"]), "a review pushes nothing"


def test_aws_is_logged_in_to_by_a_token_before_anything_is_planned() -> None:
    for name, content in files("github", _AWS).items():
        (job,) = content["jobs"].values()
        assert job["permissions"]["id-token"] == "write"
        uses = [step.get("uses", step.get("run", "")).split("@")[0].split("\n")[0] for step in job["steps"]]
        first = next(place for place, use in enumerate(uses) if use.startswith("tfops "))
        login = uses.index("aws-actions/configure-aws-credentials")
        role = "TFOPS_AWS_ROLE" if "apply" in name else "TFOPS_AWS_READ_ROLE"
        assert login < first and job["steps"][login]["with"]["role-to-assume"] == f"${{{{ vars.{role} }}}}"
    content = files("gitlab", _AWS)["tfops"]
    assert all("id_tokens" in job for name, job in content.items() if name != ".tfops")
    assert "$TFOPS_AWS_READ_ROLE" in str(content["tfops-review"]) and "$TFOPS_AWS_ROLE" in str(
        content["tfops-apply-main"]
    )
    assert not any(
        "AWS_SECRET" in text for forge in ("github", "gitlab", "gitea") for text in texts(forge, _AWS).values()
    )


def test_aws_is_where_the_states_are_too() -> None:
    bucket = f"{_PLAIN}backend: {{s3: {{bucket: shop-tfstate, region: eu-west-1, lock: native}}}}\n"
    assert pipeline(bucket).uses_aws and not pipeline(_PLAIN).uses_aws
    assert "configure-aws" not in str(files("gitea", bucket)), "Gitea vouches for no job"


@pytest.mark.parametrize("forge", ["github", "gitlab", "gitea"])
def test_odd_names_stay_names(forge: str) -> None:
    found = files(forge, odd_rules())
    envs = [
        env for content in found.values() for job in (content.get("jobs") or content).values() for env in _matrix(job)
    ]
    assert sorted(envs) == sorted([*_ODD, *(f"e{number}" for number in range(len(_ODD_PATTERNS)))])


def _matrix(job: Any) -> list[str]:
    if not isinstance(job, dict):
        return []
    if "parallel" in job:
        return list(job["parallel"]["matrix"][0]["ENV"])
    return list(job.get("strategy", {}).get("matrix", {}).get("env", ()))


def test_a_push_starts_just_the_jobs_of_the_environments_that_tfops_binds_to_the_branch() -> None:
    """What each forge makes of our patterns, against what tfops itself does."""
    bound = pipeline(odd_rules()).branches
    assert len({one.slug for one in bound}) == len(bound)
    actions, gitlab = files("github", odd_rules()), files("gitlab", odd_rules())["tfops"]
    for pattern, name in ((one.pattern, f"tfops-apply-{one.slug}") for one in bound):
        (filtered,) = actions[name]["on"]["push"]["branches"]
        condition = gitlab[name]["rules"][0]["if"].partition(" && ")[2]
        for branch in _BRANCHES:
            assert _github_takes(filtered, branch) is matches(pattern, branch), (filtered, branch)
            assert _gitlab_takes(condition, branch) is matches(pattern, branch), (condition, branch)


def _github_takes(pattern: str, branch: str) -> bool:
    """As GitHub's reference says: `+` repeats, a backslash takes the meaning from what is behind it."""
    words = {"**": ".*", "*": "[^/]*", "+": "+", "?": "?"}
    parts = re.findall(r"\\.|\*\*|.", pattern)
    return re.fullmatch("".join(words.get(part, re.escape(part[-1])) for part in parts), branch) is not None


def _gitlab_takes(condition: str, branch: str) -> bool:
    variable, operator, value = condition.split(" ", 2)
    assert variable == "$CI_COMMIT_BRANCH"
    if operator == "==":
        return value == f'"{branch}"'
    assert operator == "=~" and value.startswith("/") and value.endswith("/")
    assert "/" not in re.sub(r"\\.", "", value[1:-1]), "a slash would end the expression"
    return re.search(value[1:-1], branch) is not None


@pytest.mark.parametrize("sync", ["manual", "plan"])
def test_what_waits_for_a_person_is_reviewed_and_not_applied(sync: str) -> None:
    rules = _PLAIN.replace("branch: production", f"branch: production, sync: {sync}")
    found = files("github", rules)
    assert set(found) == {"tfops-review", "tfops-apply-main", "tfops-drift"}
    assert "production" in found["tfops-review"]["on"]["pull_request"]["branches"]
    jobs_of_gitlab = files("gitlab", rules)["tfops"]
    assert "tfops-apply-production" not in jobs_of_gitlab and len(jobs_of_gitlab["tfops-review"]["rules"]) == 2


def test_another_engine_is_said_to_be_missing_and_cannot_leave_its_line() -> None:
    rules = f'{_PLAIN}engine: {{use: "./bin/odd # tofu"}}\n'
    for forge in ("github", "gitlab"):
        (text, *_) = (text for text in texts(forge, rules).values() if "review" in text)
        assert '# Install the engine that tfops.yaml names here: "./bin/odd # tofu"' in text
        assert "tfops-cli[forge] @" in text


@pytest.mark.parametrize(
    ("environments", "what"),
    [
        ('"preview-{slug}": {branch: "f/*", config: p.yaml}', "nothing to write"),
        (", ".join(f"e{number}: {{branch: main}}" for number in range(201)), "201 environments are bound to `main`"),
    ],
    ids=["previews only", "too many"],
)
def test_what_gives_no_pipeline_is_refused(environments: str, what: str) -> None:
    with pytest.raises(ProjectError, match=what):
        pipeline(f"{_TOP}environments: {{{environments}}}\n")


_REVIEWED = _PLAIN.replace("{branch: production}", "{branch: production, review: {required: true}}")


@pytest.mark.parametrize("forge", ["github", "gitlab", "gitea"])
def test_what_must_be_reviewed_is_applied_as_it_was_and_told(forge: str) -> None:
    found = files(forge, _REVIEWED)
    applied = [line for content in found.values() for line in lines(content) if line.startswith("tfops apply ")]
    assert sorted("--reviewed" in line for line in applied) == [False, True]
    assert {line: wrong_with(line) for line in applied if wrong_with(line)} == {}
    if forge == "gitlab":
        assert "TFOPS_PUSH_TOKEN" in str(found["tfops"]["tfops-review"]), "it keeps the plans"
        return
    review, production = (found[name]["jobs"] for name in ("tfops-review", "tfops-apply-production"))
    assert review["review"]["permissions"]["contents"] == "write"
    assert production["apply"]["permissions"]["pull-requests"] == "write"
    assert len(production["apply"]["steps"][-1]["env"]) == 2, "a token, to tell the merge request"
    assert "pull-requests" not in found["tfops-apply-main"]["jobs"]["apply"]["permissions"]


_MIXED = _PLAIN.replace("perf: {branch: main}", "perf: {branch: main, review: {required: true}}")


def test_where_some_must_be_reviewed_the_others_need_no_review() -> None:
    [main, _] = pipeline(_MIXED).branches
    assert (main.asks_forge, main.reviews_all) == (True, False) and "--yes" in main.command


@pytest.mark.parametrize("forge", ["github", "gitea"])
def test_a_job_that_some_environments_are_reviewed_in_can_see_who_approved_them(forge: str) -> None:
    """Also where it applies others, too; and not where a person applies those that are reviewed."""
    job = files(forge, _MIXED)["tfops-apply-main"]["jobs"]["apply"]
    assert job["permissions"]["pull-requests"] == "write" and len(job["steps"][-1]["env"]) == 2
    waiting = _MIXED.replace("{required: true}}", "{required: true}, sync: manual}")
    job = files(forge, waiting)["tfops-apply-main"]["jobs"]["apply"]
    assert "pull-requests" not in job["permissions"] and len(job["steps"][-1]["env"]) == 1


def test_a_root_that_keeps_its_state_in_s3_by_itself_needs_an_account_too() -> None:
    rules = f"{_TOP}environments: {{live: {{branch: main, root: live}}, dev: {{branch: develop}}}}\n"
    tree = MemoryTree(
        {"tfops.yaml": rules, "live/main.tf": 'terraform {\n  backend "s3" {\n    bucket = "b"\n  }\n}\n'}
    )
    made = pipeline_of(with_own_backends(load_project(tree), tree), client="forge")
    assert {branch.pattern: branch.uses_aws for branch in made.branches} == {"main": True, "develop": False}
