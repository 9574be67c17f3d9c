"""The rendered root: golden files, escaping, no secret anywhere, the same bytes every time."""

import dataclasses
import json
from typing import Any

import pytest

from tests.support.golden import assert_golden
from tests.support.memory_tree import PROJECT, MemoryTree, project_tree, rules_and_environment
from tfops.config.backend import Backend
from tfops.config.project_file import load_project
from tfops.config.values import StackOutput
from tfops.records.names import MAIN_STACK, StackName
from tfops.records.rendered import BACKEND_FILE, LOCK_FILE, MAIN_FILE, VALUES_FILE, RenderedRoot
from tfops.render.backend import describe_backend
from tfops.render.escape import escape_literal, escape_text, expression_text
from tfops.render.root import RootSpec, render_root, secret_uses, stack_variables

RICH_PROJECT = """\
version: 1
project: shop
engine: {version: ">= 1.6, < 2"}
backend:
  s3:
    bucket: "{project}-tfstate"
    key: "{project}/{env}/{stack}.tfstate"
    region: eu-west-1
    use_lockfile: true
    assume_role: {session_name: "tfops-{env}", tags: ["{stack}", "100%{ ${"]}
providers:
  aws:
    region: eu-west-1
    default_tags: {tags: {cost: "${team}", ratio: "%{if true}"}}
  random:
environments:
  dev: {branch: develop}
"""

RICH = """\
modules:
  network:
    source: network
    inputs:
      cidr: 10.10.0.0/16
      zones: [a, b]
      policy: "arn:aws:iam::${aws:username}"
      template: "%{ for x in y }${x}%{ endfor }"
      nothing: null
      on: true
      price: 1.5
      unicode: "grün"
  app-server:
    source: service
    inputs:
      image: shop:1.4.2
      vpc_id: ${module.network.vpc_id}
      subnets: ["${module.network.subnets[0].id}", literal, "${aws:username}", {deep: "${module.network.x}"}]
      config:
        user: bob
        "${odd} key": "%{still} text"
        password: {from: env:DB_PASSWORD}
        tokens: [{from: env:TOKEN}, plain]
  vpc:
    source: terraform-aws-modules/vpc/aws
    version: ~> 5.0
  archive:
    source: git::https://example.com/archive.git?ref=v1
    inputs: {key: {from: env:TOKEN}}
"""

LOCK = 'provider "registry.terraform.io/hashicorp/random" {\n  version = "3.6.0"\n}\n'


def render(tree: MemoryTree, lock: str | None = None, stack: str = "main") -> RenderedRoot:
    rules, environment = rules_and_environment(tree)
    [only] = environment.stacks.values()
    renamed = dataclasses.replace(environment, stacks={StackName(stack): only})
    return render_root(RootSpec(rules, renamed, StackName(stack), lock))


def rendered(text: str, tfops: str = RICH_PROJECT) -> dict[str, Any]:
    """The rendered files as data."""
    files = render(project_tree(tfops=tfops, dev=text)).files
    return {name: json.loads(content) for name, content in files.items()}


def test_a_rich_environment_renders_to_these_bytes() -> None:
    root = render(project_tree(tfops=RICH_PROJECT, dev=RICH), lock=LOCK)
    assert set(root.files) == {MAIN_FILE, BACKEND_FILE, VALUES_FILE, LOCK_FILE}
    for name in (MAIN_FILE, BACKEND_FILE, VALUES_FILE):
        assert_golden(f"rich/{name}", root.files[name])
    assert root.files[LOCK_FILE] == LOCK


def test_the_smallest_environment_renders_to_these_bytes() -> None:
    root = render(project_tree(dev="modules:\n  network: {source: network}\n"))
    assert_golden("small.txt", "".join(f"== {name}\n{text}" for name, text in root.files.items()))


def test_the_same_commit_gives_the_same_bytes_however_the_files_are_ordered() -> None:
    first = render(project_tree(tfops=RICH_PROJECT, dev=RICH))
    turned = RICH.replace(
        "      cidr: 10.10.0.0/16\n      zones: [a, b]\n", "      zones: [a, b]\n      cidr: 10.10.0.0/16\n"
    )
    assert turned != RICH
    second = render(project_tree(tfops=RICH_PROJECT, dev=turned))
    assert first == second
    assert len(first.digest) == 64


@pytest.mark.parametrize(
    ("lock", "stack", "change"),
    [(LOCK, "main", ""), (None, "other", ""), (None, "main", "10.20.0.0/16")],
    ids=["provider lock", "stack", "input"],
)
def test_the_digest_changes_with_everything_that_is_rendered(lock: str | None, stack: str, change: str) -> None:
    text = RICH.replace("10.10.0.0/16", change) if change else RICH
    plain = render(project_tree(tfops=RICH_PROJECT, dev=RICH))
    other = render(project_tree(tfops=RICH_PROJECT, dev=text), lock=lock, stack=stack)
    assert other.digest != plain.digest


