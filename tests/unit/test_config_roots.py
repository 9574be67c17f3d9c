"""Root modules of somebody's own: what tfops.yaml says of them, the backend that they name, and their values."""

from typing import Any

import pytest

from tests.support.memory_tree import MemoryTree, complaints_of, said
from tfops.config.environment import EnvironmentConfig, load_environment, load_rules, read_environment
from tfops.config.inputs import InputCheck
from tfops.config.modules.module import Interface, read_interface
from tfops.config.own_backend import read_own_backend, with_own_backends
from tfops.config.own_roots import RootConfig
from tfops.config.project import ProjectConfig
from tfops.config.root_values import given_names, known_values, values_files
from tfops.config.source import LocalSource, RemoteSource
from tfops.records.names import MAIN_STACK, EnvName, StackName

CODE = 'variable "size" { type = number }\nvariable "name" { default = "x" }\noutput "id" { value = 1 }\n'
DEV = EnvName("dev")
ONE = "    root: live\n    inputs: {size: 1}\n"


def tree(rules: str, **files: str) -> MemoryTree:
    """`rules` is what stands below `dev:` in tfops.yaml."""
    head = "version: 1\nproject: shop\nenvironments:\n  dev:\n    branch: main\n"
    code = {"live/main.tf": CODE, "app/main.tf": CODE}
    return MemoryTree({"tfops.yaml": head + rules, **code, **files})


def check(files: MemoryTree) -> InputCheck:
    def find(_env: EnvName, _stack: StackName, _name: str, source: LocalSource | RemoteSource) -> Interface | None:
        return read_interface({"main.tf": files.read(f"{source.text.removeprefix('./')}/main.tf") or ""})

    return InputCheck(find)


def wrong(rules: str, **files: str) -> list[str]:
    """Of tfops.yaml, else of the environment."""
    found = tree(rules, **files)
    return said(complaints_of(lambda: load_rules(found))) or said(
        complaints_of(lambda: read_environment(found, DEV, check(found)))
    )


def loaded(rules: str, **files: str) -> tuple[ProjectConfig, EnvironmentConfig]:
    found = tree(rules, **files)
    project = with_own_backends(load_rules(found), found)
    return project, load_environment(found, project, DEV)


def test_a_folder_is_the_environment_and_a_list_of_them_its_stacks() -> None:
    _, one = loaded("    root: ./live/\n    inputs: {size: 2}\n")
    assert {name: stack.root.path for name, stack in one.stacks.items() if stack.root} == {MAIN_STACK: "live"}
    assert one.stacks[MAIN_STACK].modules["root"].inputs == {"size": 2}
    listed = "{path: live, name: net, inputs: {size: 1}}", "{path: app, inputs: {size: '${stack.net.id}'}}"
    rules = f"    roots: [{', '.join(listed)}]\n"
    assert wrong(rules) == []
    _, two = loaded(rules)
    assert list(two.stacks) == ["net", "app"]
    assert two.needs == {"net": frozenset(), "app": {"net"}}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("    root: nowhere\n", ["tfops.yaml:6:5: there is no root module in `nowhere`"]),
        ("    root: ../live\n", ["tfops.yaml:6:5: '../live' is not a folder of the repository"]),
        ("    root: /live\n", ["tfops.yaml:6:5: '/live' is not a folder of the repository"]),
        ("    root: .git/x\n", ["tfops.yaml:6:5: '.git/x' is not a folder of the repository"]),
        ("    roots: []\n", ["`roots` is a list of folders"]),
        ("    root: live\n    roots: [app]\n", ["`root` and `roots` both say what the environment is"]),
        ("    roots: [live, a/live]\n", ["two roots are called `live`"]),
        ("    roots: [live]\n    tfvars: [a.tfvars]\n", ["there are several roots: whose is `tfvars`?"]),
        ("    roots: [{path: live, nmae: x}]\n", ["unknown key `nmae`", "name"]),
        ("    inputs: {a: 1}\n", ["`inputs` is only for an environment with `root: PATH`"]),
        ("    workspace: x\n", ["`workspace` is only for an environment with `root: PATH`"]),
        ("    root: live\n    workspace: a b\n", ["'a b' can't name a workspace"]),
        ("    root: live\n    region: x\n", ["`region` is said by the root's own provider block"]),
        ("    root: live\n    tfvars: [live/x.yaml]\n", ["tfops.yaml:7:14: 'live/x.yaml' is not a file of values"]),
        ("    root: live\n    tfvars: [x.tfvars]\n", ["tfops.yaml:7:14: there is no file `x.tfvars` in the commit"]),
        ("    root: live\n    inputs: {siez: 2}\n", ["tfops.yaml:7:14", "`root` has no input `siez`", "`size`"]),
        ("    root: live\n    inputs: {size: many}\n", ["tfops.yaml:7:14: `size` must be a number"]),
        ("    root: live\n", ["tfops.yaml:6:5: `root` needs the input `size`"]),
        ("    root: live\n    inputs: {size: '${module.x.y}'}\n", ["tfops.yaml:7:14: there is no module `x`"]),
        (
            "    roots: [{path: live, inputs: {size: '${stack.app.id}'}}, {path: app, inputs: {size: 1}}]\n",
            ["root `app` comes after `live`: it has nothing to give yet"],
        ),
        (
            "    roots: [{path: live, inputs: {size: 1}}, {path: app, inputs: {size: '${stack.live.ip}'}}]\n",
            ["`ip`"],
        ),
    ],
)
def test_what_is_wrong_is_said_at_its_place(rules: str, expected: list[str]) -> None:
    found = " | ".join(wrong(rules))
    assert found and all(text in found for text in expected), found


