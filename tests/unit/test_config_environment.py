"""environments/<env>.yaml: inheritance, modules, inputs, and all mistakes at once."""

import pytest

from tests.support.memory_tree import (
    PROJECT,
    MemoryTree,
    complaints_of,
    environment,
    project_tree,
    rules_and_environment,
    said,
)
from tfops.config.environment import (
    EnvironmentConfig,
    ModuleConfig,
    load_environment,
    load_rules,
    lock_file_path,
    read_environment,
    read_provider_lock,
)
from tfops.config.environment_labels import labels_in_files
from tfops.config.project_file import load_project
from tfops.config.source import LocalSource, RemoteSource
from tfops.config.values import Reference, Secret, forms_in
from tfops.errors import ConfigError, ProjectError, Refused
from tfops.records.names import MAIN_STACK, EnvName


def complaints(tree: MemoryTree, name: str = "dev") -> list[str]:
    return said(complaints_of(lambda: environment(tree, name)))


def dev(text: str, **more: str) -> list[str]:
    return complaints(project_tree(dev=text, **more))


def test_an_environment_is_its_modules_with_literals_references_and_secrets() -> None:
    tree = project_tree(
        dev="""\
        modules:
          network:
            source: network
            inputs: {cidr: 10.0.0.0/16, zones: [a, b]}
          app:
            source: terraform-aws-modules/vpc/aws
            version: ~> 5.0
            inputs:
              subnet: ${module.network.subnets[0]}
              db: {user: bob, password: {from: env:DB_PASSWORD}}
        """
    )
    found = environment(tree)
    assert found.name == "dev"
    assert found.stacks[MAIN_STACK].modules == {
        "network": ModuleConfig(LocalSource("network"), {"cidr": "10.0.0.0/16", "zones": ["a", "b"]}),
        "app": ModuleConfig(
            RemoteSource("terraform-aws-modules/vpc/aws", "~> 5.0"),
            {
                "subnet": Reference("network", "subnets[0]"),
                "db": {"user": "bob", "password": Secret("env", "DB_PASSWORD")},
            },
        ),
    }


def test_forms_are_found_at_any_depth() -> None:
    value = {"a": [1, Reference("m", "x"), {"b": Secret("env", "X")}], "c": "${module.m.x}"}
    assert list(forms_in(value)) == [
        (("a", 1), Reference("m", "x")),
        (("a", 2, "b"), Secret("env", "X")),
    ]


def test_the_provider_lock_lies_beside_the_file() -> None:
    assert lock_file_path(project_tree(), EnvName("dev")) == "environments/dev.lock.hcl"


NETWORK = "modules:\n  network: {source: network, inputs: {cidr: 10.0.0.0/16}}\n"


def digest(text: str, **more: str) -> str:
    return environment(project_tree(dev=text, **more)).digest


def test_the_digest_is_of_what_is_meant_not_of_how_it_is_written() -> None:
    plain = digest(NETWORK)
    assert plain == digest("# hello\nmodules:\n  network:\n    inputs: {cidr: '10.0.0.0/16'}\n    source: network\n")
    assert plain == digest("extends: base.yaml\n", base=NETWORK)
    assert plain != digest(NETWORK.replace("/16", "/24"))
    assert len(plain) == 64


def test_a_file_is_laid_over_what_it_extends() -> None:
    tree = project_tree(
        base="""\
        modules:
          network:
            source: network
            inputs: {cidr: 10.0.0.0/16, zones: [a, b], tags: {team: one, cost: x}}
        """,
        eu="""\
        extends: base.yaml
        modules:
          network:
            inputs: {zones: [c], tags: {team: two}}
        """,
        dev="""\
        extends: eu.yaml
        modules:
          network:
            inputs: {tags: {stage: dev}, cidr: null}
          app: {source: service}
        """,
    )
    modules = environment(tree).stacks[MAIN_STACK].modules
    assert modules["network"].inputs == {
        "cidr": None,
        "zones": ["c"],
        "tags": {"team": "two", "cost": "x", "stage": "dev"},
    }
    assert modules["app"] == ModuleConfig(LocalSource("service"), {})