def test_literals_travel_as_values_and_are_not_escaped() -> None:
    files = rendered("modules:\n  network: {source: network, inputs: {x: '${foo} %{bar}', y: [1, {z: null}]}}\n")
    assert files[VALUES_FILE] == {"inputs_network": {"x": "${foo} %{bar}", "y": [1, {"z": None}]}}
    block = files[MAIN_FILE]["module"]["network"]
    assert block["x"] == '${var.inputs_network["x"]}'
    assert files[MAIN_FILE]["variable"] == {"inputs_network": {"type": "any"}}


def test_text_beside_a_reference_is_escaped() -> None:
    files = rendered(
        "modules:\n"
        "  network: {source: network}\n"
        "  app: {source: service, inputs: {x: ['${module.network.id}', '${foo}', {'%{k}': 'a ${module.b.c}'}]}}\n"
    )
    block = files[MAIN_FILE]["module"]["app"]
    assert block["x"] == ["${module.network.id}", "$${foo}", {"%%{k}": "a $${module.b.c}"}]


@pytest.mark.parametrize("name", ["source", "version", "providers", "count", "for_each", "lifecycle", "depends_on"])
def test_a_module_may_have_a_name_that_terraform_keeps_from_variables(name: str) -> None:
    files = rendered(f"modules:\n  {name}: {{source: network, inputs: {{x: 1}}}}\n")
    assert list(files[MAIN_FILE]["variable"]) == [f"inputs_{name}"]
    assert files[MAIN_FILE]["module"][name]["x"] == f'${{var.inputs_{name}["x"]}}'


def test_an_output_per_module_is_sensitive() -> None:
    files = rendered("modules:\n  network: {source: network}\n")
    assert files[MAIN_FILE]["output"] == {"network": {"value": "${module.network}", "sensitive": True}}


def test_modules_lie_in_the_exported_tree_and_remote_ones_keep_their_address() -> None:
    modules = rendered(RICH)[MAIN_FILE]["module"]
    assert modules["network"]["source"] == "./modules/network"
    assert modules["vpc"] == {"source": "terraform-aws-modules/vpc/aws", "version": "~> 5.0"}
    assert modules["archive"]["source"] == "git::https://example.com/archive.git?ref=v1"
    assert "version" not in modules["archive"]


def test_a_secret_is_a_sensitive_variable_and_nothing_more() -> None:
    rules, environment = rules_and_environment(project_tree(tfops=RICH_PROJECT, dev=RICH))
    root = render_root(RootSpec(rules, environment, StackName("main")))
    variables = secret_uses(environment.stacks[StackName("main")])
    assert sorted(use.secret.name for use in variables.values()) == ["DB_PASSWORD", "TOKEN", "TOKEN"]
    declared = json.loads(root.files[MAIN_FILE])["variable"]
    for name in variables:
        assert declared[name] == {"type": "string", "sensitive": True}
        assert f'"${{var.{name}}}"' in root.files[MAIN_FILE]
        assert name not in root.files[VALUES_FILE]
    for text in root.files.values():
        assert "DB_PASSWORD" not in text
        assert "TOKEN" not in text


def test_a_secret_for_an_ephemeral_input_is_ephemeral_and_the_others_are_not() -> None:
    rules, environment = rules_and_environment(project_tree(tfops=RICH_PROJECT, dev=RICH))
    name, *others = secret_uses(environment.stacks[StackName("main")])
    root = render_root(RootSpec(rules, environment, StackName("main"), ephemeral=frozenset({name})))
    declared = json.loads(root.files[MAIN_FILE])["variable"]
    assert declared[name] == {"type": "string", "sensitive": True, "ephemeral": True}
    assert all("ephemeral" not in declared[other] for other in others)


def test_a_secret_for_a_list_or_a_map_is_decoded_where_it_is_used() -> None:
    rules, environment = rules_and_environment(project_tree(tfops=RICH_PROJECT, dev=RICH))
    name, *others = secret_uses(environment.stacks[StackName("main")])
    root = render_root(RootSpec(rules, environment, StackName("main"), "c0ffee", decoded=frozenset({name})))
    assert f'"${{jsondecode(var.{name})}}"' in root.files[MAIN_FILE]
    assert all(f'"${{var.{other}}}"' in root.files[MAIN_FILE] for other in others)
    assert json.loads(root.files[MAIN_FILE])["variable"][name] == {"type": "string", "sensitive": True}