def test_a_place_for_drills_lays_its_values_over_those_of_the_root() -> None:
    place = "  perf: {rehearses: dev, workspace: perf, tfvars: [b.tfvars], inputs: {name: small}}\n"
    rules = "    root: live\n    tfvars: [a.tfvars]\n    inputs: {size: 1, name: large}\n" + place
    files = tree(rules, **{"a.tfvars": "", "b.tfvars": ""})
    project = load_rules(files)
    found = read_environment(files, EnvName("perf"), check(files), base=DEV).stacks[MAIN_STACK]
    assert found.root is not None and found.root.tfvars == ("a.tfvars", "b.tfvars")
    assert found.modules["root"].inputs == {"size": 1, "name": "small"}
    assert (project.workspace_of(EnvName("perf")), project.workspace_of(DEV)) == ("perf", "")

    def wrong_in(rules: str, **more: str) -> list[str]:
        files = tree(rules, **more)
        own = said(complaints_of(lambda: load_rules(files)))
        return own or said(complaints_of(lambda: read_environment(files, EnvName("perf"), check(files), base=DEV)))

    [missing] = wrong_in(rules, **{"a.tfvars": ""})
    assert missing.startswith("tfops.yaml:9:") and "there is no file `b.tfvars`" in missing
    [unknown] = wrong_in(rules.replace("name: small", "nmae: small"), **{"a.tfvars": "", "b.tfvars": ""})
    assert unknown.startswith("tfops.yaml:9:") and "`root` has no input `nmae`" in unknown
    listed = "    roots: [live]\n" + place
    assert any("`inputs` is only for" in one for one in wrong_in(listed))


@pytest.mark.parametrize(
    "rules",
    [
        "root: 5", "root: [a]", "root: ''", "root: {}", "roots: live", "roots: {a: b}", "roots: [{}]", "roots: [5]",
        "roots: [{path: 5}]", "roots: [{path: live, name: 5}]", "root: live\n    tfvars: x", "root: \"a\\0b\"",
        "root: live\n    tfvars: [5]", "root: live\n    inputs: [1]", "root: live\n    inputs: 5",
        "root: live\n    backend_config: x", "root: live\n    workspace: [x]", "root: live\n    roots: 5",
        "rehearses: nobody\n    inputs: 5", "root: live\n    inputs: {5: 6}", "root: live\n    inputs: {'a b': 6}",
        "root: live\n    inputs: {size: {from: 'nowhere'}}", "root: live\n    inputs: {size: '${stack.x.y}'}",
    ],
)  # fmt: skip
def test_whatever_stands_there_is_a_mistake_with_a_place(rules: str) -> None:
    found = wrong(f"    {rules}\n")
    assert found and all(one.startswith("tfops.yaml:") for one in found), found


def test_two_descriptions_of_one_environment_are_a_mistake() -> None:
    [found] = wrong(ONE, **{"environments/dev.yaml": "modules: {}\n"})
    assert "`root` here and `environments/dev.yaml` both describe dev" in found


