"""tfops.yaml: what it becomes, and every complaint with its place."""

import pytest

from tests.support.memory_tree import PROJECT, MemoryTree, complaints_of, said
from tfops.config.backend import Backend
from tfops.config.constraint import Constraint
from tfops.config.project import EngineChoice, EnvironmentRule, ProjectConfig
from tfops.config.project_file import load_project
from tfops.errors import ProjectError


def load(text: str) -> ProjectConfig:
    return load_project(MemoryTree({"tfops.yaml": text}))


def complaints(text: str) -> list[str]:
    return said(complaints_of(lambda: load(text)))


def test_the_smallest_file_gets_the_defaults() -> None:
    assert load(PROJECT) == ProjectConfig(
        project="shop",
        engine=EngineChoice("auto", Constraint(""), ()),
        backend=Backend("local", {}),
        providers={},
        environments={"dev": EnvironmentRule("develop", protected=False)},  # type: ignore[dict-item]
    )


def test_a_rich_file_is_read_whole() -> None:
    project = load("""\
version: 1
project: shop
engine: {use: tofu, version: ">= 1.6, < 2", env: [DATADOG_*, MY_TOKEN]}
backend:
  s3:
    bucket: shop-tfstate
    key: "{project}/{env}/{stack}.tfstate"
    use_lockfile: true
providers:
  aws: {region: eu-west-1}
  random:
environments:
  dev: {branch: develop}
  prod: {branch: "release/**", protected: true}
""")
    assert project.engine == EngineChoice("tofu", Constraint(">= 1.6, < 2"), ("DATADOG_*", "MY_TOKEN"))
    assert project.backend.kind == "s3"
    assert project.backend.settings["key"] == "{project}/{env}/{stack}.tfstate"
    assert project.providers == {"aws": {"region": "eu-west-1"}, "random": {}}
    assert list(project.environments.values()) == [
        EnvironmentRule("develop"),
        EnvironmentRule("release/**", protected=True),
    ]


def test_a_commit_without_tfops_yaml_says_how_to_make_one() -> None:
    with pytest.raises(ProjectError) as caught:
        load_project(MemoryTree({}))
    assert caught.value.what == "there is no `tfops.yaml` in the commit"
    assert caught.value.hint == "make one with: tfops init   (then commit it)"