@pytest.mark.parametrize(
    ("below", "above", "merged"),
    [
        ("{a: 1}", "{b: 2}", {"a": 1, "b": 2}),
        ("{a: 1}", "text", "text"),
        ("text", "{a: 1}", {"a": 1}),
        ("[1, 2, 3]", "[4]", [4]),
        ("[1]", "[]", []),
        ("{a: 1}", "null", None),
        ("{a: {b: 1}}", "{a: null}", {"a": None}),
        ("{a: {b: 1}}", "{}", {"a": {"b": 1}}),
    ],
)
def test_mappings_merge_and_everything_else_is_replaced(below: str, above: str, merged: object) -> None:
    tree = project_tree(
        base=f"modules:\n  network: {{source: network, inputs: {{x: {below}}}}}\n",
        dev=f"extends: base.yaml\nmodules:\n  network: {{inputs: {{x: {above}}}}}\n",
    )
    assert environment(tree).stacks[MAIN_STACK].modules["network"].inputs == {"x": merged}


def test_a_complaint_points_to_the_file_that_the_value_came_from() -> None:
    base = """\
        modules:
          network:
            source: netwrok
            inputs:
              one: ${module.x}
              two: ${module.x}
              list: ["${module.x}", 2]
        """
    found = dev(
        """\
        extends: base.yaml
        modules:
          network:
            source: network
            inputs:
              two: ${module.y}
              list: [1, "${module.z}"]
        """,
        base=base,
    )
    wrong = "not a reference: write `${module.NAME.OUTPUT}`"
    assert found == [
        f"environments/base.yaml:5:7: {wrong}",
        f"environments/dev.yaml:6:7: {wrong}",
        f"environments/dev.yaml:7:17: {wrong}",
    ]


def test_the_complaints_line_comes_from_the_same_file() -> None:
    tree = project_tree(dev="extends: base.yaml\n", base="modules:\n  network: {source: netwrok}\n")
    [complaint] = complaints_of(lambda: environment(tree))
    assert complaint.source_line == "  network: {source: netwrok}"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {"dev": "extends: dev.yaml\n"},
            "environments/dev.yaml:1:1: the files extend each other: environments/dev.yaml -> environments/dev.yaml",
        ),
        (
            {"dev": "extends: a.yaml\n", "a": "# a\nextends: b.yaml\n", "b": "extends: a.yaml\n"},
            "environments/b.yaml:1:1: the files extend each other: environments/dev.yaml -> environments/a.yaml"
            " -> environments/b.yaml -> environments/a.yaml",
        ),
        (
            {"dev": "extends: bsae.yaml\n", "base": NETWORK},
            "environments/dev.yaml:1:1: `environments/bsae.yaml` does not exist "
            "(did you mean `base.yaml` or `dev.yaml`?)",
        ),
        ({"dev": "extends: ../x.yaml\n"}, "environments/dev.yaml:1:1: `extends` names a file in `environments/`"),
        ({"dev": "extends: /etc/passwd\n"}, "environments/dev.yaml:1:1: `extends` names a file in `environments/`"),
        ({"dev": "extends: [a.yaml]\n"}, "environments/dev.yaml:1:1: `extends` names a file in `environments/`"),
        ({"dev": "modules: {}\nextends: 5\n"}, "environments/dev.yaml:2:1: `extends` names a file in `environments/`"),
        ({"dev": "extends: base.yaml\n", "base": ""}, "environments/base.yaml:1:1: the file is empty"),
        (
            {"dev": "extends: base.yaml\n", "base": "a: b: c\n"},
            "environments/base.yaml:1:5: not valid YAML: a `:` that can't be here "
            "(wrong indentation? or quote the whole text)",
        ),
    ],
)
def test_a_broken_inheritance_is_said_where_it_is_written(files: dict[str, str], expected: str) -> None:
    assert complaints(project_tree(**files)) == [expected]


def test_ten_files_may_extend_each_other_and_no_more() -> None:
    chain = {f"f{n}": f"extends: f{n + 1}.yaml\n" for n in range(1, 9)}
    assert complaints(project_tree(dev="extends: f1.yaml\n", **chain, f9=NETWORK)) == []
    chain["f9"] = "extends: f10.yaml\n"
    assert complaints(project_tree(dev="extends: f1.yaml\n", **chain, f10=NETWORK)) == [
        "environments/f9.yaml:1:1: more than 10 files extend each other"
    ]


