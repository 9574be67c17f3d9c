"""`enabled: false`: what is off is as if it weren't there, and what refers to it is a mistake at its place."""

import pytest

from tests.support.memory_tree import complaints_of, environment, project_tree, said
from tests.unit.test_config_stacks import DATA, NETWORK, complaints, folder
from tfops.records.names import StackName
from tfops.records.switched_off import SwitchedOff, stack_of

BOTH = "modules:\n  net: {source: network}\n  app: {source: service%s}\n"


def dev(text: str, **more: str) -> list[str]:
    return said(complaints_of(lambda: environment(project_tree(dev=text, **more))))


def test_a_module_that_is_off_is_as_if_it_were_not_there() -> None:
    found = environment(project_tree(dev=BOTH % ", enabled: false"))
    assert list(found.stacks["main"].modules) == ["net"]  # type: ignore[index]
    assert [one.text for one in found.off] == ["module.app (environments/dev.yaml:3)"]
    without = environment(project_tree(dev="modules:\n  net: {source: network}\n"))
    assert (found.digest, without.off) == (without.digest, ())


def test_on_is_as_if_nobody_had_said_it() -> None:
    on = environment(project_tree(dev="enabled: true\n" + BOTH % ", enabled: true"))
    assert (on.digest, on.off) == (environment(project_tree(dev=BOTH % "")).digest, ())


def test_a_file_switches_on_what_the_one_that_it_extends_switches_off() -> None:
    base = BOTH % ", enabled: false"
    tree = project_tree(base=base, dev="extends: base.yaml\nmodules: {app: {enabled: true}}\n")
    assert list(environment(tree).stacks["main"].modules) == ["net", "app"]  # type: ignore[index]
    off = environment(project_tree(base=base, dev="extends: base.yaml\nmodules: {net: {inputs: {}}}\n"))
    assert [str(one.mark) for one in off.off] == ["environments/base.yaml:3:26"], "where it stands"


def test_a_module_that_is_off_needs_no_source_that_is_there() -> None:
    assert dev("modules:\n  net: {source: network}\n  old: {source: gone, enabled: false, inputs: {x: 1}}\n") == []


@pytest.mark.parametrize(
    ("block", "wrong"),
    [
        ("{source: service, enabled: false, inptus: {}}", "3:42: unknown key `inptus` (did you mean `inputs`?)"),
        ("{enabled: false}", "3:3: `source` is missing"),
        ('{source: service, enabled: "no"}', "3:26: `enabled` must be true or false"),
        ("{source: service, enabled: }", "3:26: `enabled` must be true or false"),
    ],
)
def test_the_form_of_what_is_off_counts(block: str, wrong: str) -> None:
    assert dev(f"modules:\n  net: {{source: network}}\n  app: {block}\n") == [f"environments/dev.yaml:{wrong}"]


_OFF = "modules:\n  net: {source: network}\n  off: {source: service, enabled: false}\n"
_REFERRING = [
    (_OFF + "  app: {source: service, inputs: {x: [{y: '${module.off.id}'}]}}\n", "4:40"),
    (_OFF + "imports:\n  - {to: 'module.off[0].aws_vpc.x', id: vpc-1}\n", "5:6"),
    (_OFF + "moved:\n  - {from: module.was, to: module.off}\n", "5:24"),
]


@pytest.mark.parametrize(("text", "place"), _REFERRING)
def test_what_refers_to_it_is_one_mistake_at_its_place(text: str, place: str) -> None:
    [found] = dev(text)
    assert found.startswith(
        f"environments/dev.yaml:{place}: module.off (environments/dev.yaml:3) is switched off: nothing can refer to it"
    )


def test_what_is_off_may_refer_to_what_is_off_or_gone() -> None:
    text = "modules:\n  net: {source: network}\n  a: {source: service, enabled: false}\n"
    assert (
        dev(text + "  b: {source: service, enabled: false, inputs: {x: '${module.a.id}', y: '${module.c.id}'}}\n") == []
    )


def test_something_stays_on() -> None:
    [found] = dev("modules:\n  net: {source: network, enabled: false}\n")
    assert found == (
        "environments/dev.yaml:1:1: every module is switched off: one must be on (to take all of it down: "
        "tfops destroy dev)"
    )
    [whole] = dev("enabled: false\nmodules:\n  net: {source: network}\n")
    assert whole.startswith("environments/dev.yaml:1:1: this is all of dev: only one of several stacks can be off")


def test_a_stack_that_is_off_is_none_of_the_environment() -> None:
    tree = folder(network=NETWORK, db="enabled: false\n" + DATA, **{"dev/README.md": ""})
    found = environment(tree)
    assert list(found.stacks) == ["network"]
    assert [(one.name, one.text) for one in found.off] == [("stack db", "stack db (environments/dev/db.yaml:1)")]
    assert complaints(tree) == []


def test_a_stack_or_a_module_of_one_that_is_off_gives_nothing() -> None:
    user = "modules:\n  db: {source: data, inputs: {vpc: '${stack.network.vpc.vpc_id}'}}\n"
    place = "environments/dev/app.yaml:2:31: "
    hint = " is switched off: nothing can refer to it (switch it on, or take this out: enabled: true)"
    off = folder(network="enabled: false\n" + NETWORK, app=user)
    assert complaints(off) == [f"{place}stack network (environments/dev/network.yaml:1){hint}"]
    part = folder(network=NETWORK.replace("vpc: {", "vpc: {enabled: false, "), app=user)
    assert complaints(part) == [f"{place}network/module.vpc (environments/dev/network.yaml:2){hint}"]


def test_one_stack_stays_on() -> None:
    tree = folder(network="enabled: false\n" + NETWORK, db="enabled: false\n" + DATA)
    assert [line.partition(" (")[0] for line in complaints(tree)] == [
        "environments/dev/db.yaml:1:1: every stack is switched off: one must be on",
        "environments/dev/network.yaml:1:1: every stack is switched off: one must be on",
    ]
    [emptied] = complaints(folder(network=NETWORK, db="modules:\n  db: {source: data, enabled: false}\n"))
    assert "to switch the stack off: `enabled: false` beside `modules:`" in emptied


def test_which_resources_are_of_it() -> None:
    mark = environment(project_tree(dev=BOTH % ", enabled: false")).off[0].mark
    module, stack = SwitchedOff(StackName("main"), "app", mark), SwitchedOff(StackName("db"), "", mark)
    assert module.has('module.app["a"].aws_vpc.x') and not module.has("module.app2.aws_vpc.x")
    assert not module.has("db/module.app.aws_vpc.x") and stack.has("db/module.app.aws_vpc.x")
    assert [stack_of(name) for name in ("module.app", "db/module.app", "stack db")] == ["main", "db", "db"]