HEAD = "version: 1\nproject: shop\n"
ENVS = "environments:\n  dev: {branch: develop}\n"
S3 = "backend: {s3: {key: '{env}', use_lockfile: true}}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["tfops.yaml:1:1: the file is empty"]),
        (
            "[]\n",
            ["tfops.yaml:1:1: the file must be a mapping (`key: value` lines)"],
        ),
        (
            "version: 1\n",
            ["tfops.yaml:1:1: `project` is missing", "tfops.yaml:1:1: `environments` is missing"],
        ),
        ("version: 2\nproject: shop\n" + ENVS, ["tfops.yaml:1:1: `version` must be 1"]),
        ("version: '1'\nproject: shop\n" + ENVS, ["tfops.yaml:1:1: `version` must be 1"]),
        (
            HEAD + ENVS + "enviroments: {}\n",
            ["tfops.yaml:5:1: unknown key `enviroments` (did you mean `environments`?)"],
        ),
        (
            HEAD + "enviroments:\n  dev: {branch: main}\n",
            ["tfops.yaml:3:1: unknown key `enviroments` (did you mean `environments`?)"],
        ),
        ("version: 1\nproject: 12\n" + ENVS, ["tfops.yaml:2:1: `project` must be text (put it in quotes)"]),
        (
            "version: 1\nproject: My Shop\n" + ENVS,
            [
                "tfops.yaml:2:1: the project's name must be lower-case letters, digits and `-` (not at the ends), "
                "at most 63",
            ],
        ),
        (HEAD + "environments: {}\n", ["tfops.yaml:3:1: at least one environment (for instance: dev: {branch: main})"]),
        (
            HEAD + "environments: [dev]\n",
            [
                "tfops.yaml:3:1: `environments` must be a mapping (`key: value` lines)",
                "tfops.yaml:3:1: at least one environment (for instance: dev: {branch: main})",
            ],
        ),
        (HEAD + "environments:\n  dev: {}\n", ["tfops.yaml:4:3: `branch` is missing (for instance: branch: main)"]),
        (
            HEAD + "environments:\n  dev: {branch: main}\n  a: {rehearses: dve}\n  b: {rehearses: a}\n",
            [
                "tfops.yaml:5:7: 'dve' is no environment with a branch (did you mean `dev`?)",
                "tfops.yaml:6:7: 'a' is no environment with a branch (there is: `dev`)",
            ],
        ),
        (
            HEAD + "environments:\n  dev: {branch: main}\n  a: {branch: a, rehearses: dev}\n"
            "  b: {rehearses: dev, protected: true}\n",
            [
                "tfops.yaml:5:18: a place for drills has no branch: take one of the two out",
                "tfops.yaml:6:23: a place for drills can't be protected",
            ],
        ),
        (
            HEAD + "environments:\n  dev: {branch: main, labels: {team: web, tier: 1, a b: x, own: 'a b'}}\n",
            [
                "tfops.yaml:4:43: `tier` must be text (put it in quotes)",
                "tfops.yaml:4:52: 'a b' can't name a label (letters, digits and `_./-`, beginning with a letter, "
                "at most 63)",
                "tfops.yaml:4:60: 'a b' can't be a label's value (letters, digits and `_.-` (not at the ends), "
                "at most 63)",
            ],
        ),
        (HEAD + "environments:\n  dev:\n", ["tfops.yaml:4:3: `dev` must be a mapping (`key: value` lines)"]),
        (
            HEAD + "environments:\n  dev: {brnch: x}\n",
            ["tfops.yaml:4:9: unknown key `brnch` (did you mean `branch`?)"],
        ),
        (
            HEAD + "environments:\n  dev: {branch: x, protected: yes}\n",
            ["tfops.yaml:4:20: `protected` must be true or false"],
        ),
        (
            HEAD + "environments:\n  Dev: {branch: x}\n",
            [
                "tfops.yaml:4:3: 'Dev' can't name an environment "
                "(lower-case letters, digits and `-` (not at the ends), at most 63)",
            ],
        ),
        (
            HEAD + 'environments:\n  dev:\n    branch: "-x"\n',
            [
                "tfops.yaml:5:5: '-x' can't be a branch pattern (letters, digits and `._/+@-`, without `..`, "
                "not beginning with `-`, `.` or `/`; `*` and `**` as wildcards)",
            ],
        ),
        (
            HEAD + "engine: {use: terrafrom}\n" + ENVS,
            ["tfops.yaml:3:10: unknown engine 'terrafrom' (did you mean `terraform`? (or a path))"],
        ),
        (
            HEAD + 'engine: {version: "latest"}\n' + ENVS,
            ["tfops.yaml:3:10: `latest` is not a version constraint (like `>= 1.6, < 2`)"],
        ),
        (HEAD + "engine: {version: 1.6}\n" + ENVS, ["tfops.yaml:3:10: `version` must be text (put it in quotes)"]),
        (
            HEAD + "engine:\n  env:\n    - OK_1\n    - TF_LOG\n    - GIT_DIR\n    - '*'\n    - A-B\n" + ENVS,
            [
                f"tfops.yaml:{line}:7: not a variable that may be passed on "
                "(NAME or PREFIX_*, and nothing that begins with TF_ or GIT_)"
                for line in (6, 7, 8, 9)
            ],
        ),
        (HEAD + "backend: {}\n" + ENVS, ["tfops.yaml:3:1: exactly one backend, not 0"]),
        (
            HEAD + "backend: {local: {}, s3: {key: '{env}', use_lockfile: true}}\n" + ENVS,
            ["tfops.yaml:3:1: exactly one backend, not 2"],
        ),
        (
            HEAD + "backend:\n  local: {path: x}\n" + ENVS,
            [
                "tfops.yaml:4:3: the local backend takes no settings "
                "(leave it empty: tfops keeps local state in .git/tfops/state)",
            ],
        ),
        (HEAD + "backend:\n  a b: {}\n" + ENVS, ["tfops.yaml:4:3: 'a b' is not a backend's name"]),
        (
            HEAD + "backend:\n  gcs: {prefix: state}\n" + ENVS,
            [
                "tfops.yaml:4:3: no value contains `{env}`: all environments would share one state "
                '(for instance: key: "{project}/{env}/{stack}.tfstate")',
            ],
        ),
        (
            HEAD + "backend:\n  gcs:\n    prefix: '{env}/{branch}'\n" + ENVS,
            ["tfops.yaml:5:5: unknown placeholder `{branch}` (known: {project}, {env}, {stack})"],
        ),
        (
            HEAD + "backend:\n  s3: {key: '{env}'}\n" + ENVS,
            [
                "tfops.yaml:4:3: an S3 backend without a lock loses state when two people apply "
                "(add: lock: native   (Terraform 1.11 or newer))",
            ],
        ),
        (
            HEAD + "providers:\n  a b: {}\n" + ENVS,
            ["tfops.yaml:4:3: 'a b' is not a provider's name (NAME, or with an alias NAME.ALIAS: aws.west)"],
        ),
        (
            HEAD + "providers: {aws: x}\n" + ENVS,
            ["tfops.yaml:3:13: `aws` must be a mapping (`key: value` lines)"],
        ),
        (HEAD + "project: shop\n" + ENVS, ["tfops.yaml:3:1: `project` is there twice"]),
    ],
)
def test_each_mistake_has_its_place_and_its_advice(text: str, expected: list[str]) -> None:
    assert complaints(text) == expected