def test_mistakes_of_both_files_are_said_together() -> None:
    found = dev("extends: base.yaml\na: 1\na: 2\n", base=NETWORK + "x: .inf\n")
    assert found == [
        "environments/base.yaml:3:4: `.inf` is not a number that Terraform knows",
        "environments/dev.yaml:3:1: `a` is there twice",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["environments/dev.yaml:1:1: the file is empty"]),
        ("modules: {}\n", ["environments/dev.yaml:1:1: at least one module"]),
        ("module: {}\n", ["environments/dev.yaml:1:1: unknown key `module` (did you mean `modules`?)"]),
        (
            "modules:\n  network:\n",
            ["environments/dev.yaml:2:3: `network` must be a mapping (`key: value` lines)"],
        ),
        ("modules:\n  network: {}\n", ["environments/dev.yaml:2:3: `source` is missing"]),
        (
            "modules:\n  network: {source: network, input: {}}\n",
            ["environments/dev.yaml:2:30: unknown key `input` (did you mean `inputs`?)"],
        ),
        (
            "modules:\n  network: {source: 5, inputs: []}\n",
            [
                "environments/dev.yaml:2:13: `source` must be text (put it in quotes)",
                "environments/dev.yaml:2:24: `inputs` must be a mapping (`key: value` lines)",
            ],
        ),
        (
            "modules:\n  network:\n    source: netwrok\n",
            ["environments/dev.yaml:3:5: there is no module 'netwrok' in `modules/` (did you mean `network`?)"],
        ),
        (
            "modules:\n  network: {source: ../network}\n",
            [
                "environments/dev.yaml:2:13: '../network' points outside of `modules/` "
                "(write the module's name, a folder below modules/)",
            ],
        ),
        (
            "modules:\n  network: {source: network, version: '1'}\n",
            [
                "environments/dev.yaml:2:13: a module of this repository takes no `version` "
                "(its version is the commit)",
            ],
        ),
        (
            "modules:\n  my net: {source: network}\n",
            [
                "environments/dev.yaml:2:3: 'my net' can't name a module "
                "(letters, digits, `_` and `-`, beginning with a letter or `_`)",
            ],
        ),
        (
            "modules:\n  network:\n    source: network\n    inputs: {count: 1, for_each: 2, a b: 3, ok: 4}\n",
            [
                "environments/dev.yaml:4:14: 'count' can't name an input",
                "environments/dev.yaml:4:24: 'for_each' can't name an input",
                "environments/dev.yaml:4:37: 'a b' can't name an input",
            ],
        ),
        (
            "modules:\n  app:\n    source: service\n    inputs:\n      vpc: ${module.netwrok.id}\n"
            "  network: {source: network}\n",
            [
                "environments/dev.yaml:5:7: there is no module `netwrok` in this environment (did you mean `network`?)",
            ],
        ),
        (
            "modules:\n  app:\n    source: service\n    inputs:\n      x:\n        - {pw: {from: hunter2}}\n",
            [
                "environments/dev.yaml:6:12: not a secret: write `{from: env:NAME}` "
                "(or another kind: env, ssm, secretsmanager, sops, vault, exec)",
            ],
        ),
        (
            "modules:\n  app: {source: service, inputs: {v: '${stack.network.vpc}'}}\n",
            [
                "environments/dev.yaml:2:35: there is no stack `network` in this environment "
                "(each file in an environment's folder is a stack)",
            ],
        ),
    ],
)
def test_each_mistake_has_its_place_and_its_advice(text: str, expected: list[str]) -> None:
    assert dev(text) == expected


def test_all_mistakes_of_an_environment_are_said_at_once() -> None:
    found = dev(
        """\
        modules:
          my net: {source: network}
          app:
            source: service
            inputs:
              count: 1
              bad: ${module.x}
              vpc: ${module.nope.id}
          other: {source: netwrok}
        """
    )
    assert [line.split(": ")[0] for line in found] == [
        "environments/dev.yaml:2:3",
        "environments/dev.yaml:6:7",
        "environments/dev.yaml:7:7",
        "environments/dev.yaml:8:7",
        "environments/dev.yaml:9:11",
    ]