def test_secrets_in_places_of_similar_names_get_variables_of_their_own() -> None:
    _, environment = rules_and_environment(
        project_tree(
            dev="""\
            modules:
              app:
                source: service
                inputs:
                  a: {b-c: {from: env:ONE}, b_c: {from: env:TWO}, "b c": {from: env:THREE}, é: {from: env:FOUR}}
                  a_b_c: {from: env:FIVE}
            """
        )
    )
    variables = secret_uses(environment.stacks[StackName("main")])
    assert len(variables) == 5
    assert all(name.isascii() and name.isidentifier() for name in variables)


def test_the_local_backend_keeps_state_beside_the_roots() -> None:
    files = rendered(
        "modules:\n  network: {source: network}\n",
        tfops="""\
        version: 1
        project: shop
        environments: {dev: {branch: main}}
        """,
    )
    assert files[BACKEND_FILE] == {"terraform": {"backend": {"local": {"path": "../../../state/dev/main.tfstate"}}}}


def test_placeholders_of_a_backend_are_filled_at_any_depth() -> None:
    files = render(project_tree(tfops=RICH_PROJECT, dev=RICH), stack="net").files
    settings = json.loads(files[BACKEND_FILE])["terraform"]["backend"]["s3"]
    assert settings["bucket"] == "shop-tfstate"
    assert settings["key"] == "shop/dev/net.tfstate"
    assert settings["assume_role"] == {"session_name": "tfops-dev", "tags": ["net", "100%%{ $${"]}
    assert settings["use_lockfile"] is True


def test_what_is_empty_is_left_out() -> None:
    main = rendered(
        "modules:\n  network: {source: network}\n",
        tfops="""\
        version: 1
        project: shop
        environments: {dev: {branch: main}}
        """,
    )[MAIN_FILE]
    assert set(main) == {"module", "output"}


@pytest.mark.parametrize(
    ("literal", "escaped"),
    [
        ("plain", "plain"),
        ("${a}", "$${a}"),
        ("%{a}", "%%{a}"),
        ("$${a}", "$$${a}"),
        ("$a {b} 100%", "$a {b} 100%"),
        ("${${", "$${$${"),
        ({"${k}": ["%{v}", 1, None, True]}, {"$${k}": ["%%{v}", 1, None, True]}),
        (1.5, 1.5),
    ],
)
def test_templates_are_escaped_in_keys_and_values(literal: Any, escaped: Any) -> None:
    assert escape_literal(literal) == escaped


def test_text_without_templates_stays() -> None:
    assert escape_text("a $ b % { c }") == "a $ b % { c }"


@pytest.mark.parametrize(
    ("backend", "words"),
    [
        (Backend(), "local"),
        (Backend("s3", {"bucket": "shop-tfstate", "key": "k", "secret_key": "hunter2"}), "s3 shop-tfstate"),
        (Backend("azurerm", {"container": "state", "access_key": "hunter2"}), "azurerm state"),
        (Backend("pg", {"conn_str": "postgres://bob:hunter2@db/x"}), "pg"),
    ],
)
def test_a_backend_is_described_without_anything_secret(backend: Backend, words: str) -> None:
    assert describe_backend(backend) == words


def test_the_aws_provider_is_not_started_for_its_account_where_nothing_uses_it() -> None:
    rules = (
        'version: 1\nproject: shop\nenvironments:\n  dev: {branch: main, account: "123456789012", region: eu-west-1}\n'
    )
    tree = project_tree(tfops=rules, dev="modules: {a: {source: network}}\n")
    spec = RootSpec(*rules_and_environment(tree), MAIN_STACK)
    assert "aws" in json.loads(render_root(spec).files[MAIN_FILE])["provider"]
    assert "provider" not in json.loads(render_root(dataclasses.replace(spec, uses_aws=False)).files[MAIN_FILE])
    named = project_tree(tfops=rules + "providers: {aws: {max_retries: 3}}\n", dev="modules: {a: {source: network}}\n")
    named_spec = dataclasses.replace(spec, project=load_project(named), uses_aws=False)
    assert "aws" in json.loads(render_root(named_spec).files[MAIN_FILE])["provider"], "tfops.yaml asks for it"


def test_an_environments_place_in_aws_reaches_the_provider_and_nobody_elses() -> None:
    rules = """\
version: 1
project: shop
providers:
  aws: {region: us-east-1, max_retries: 3}
environments:
  dev: {branch: main, account: "123456789012", region: eu-west-1, assume_role: "arn:aws:iam::123456789012:role/tf"}
  prod: {branch: release}
"""
    tree = project_tree(tfops=rules, dev="modules: {a: {source: network}}\n")
    main = json.loads(render(tree).files[MAIN_FILE])
    assert main["provider"]["aws"] == [
        {
            "region": "eu-west-1",
            "max_retries": 3,
            "allowed_account_ids": ["123456789012"],
            "assume_role": [{"role_arn": "arn:aws:iam::123456789012:role/tf"}],
        }
    ]
    assert load_project(tree).providers == {"aws": {"region": "us-east-1", "max_retries": 3}}