@pytest.mark.parametrize(
    ("texts", "kind", "settings", "problem"),
    [
        ({"a.tf": ""}, "local", {}, ""),
        ({"a.tf": 'terraform {\n  backend "s3" {\n    bucket = "b"\n  }\n}\n'}, "s3", {"bucket": "b"}, ""),
        ({"a.tf.json": '{"terraform": {"backend": {"gcs": {"bucket": "b"}}}}'}, "gcs", {"bucket": "b"}, ""),
        ({"a.tf": 'terraform {\n  backend "s3" {\n    assume_role { role_arn = "r" }\n  }\n}\n'}, "s3",
         {"assume_role": [{"role_arn": "r"}]}, ""),
        ({"a.tf": 'terraform {\n  backend "s3" {}\n}\n', "a_override.tf": 'terraform {\n  backend "http" {}\n}\n'},
         "http", {}, ""),
        ({"a.tf": 'terraform {\n  backend "s3" {}\n}\n', "override.tf": "locals {}\n"}, "s3", {}, ""),
        ({"a.tf": 'terraform {\n  cloud {\n    organization = "o"\n  }\n}\n'}, "cloud", {}, "HCP Terraform"),
        ({"a.tf.json": '{"terraform": {"cloud": {"organization": "o"}}}'}, "cloud", {}, "HCP Terraform"),
        ({"a.tf": 'terraform {\n  backend "s3" {\n    bucket = var.b\n  }\n}\n'}, "s3", {}, "can't be told from here"),
        ({"a.tf": 'terraform {\n  backend "s3" {'}, "unknown", {}, "can't be read"),
        ({"a.tf": '# backend "s3" {}\nlocals { cloud = 1 }\n'}, "local", {}, ""),
    ],
)  # fmt: skip
def test_the_roots_own_backend_is_read(texts: dict[str, str], kind: str, settings: Any, problem: str) -> None:
    found = read_own_backend(texts)
    assert (found.kind, found.settings) == (kind, settings)
    assert (problem in found.problem) if problem else not found.problem


S3 = 'terraform {\n  backend "s3" {\n    region = "eu-west-1"\n  }\n}\n'


def test_a_partial_backend_is_completed_as_by_backend_config() -> None:
    more = ONE + '    backend_config: {bucket: b, key: "{project}/{env}/{stack}", region: x}\n'
    rules, _ = loaded(more, **{"live/backend.tf": S3})
    own = rules.backend_of(DEV)
    assert (own.kind, own.is_own) == ("s3", True)
    assert own.settings == {"region": "x", "bucket": "b", "key": "shop/dev/main"}
    assert "there is no backend in it" in rules_problem(more)


def rules_problem(rules: str) -> str:
    found, _ = loaded(rules)
    return found.backend_of(DEV).problem


def test_what_tfops_yaml_names_counts_instead_but_a_cloud_block_is_refused_by_name() -> None:
    named = ONE + 'backend: {gcs: {bucket: b, prefix: "{env}"}}\n'
    rules, _ = loaded(named, **{"live/backend.tf": S3})
    assert rules.backend_of(DEV).kind == "gcs"
    cloud = {"live/cloud.tf": "terraform {\n  cloud {}\n}\n"}
    for text in (named, ONE):
        [found] = wrong(text, **cloud)
        assert found.startswith("tfops.yaml:6:5: `live` has a `cloud` block: HCP Terraform keeps state and locks")
    [found] = wrong(
        ONE,
        **{"live/b.tf": 'terraform {\n  backend "s3" {\n    key = local.k\n  }\n}\n'},
    )
    assert "name the backend in tfops.yaml: it then counts instead" in found


def test_files_of_values_count_as_terraform_counts_them() -> None:
    files = tree(
        "",
        **{
            "live/terraform.tfvars.json": '{"size": 2}',
            "live/terraform.tfvars": "size = 1\n",
            "live/b.auto.tfvars": 'name = "b"\n',
            "live/a.auto.tfvars.json": '{"name": "a"}',
            "live/not.tfvars": "size = 9\n",
            "common.tfvars": "size = 3\nmade = timestamp()\n",
        },
    )
    root = RootConfig("live", ("common.tfvars",))
    assert values_files(files, root) == [
        "live/terraform.tfvars",
        "live/terraform.tfvars.json",
        "live/a.auto.tfvars.json",
        "live/b.auto.tfvars",
        "common.tfvars",
    ]
    assert given_names(files, root) == {"size", "name", "made"}
    assert known_values(files, root, {}) is None, "only an engine could say one"
    assert known_values(files, root, {"made": "now"}) == {"size": 3, "name": "b", "made": "now"}


def test_a_value_in_a_file_that_no_variable_takes_is_said_at_its_place() -> None:
    plain = "    root: live\n"
    assert wrong(plain, **{"live/terraform.tfvars": "# three\n\nsize = 1\n"}) == []
    [found] = wrong(plain, **{"live/terraform.tfvars": '# three\n\nsize = ["a"]\n'})
    assert found.startswith("live/terraform.tfvars:3:")


def test_a_file_that_would_win_over_a_secret_is_a_mistake() -> None:
    rules = "    root: live\n    inputs: {size: {from: 'env:SIZE'}}\n"
    [found] = wrong(rules, **{"live/terraform.tfvars": "size = 1\n"})
    assert "`live/terraform.tfvars` sets `size` too, and would win over what stands here" in found