@pytest.mark.parametrize("use", ["/opt/terraform", "./bin/tofu", "embedded", "tofu", "terraform", "auto"])
def test_an_engine_is_a_known_word_or_a_path(use: str) -> None:
    assert load(HEAD + f"engine: {{use: {use}}}\n" + ENVS).engine.use == use


@pytest.mark.parametrize("lock", ["use_lockfile: true", "dynamodb_table: locks"])
def test_an_s3_backend_needs_one_of_its_two_locks(lock: str) -> None:
    assert complaints(HEAD + f"backend: {{s3: {{key: '{{env}}', {lock}}}}}\n" + ENVS) == []


def test_placeholders_are_found_at_any_depth() -> None:
    nested = "backend: {remote: {workspaces: [{name: '{project}-{env}'}]}}\n"
    assert complaints(HEAD + nested + ENVS) == []


def test_all_mistakes_of_the_file_are_said_at_once() -> None:
    text = """\
version: 3
project: Shop
engine: {use: terrafrom, version: new}
backend: {gcs: {}}
environments:
  dev: {branch: "a..b", protectd: true}
  -x: {branch: main}
"""
    assert [line.split(": ")[0] for line in complaints(text)] == [
        "tfops.yaml:1:1",
        "tfops.yaml:6:25",
        "tfops.yaml:2:1",
        "tfops.yaml:3:10",
        "tfops.yaml:3:26",
        "tfops.yaml:4:11",
        "tfops.yaml:6:9",
        "tfops.yaml:7:3",
    ]


@pytest.mark.parametrize("pattern", ["T*", "TF*", "TF_*", "TF_LOG", "G*", "GIT*", "GIT_DIR"])
def test_a_pattern_that_would_let_terraforms_own_variables_through_is_refused(pattern: str) -> None:
    assert complaints(HEAD + f"engine: {{env: ['{pattern}']}}\n" + ENVS) != []


@pytest.mark.parametrize("pattern", ["TAILSCALE_*", "TFX_*", "T", "GITEA_TOKEN", "GI"])
def test_a_pattern_that_only_begins_alike_is_fine(pattern: str) -> None:
    assert complaints(HEAD + f"engine: {{env: ['{pattern}']}}\n" + ENVS) == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("engine: {env: 5}\n", "tfops.yaml:3:10"),
        ("engine: {env: true}\n", "tfops.yaml:3:10"),
        ("backend: {s3: bucket}\n", "tfops.yaml:3:11"),
        ("backend: {s3: [bucket]}\n", "tfops.yaml:3:11"),
    ],
)
def test_a_value_of_the_wrong_type_is_a_complaint_not_a_crash(text: str, place: str) -> None:
    assert complaints(HEAD + text + ENVS)[0].startswith(place)


def test_plans_in_files_are_for_the_holders_of_public_keys() -> None:
    key = f"age1{'q' * 58}"
    assert load(PROJECT + f"plan_files: {{age: [{key}]}}\n").plan_recipients == (key,)
    [private] = complaints(PROJECT + "plan_files: {age: [AGE-SECRET-KEY-1QQ]}\n")
    assert "a private key: anybody can read it here" in private
    [other] = complaints(PROJECT + "plan_files: {age: [ssh-rsa]}\n")
    assert "'ssh-rsa' is no public age key" in other and "age1…" in other
    [misspelt] = complaints(PROJECT + "plan_files: {agee: []}\n")
    assert "did you mean `age`?" in misspelt
