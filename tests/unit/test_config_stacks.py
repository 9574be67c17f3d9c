"""An environment that is a folder: its files are stacks, and they take outputs from each other."""

import pytest

from tests.support.memory_tree import PROJECT, MemoryTree, complaints_of, environment, said
from tfops.config.environment import EnvironmentConfig, read_environment
from tfops.config.inputs import InputCheck
from tfops.config.modules.module import Interface, Output, Variable
from tfops.config.source import LocalSource, RemoteSource
from tfops.config.values import StackReference
from tfops.records.names import MAIN_STACK, EnvName, StackName

NETWORK = "modules:\n  vpc: {source: network}\n  dns: {source: network}\n"
DATA = "modules:\n  db: {source: data}\n"
INTERFACES = {
    "network": Interface(outputs={name: Output(name) for name in ("vpc_id", "zones")}),
    "data": Interface(variables={"vpc": Variable("vpc", has_default=True)}, outputs={"address": Output("address")}),
}


def folder(**files: str) -> MemoryTree:
    """`app=…` is environments/dev/app.yaml; with a dot or a slash, a path in environments/."""
    paths = {f"modules/{name}/main.tf": "" for name in INTERFACES} | {"tfops.yaml": PROJECT}
    for name, text in files.items():
        paths[f"environments/{name}" if "/" in name or "." in name else f"environments/dev/{name}.yaml"] = text
    return MemoryTree(paths)


def complaints(tree: MemoryTree, *, is_seen: bool = True) -> list[str]:
    def find(_env: EnvName, _stack: StackName, _name: str, source: LocalSource | RemoteSource) -> Interface | None:
        return INTERFACES.get(source.text) if is_seen else None

    return said(complaints_of(lambda: read_environment(tree, EnvName("dev"), InputCheck(find))))


def db(reference: str) -> str:
    return f"modules:\n  db: {{source: data, inputs: {{vpc: '{reference}'}}}}\n"


def read(**files: str) -> EnvironmentConfig:
    return environment(folder(**files))


def test_each_file_of_the_folder_is_a_stack() -> None:
    found = read(network=NETWORK, app=db("${stack.network.vpc.vpc_id}"), **{"dev/README.md": "not a stack"})
    assert {name: list(stack.modules) for name, stack in found.stacks.items()} == {
        "app": ["db"],
        "network": ["vpc", "dns"],
    }
    assert found.stacks[StackName("app")].references == {StackReference("network", "vpc.vpc_id")}
    assert found.needs == {"app": {"network"}, "network": frozenset()}


def test_one_file_is_the_stack_main() -> None:
    single = environment(MemoryTree({"tfops.yaml": PROJECT, "environments/dev.yaml": DATA, "modules/data/x.tf": ""}))
    assert list(single.stacks) == ["main"]
    assert list(single.stacks[MAIN_STACK].modules) == ["db"]


def test_the_digest_is_of_all_stacks() -> None:
    plain = read(network=NETWORK, app=DATA).digest
    assert plain == read(network=NETWORK + "# words\n", app=DATA).digest
    assert plain != read(network=NETWORK, other=DATA).digest
    assert plain != read(network=NETWORK, app=NETWORK).digest


def test_stacks_inherit_from_files_outside_of_the_folder() -> None:
    found = read(app="extends: base.yaml\n", **{"base.yaml": DATA})
    assert list(found.stacks[StackName("app")].modules) == ["db"]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {"app": DATA, "dev.yaml": DATA},
            "environments/dev.yaml:1:1: `environments/dev.yaml` and the folder `environments/dev/` both describe dev "
            "(keep one of the two)",
        ),
        (
            {"dev/app.yml": DATA},
            "environments/dev/app.yml:1:1: a stack's file ends with `.yaml` (rename it: app.yaml)",
        ),
        (
            {"dev/My App.yaml": DATA},
            "environments/dev/My App.yaml:1:1: 'My App' can't name a stack "
            "(lower-case letters, digits and `-` (not at the ends), at most 63)",
        ),
        ({"app": "", "network": NETWORK}, "environments/dev/app.yaml:1:1: the file is empty"),
    ],
)
def test_files_that_make_no_stacks_are_said_by_their_names(files: dict[str, str], expected: str) -> None:
    assert complaints(folder(**files)) == [expected]


@pytest.mark.parametrize(
    "reference",
    ["${stack.network.vpc.vpc_id}", "${stack.network.vpc.zones[0].name}", "${stack.data.address}", "plain"],
)
def test_what_is_there_can_be_taken(reference: str) -> None:
    assert complaints(folder(network=NETWORK, data=DATA, app=db(reference))) == []


AT = "environments/dev/app.yaml:2:31"


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("${stack.netwrok.x}", "there is no stack `netwrok` in this environment (did you mean `network`?)"),
        ("${stack.app.db.address}", "`app` is this stack itself (write `${module.NAME.OUTPUT}`)"),
        (
            "${stack.network.vpc.vpcid}",
            "module `vpc` of stack `network` has no output `vpcid` (did you mean `vpc_id`?)",
        ),
        ("${stack.data.adress}", "no module of stack `data` has an output `adress` (did you mean `address`?)"),
        (
            "${stack.network.zones[0]}",
            "several modules of stack `network` have an output `zones` "
            "(write `${stack.network.vpc.zones}` or `${stack.network.dns.zones}`)",
        ),
        (
            "${stack.network}",
            "not a reference: write `${stack.NAME.OUTPUT}` or `${stack.NAME.MODULE.OUTPUT}`",
        ),
    ],
)
def test_what_is_not_there_is_said_where_it_is_wanted(reference: str, message: str) -> None:
    assert complaints(folder(network=NETWORK, data=DATA, app=db(reference))) == [f"{AT}: {message}"]


def test_outputs_that_can_not_be_seen_are_not_complained_about() -> None:
    tree = folder(network=NETWORK, data=DATA, app=db("${stack.network.whatever}"))
    assert complaints(tree, is_seen=False) == []
    assert len(complaints(folder(network=NETWORK, app=db("${stack.nope.x}")), is_seen=False)) == 1


def test_stacks_that_need_each_other_are_said_once_with_the_whole_circle() -> None:
    tree = folder(a=db("${stack.b.address}"), b=db("${stack.c.address}"), c=db("${stack.a.address}"), d=DATA)
    assert complaints(tree) == ["environments/dev/a.yaml:2:31: the stacks need each other: a -> b -> c -> a"]


def test_mistakes_of_all_stacks_are_said_together() -> None:
    tree = folder(a="modules: {}\n", b="modules:\n  x: {source: nope}\n", c=db("${stack.z.x}"))
    assert [line.split(": ")[0] for line in complaints(tree)] == [
        "environments/dev/a.yaml:1:1",
        "environments/dev/b.yaml:2:7",
        "environments/dev/c.yaml:2:31",
    ]