def test_a_mistake_of_the_schema_does_not_hide_wrong_sources_and_inputs() -> None:
    found = dev(
        "modules:\n  app:\n    source: servcie\n    input: {}\n    inputs:\n      count: 1\n      bad: ${module.x}\n"
    )
    assert [line.split(": ")[0] for line in found] == [
        "environments/dev.yaml:3:5",
        "environments/dev.yaml:4:5",
        "environments/dev.yaml:6:7",
        "environments/dev.yaml:7:7",
    ]


@pytest.mark.parametrize("value", ["alerts@example.com", "env:PASSWORD"])
def test_an_input_may_be_called_from(value: str) -> None:
    tree = project_tree(dev=f"modules:\n  app: {{source: service, inputs: {{from: '{value}'}}}}\n")
    assert environment(tree).stacks[MAIN_STACK].modules["app"].inputs == {"from": value}


def test_a_number_that_json_cannot_hold_is_a_complaint() -> None:
    [found] = dev(f"modules:\n  network: {{source: network, inputs: {{n: 0x{'f' * 4000}}}}}\n")
    assert found.startswith("environments/dev.yaml:2:42: `0xfff")


def test_a_promised_file_that_is_missing_is_said_in_tfops_yaml() -> None:
    assert complaints(project_tree()) == [
        "tfops.yaml:4:3: `environments/dev.yaml` is missing (commit it, or take the environment out of tfops.yaml)"
    ]


def test_a_link_is_not_followed_and_not_called_missing() -> None:
    """Git stores it, and a tree has no more of it than its target's name."""
    files = project_tree().files
    hint = "(put the file itself there; what files share stands in one that they extend: `extends: FILE`)"
    link: dict[str, str | None] = {"environments/dev.yaml": None}
    [single] = complaints(MemoryTree({**files, **link}))
    assert single == f"tfops.yaml:4:3: `environments/dev.yaml` is a link, and links aren't followed {hint}"
    link = {"environments/dev/app.yaml": None, "environments/dev/net.yaml": "modules: {a: {source: network}}\n"}
    [stack] = complaints(MemoryTree({**files, **link}))
    assert stack == f"environments/dev/app.yaml:1:1: it is a link, and links aren't followed {hint}"
    link = {"environments/base.yaml": None, "environments/dev.yaml": "extends: base.yaml\n"}
    [base] = complaints(MemoryTree({**files, **link}))
    assert "`environments/base.yaml` is a link, and links aren't followed" in base
    link = {"keys.enc.yaml": None}
    secret = "modules:\n  network: {source: network, inputs: {n: {from: 'sops:keys.enc.yaml#a'}}}\n"
    [sops] = complaints(MemoryTree({**project_tree(dev=secret).files, **link}))
    assert "`keys.enc.yaml` is a link, and links aren't followed" in sops
    with pytest.raises(ProjectError) as whole:
        load_project(MemoryTree({"tfops.yaml": None}))
    assert whole.value.what == "`tfops.yaml` is a link, and links aren't followed"
    with pytest.raises(Refused) as lock:
        read_provider_lock(MemoryTree({"environments/dev.lock.hcl": None}), EnvName("dev"))
    assert lock.value.guard == "lock-file"
    assert read_provider_lock(MemoryTree({}), EnvName("dev")) is None


def test_an_environment_that_the_project_does_not_have_is_refused_with_the_nearest() -> None:
    tree = project_tree(dev=NETWORK)
    with pytest.raises(Refused) as caught:
        load_environment(tree, load_project(tree), EnvName("dve"))
    assert caught.value.guard == "unknown-environment"
    assert caught.value.what == "there is no environment 'dve'"
    assert caught.value.hint == "did you mean `dev`?"


def test_an_environment_of_the_project_is_read() -> None:
    _, found = rules_and_environment(project_tree(dev=NETWORK))
    assert isinstance(found, EnvironmentConfig)
    assert list(found.stacks[MAIN_STACK].modules) == ["network"]


def test_a_broken_tfops_yaml_does_not_hide_what_is_wrong_with_the_environments() -> None:
    tree = project_tree(
        tfops=PROJECT.replace("project: shop", "project: Shop") + "  prod: {branch: main}\n  Bad: {branch: x}\n",
        dev="modules:\n  network: {source: netwrok}\n",
    )
    assert [line.split(": ")[0] for line in said(complaints_of(lambda: load_rules(tree)))] == [
        "tfops.yaml:2:1",
        "tfops.yaml:6:3",
        "environments/dev.yaml:2:13",
        "tfops.yaml:5:3",
    ]  # each file by itself, the project's own mistakes first