def test_another_stacks_output_is_a_variable_that_is_sensitive_unless_known_not_to_be() -> None:
    files = {f"modules/{name}/main.tf": "" for name in ("network", "service")} | {"tfops.yaml": PROJECT}
    files["environments/dev/net.yaml"] = "modules:\n  vpc: {source: network}\n"
    files["environments/dev/app.yaml"] = (
        "modules:\n  app:\n    source: service\n    inputs:\n      id: ${stack.net.vpc.id}\n"
        "      first: ['${stack.net.subnets[0].x}', '${stack.net.subnets}']\n"
    )
    rules, environment = rules_and_environment(MemoryTree(files))
    variables = stack_variables(environment, StackName("app"))
    names = {output.name: name for name, output in variables.items()}
    assert set(variables.values()) == {StackOutput("net", "vpc", "id"), StackOutput("net", "", "subnets")}
    public = frozenset({StackOutput("net", "vpc", "id")})
    root = render_root(RootSpec(rules, environment, StackName("app"), public=public))
    main = json.loads(root.files[MAIN_FILE])
    assert main["variable"] == {
        names["id"]: {"type": "any", "sensitive": False},
        names["subnets"]: {"type": "any", "sensitive": True},
    }
    assert names["id"].startswith("stack_net_vpc_id_")
    assert main["module"]["app"]["id"] == f"${{var.{names['id']}}}"
    assert main["module"]["app"]["first"] == [f"${{var.{names['subnets']}[0].x}}", f"${{var.{names['subnets']}}}"]
    assert stack_variables(environment, StackName("net")) == {}


@pytest.mark.parametrize(
    ("value", "expression"),
    [
        ("a ${b} %{c}", '"a $${b} %%{c}"'),
        ({"${k}": [1, None, True, 1.5]}, '{"$${k}": [1, null, true, 1.5]}'),
        ("\b\f\\b\\\b\n", r'"\u0008\u000c\\b\\\u0008\n"'),
        ("é😀", '"é😀"'),
    ],
)
def test_a_value_is_written_as_an_expression_that_means_itself(value: Any, expression: str) -> None:
    assert expression_text(value) == expression


@pytest.mark.parametrize(
    ("backend", "rendered_as"),
    [
        ({"gcs": {"bucket": "tf", "prefix": "{project}/{env}/{stack}"}}, {"bucket": "tf", "prefix": "shop/dev/main"}),
        (
            {"azurerm": {"storage_account_name": "tf", "container_name": "tf", "key": "{env}/{stack}.tfstate"}},
            {"storage_account_name": "tf", "container_name": "tf", "key": "dev/main.tfstate"},
        ),
        (
            {"kubernetes": {"secret_suffix": "{project}-{env}-{stack}", "namespace": "tf"}},
            {"secret_suffix": "shop-dev-main", "namespace": "tf"},
        ),
        ({"consul": {"path": "tf/{project}/{env}/{stack}"}}, {"path": "tf/shop/dev/main"}),
        (
            {"remote": {"organization": "acme", "workspaces": {"name": "{project}-{env}-{stack}"}}},
            {"organization": "acme", "workspaces": {"name": "shop-dev-main"}},
        ),
    ],
    ids=lambda value: next(iter(value)),
)
def test_every_backend_of_terraform_gets_its_settings_filled(
    backend: dict[str, Any], rendered_as: dict[str, Any]
) -> None:
    rules = {"version": 1, "project": "shop", "backend": backend, "environments": {"dev": {"branch": "main"}}}
    tree = project_tree(tfops=json.dumps(rules), dev="modules: {a: {source: network}}\n")
    [kind] = backend
    assert json.loads(render(tree).files[BACKEND_FILE])["terraform"]["backend"] == {kind: rendered_as}


def test_a_constant_of_a_module_stands_in_its_call() -> None:
    rules, environment = rules_and_environment(
        project_tree(dev="modules:\n  app: {source: service, inputs: {kind: 'a ${x}', size: 1}}\n")
    )
    const = {"app": frozenset({"kind"})}
    root = render_root(RootSpec(rules, environment, StackName("main"), "c0ffee", const=const))
    assert json.loads(root.files[MAIN_FILE])["module"]["app"]["kind"] == "a $${x}"
    assert json.loads(root.files[VALUES_FILE]) == {"inputs_app": {"size": 1}}
