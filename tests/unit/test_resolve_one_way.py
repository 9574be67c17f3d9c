"""One-way doors: what a commit declares against what runs."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.memory_tree import project_tree, rules_and_environment
from tfops.config.modules.declarations import Declared, declared_by
from tfops.records.plan import Action, AttributeChange, Plan, ResourceChange
from tfops.records.verdict import Verdict
from tfops.resolve.forward_only import irreversible
from tfops.resolve.one_way import Proposed, Running, doors, planned_doors

AWS = "registry.terraform.io/hashicorp/aws"
DB, VPC = "module.db.aws_db_instance.main[0]", "module.net.aws_vpc.main"
NOW = Running(("terraform", "1.11.4"), {DB: "db-1", VPC: "vpc-1"}, frozenset({VPC}), {AWS: "5.90.0"})
ALL = frozenset({"module.db.aws_db_instance.main", VPC})


def declared(**changes: Any) -> Declared:
    values: dict[str, Any] = {"resources": ALL, "protected": frozenset({VPC})} | changes
    return Declared(**{name: frozenset(value) for name, value in values.items()})


@pytest.mark.parametrize(
    ("coming", "expected"),
    [
        (Proposed(declared()), {}),
        (Proposed(declared(resources={VPC})), {"taken-out": (DB,)}),
        (Proposed(declared(resources=(), protected=())), {"taken-out": (DB, VPC)}),
        (Proposed(declared(resources={VPC}, moved={"module.db.aws_db_instance.main"})), {}),
        (Proposed(declared(resources={VPC}, moved={"module.db"})), {}),
        (Proposed(declared(moved={VPC}, turned={VPC})), {"moved-type": (VPC,)}),
        (Proposed(declared(resources={VPC}, unseen={"module.db."})), {}),
        (Proposed(declared(resources={VPC}, forgotten={"module.db"})), {"let-go": (DB,)}),
        (Proposed(declared(protected=())), {"unprotected": (VPC,)}),
        (Proposed(declared(protected=()), patterns=("aws_vpc",)), {}),
        (Proposed(declared(), {AWS: "5.91.0"}), {"provider": (AWS,)}),
        (Proposed(declared(), {AWS: "5.90.9"}), {}),
        (Proposed(declared(), {AWS: "5.80.0", "r/h/new": "1.0.0"}), {}),
        (Proposed(declared(), engine=">= 1.12"), {"engine": (">= 1.12",)}),
        (Proposed(declared(engines={"~> 1.9", "no constraint"}), engine=">= 1.6"), {}),
    ],
)
def test_each_door_is_found_in_what_the_commit_says(coming: Proposed, expected: dict[str, tuple[str, ...]]) -> None:
    assert {door.name: door.subjects for door in doors(NOW, coming)} == expected


KEPT = Running(("tofu", "1.12.6"), {DB: "db-1", VPC: "vpc-1"}, frozenset(), {AWS: "5.90.0"}, frozenset({DB}))


@pytest.mark.parametrize(
    ("coming", "engine", "expected"),
    [
        (Proposed(declared(kept={"module.db.aws_db_instance.main"})), "tofu", {}),
        (Proposed(declared()), "tofu", {"unprotected": (DB,)}),
        (Proposed(declared(protected={"module.db.aws_db_instance.main"})), "tofu", {}),
        (Proposed(declared(resources={VPC})), "tofu", {"let-go": (DB,)}),
        (Proposed(declared(resources={VPC})), "terraform", {"taken-out": (DB,)}),
    ],
)
def test_what_the_engine_is_to_leave_alive_is_a_protection(
    coming: Proposed, engine: str, expected: dict[str, tuple[str, ...]]
) -> None:
    """OpenTofu has `destroy = false` in the state, so that it counts when the block is gone."""
    now = replace(KEPT, engine=(engine, "1.16.0"))
    assert {door.name: door.subjects for door in doors(now, coming)} == expected


KEEPS = """
variable "keep" { default = true }
resource "aws_vpc" "always" {
  lifecycle { prevent_destroy = true }
}
resource "aws_vpc" "maybe" {
  lifecycle { prevent_destroy = var.keep }
}
resource "aws_vpc" "unsure" {
  lifecycle { prevent_destroy = data.x.y.z }
}
resource "aws_vpc" "left" {
  lifecycle { destroy = false }
}
"""


@pytest.mark.parametrize(
    ("keep", "expected"), [("true", {"always", "maybe", "unsure"}), ("false", {"always", "unsure"})]
)
def test_protections_of_a_commit_are_evaluated_as_those_on_cards_are(keep: str, expected: set[str]) -> None:
    """Taking `prevent_destroy = var.keep` back by an input is a door, an expression that nothing decides is none."""
    tree = project_tree(dev=f"modules:\n  app: {{source: service, inputs: {{keep: {keep}}}}}\n")
    tree = type(tree)({**tree.files, "modules/service/main.tf": KEEPS})
    found = declared_by(tree, rules_and_environment(tree)[1])
    names = {f"module.app.aws_vpc.{name}" for name in expected}
    assert found.protected == names
    assert found.guessed == {"module.app.aws_vpc.unsure"}
    assert found.kept == {"module.app.aws_vpc.left"}


def test_a_plan_shows_replacements_of_what_holds_data_and_versions_that_stay() -> None:
    version = AttributeChange("engine_version", '"14.9"', '"15.4"')
    plan = Plan(
        (
            ResourceChange(DB, "aws_db_instance", Action.REPLACE, "can't be changed in place"),
            ResourceChange(VPC, "aws_vpc", Action.DELETE),
            ResourceChange("aws_subnet.a", "aws_subnet", Action.DELETE),
            ResourceChange("terraform_data.n", "terraform_data", Action.MOVE, previous_address="null_resource.n"),
            ResourceChange("aws_vpc.n", "aws_vpc", Action.MOVE, previous_address="aws_vpc.o"),
            ResourceChange("aws_db_instance.b", "aws_db_instance", Action.UPDATE, attributes=(version,)),
        ),
        (),
        "d",
        is_empty=False,
    )
    turned, *found = planned_doors(plan, NOW, ())
    assert (turned.name, turned.subjects) == ("moved-type", ("null_resource.n",))
    assert [door.text for door in found] == [
        f"replaces {DB}: can't be changed in place",
        f"deletes {VPC}",
    ]
    assert [door.subjects for door in planned_doors(plan, NOW, ["aws_subnet"])][-1] == ("aws_subnet.a",)
    assert [door.text for door in irreversible(plan)] == [
        "aws_db_instance.b: engine_version goes from 14.9 to 15.4, and never back"
    ]


def test_modules_are_read_with_what_they_call_and_broken_files_are_named() -> None:
    tree = project_tree(dev="modules:\n  app: {source: service}\n  far: {source: a/b/c, version: 1.0.0}\n")
    files = {
        "modules/service/main.tf": 'module "in" { source = "../network" }\nmodule "out" { source = "x/y/z" }\n'
        'moved {\n  from = aws_vpc.a["k"]\n  to = aws_vpc.b\n}\n'
        "moved {\n  from = module.x.null_resource.n\n  to = module.x[0].terraform_data.n\n}\n"
        'moved {\n  from = module.x\n  to = module.module\n}\nterraform { required_version = ">= 1.9" }\n',
        "modules/service/more.tf.json": '{"resource": {"aws_vpc": {"j": {}}}, "removed": {"from": "aws_vpc.c",'
        ' "lifecycle": {"destroy": false}}}',
        "modules/network/main.tf": 'resource "aws_vpc" "n" {}\nresource "aws_vpc" "m" {\n  odd = = {\n}\n',
    }
    tree = type(tree)({**tree.files, **files})
    found = declared_by(tree, rules_and_environment(tree)[1])
    assert found == Declared(
        resources=frozenset({"module.app.aws_vpc.j"}),
        moved=frozenset({"module.app.aws_vpc.a", "module.app.module.x", "module.app.module.x.null_resource.n"}),
        turned=frozenset({"module.app.module.x.null_resource.n"}),
        forgotten=frozenset({"module.app.aws_vpc.c"}),
        unseen=frozenset({"module.far.", "module.app.module.out.", "module.app.module.in."}),
        engines=frozenset({">= 1.9"}),
        unread=frozenset({"modules/network/main.tf"}),
    )
    now = Running(("terraform", "1.11.4"), {"module.app.module.in.aws_s3_bucket.b": ""}, frozenset(), {})
    assert [(door.name, door.verdict) for door in doors(now, Proposed(found))] == [
        ("unread", Verdict.OK),
    ]


def test_opentofu_passes_over_the_version_that_a_terraform_file_asks_for() -> None:
    asked = 'terraform {\n  required_version = ">= 1.15"\n}\n'
    language = 'language {\n  compatible_with {\n    opentofu = ">= 1.13"\n  }\n}\n'
    tree = project_tree(dev="modules:\n  app: {source: service}\n")
    tree = type(tree)(
        {
            **tree.files,
            "modules/service/versions.tf": asked + language,
            "modules/service/own.tofu": asked.replace("15", "12"),
        }
    )
    environment = rules_and_environment(tree)[1]
    assert declared_by(tree, environment).engines == {">= 1.15"}
    assert declared_by(tree, environment, is_tofu=True).engines == {">= 1.12", ">= 1.13"}