@pytest.mark.parametrize("text", ["", "[]\n", "environments: []\n", "a: b: c\n", "environments:\n"])
def test_a_tfops_yaml_without_a_mapping_is_only_its_own_mistake(text: str) -> None:
    found = complaints_of(lambda: load_rules(project_tree(tfops=text, dev="oops: 1\n")))
    assert {item.mark.path for item in found} == {"tfops.yaml"}


def test_one_mistake_and_several_are_counted_in_words() -> None:
    def what(text: str) -> str:
        return ConfigError(complaints_of(lambda: environment(project_tree(dev=text)))).what

    assert what("") == "the configuration has a mistake"
    assert what("a: 1\nb: 2\n") == "the configuration has 3 mistakes"


def test_an_environment_that_rehearses_has_the_others_content_under_its_own() -> None:
    tree = project_tree(
        dev="modules: {app: {source: service, inputs: {size: large, zone: a}}, net: {source: network}}",
        perf="modules: {app: {source: service, inputs: {size: small}}}",
    )
    rehearsed = read_environment(tree, EnvName("perf"), base=EnvName("dev"))
    assert rehearsed.name == "perf"
    assert dict(rehearsed.stacks[MAIN_STACK].modules["app"].inputs) == {"size": "small", "zone": "a"}
    assert list(rehearsed.stacks[MAIN_STACK].modules) == ["app", "net"]
    alone = read_environment(
        project_tree(dev="modules: {net: {source: network}}"), EnvName("perf"), base=EnvName("dev")
    )
    assert list(alone.stacks[MAIN_STACK].modules) == ["net"], "a place needs no file of its own"


def test_secrets_and_literals_are_not_merged_with_what_they_are_laid_over() -> None:
    tree = project_tree(
        base="""\
        modules:
          network:
            source: network
            inputs: {a: {x: 1, y: 2}, b: {from: env:B}, c: {literal: {from: env:C}}, d: {x: 1}}
        """,
        dev="""\
        extends: base.yaml
        modules:
          network: {inputs: {a: {from: env:A}, b: {x: 1}, c: {literal: {z: 3}}, d: {literal: {from: d}}}}
        """,
    )
    inputs = environment(tree).stacks[MAIN_STACK].modules["network"].inputs
    assert inputs == {"a": Secret("env", "A"), "b": {"x": 1}, "c": {"z": 3}, "d": {"from": "d"}}


def test_labels_are_no_part_of_what_runs() -> None:
    text = "modules: {n: {source: network}}\n"
    assert digest(text) == digest(text + "labels: {team: web}\n")


def test_labels_that_are_wrong_are_said_at_their_place() -> None:
    text = "modules: {n: {source: network}}\nlabels: {team: 5, '-': x}\n"
    assert dev(text) == [
        "environments/dev.yaml:2:10: `team` must be text (put it in quotes)",
        "environments/dev.yaml:2:19: '-' can't name a label (letters, digits and `_./-`, beginning with a letter, "
        "at most 63)",
    ]


def test_the_stacks_of_an_environment_have_its_labels_together() -> None:
    tree = project_tree(
        **{
            "dev/app": "modules: {n: {source: network}}\nlabels: {team: web}\n",
            "dev/data": "modules: {n: {source: network}}\nlabels: {team: data}\n",
        }
    )
    assert complaints(tree) == ["environments/dev/data.yaml:2:10: another stack of it says `team: web`"]


def test_labels_come_from_what_a_file_extends_and_from_its_base() -> None:
    tree = project_tree(
        dev="extends: all.yaml\nmodules: {n: {source: network}}\nlabels: {tier: dev}\n",
        all="labels: {team: web, tier: none}\n",
        drill="labels: {tier: drill}\nmodules: {}\n",
    )
    assert labels_in_files(tree, EnvName("dev"), None) == {"team": "web", "tier": "dev"}
    assert labels_in_files(tree, EnvName("drill"), EnvName("dev")) == {"team": "web", "tier": "drill"}
