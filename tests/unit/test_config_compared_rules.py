"""`same_but`: what may differ between two environments, and what tfops.yaml says about each."""

import pytest

from tests.support.memory_tree import PROJECT, MemoryTree, complaints_of, said
from tfops.config.compared_rules import may_differ, rules_about
from tfops.config.project_file import load_project
from tfops.records.names import EnvName


def _load(text: str) -> object:
    return load_project(MemoryTree({"tfops.yaml": text}))


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ("inptus.size", "tfops.yaml:%d:12: 'inptus.size' names nothing that can differ (did you mean `inputs`?)"),
        ('"in puts"', "tfops.yaml:%d:12: 'in puts' names nothing that can differ (for instance: "),
        ("inputs", "tfops.yaml:%d:12: all inputs may differ: then nothing is compared (name them: inputs.size"),
    ],
)
def test_an_entry_that_names_nothing_is_said_at_its_place(entry: str, complaint: str) -> None:
    text = f"{PROJECT}same_but: [{entry}]\n"
    [found] = said(complaints_of(lambda: _load(text)))
    assert found.startswith(complaint % text.count("\n"))


@pytest.mark.parametrize(
    ("entry", "paths", "expected"),
    [
        ("inputs.size", ["inputs.web.size", "inputs.size"], True),
        ("inputs.web.scaling", ["inputs.web.scaling.min"], True),
        ("inputs.web.size", ["inputs.web.sizes"], False),
        ("inputs.*.size", ["inputs.network/vpc.size"], True),
        ("resources.aws_instance", ["resources.module.web.aws_instance.web[2]", "resources.aws_instance"], True),
        ("resources.module.web", ["resources.module.web.aws_instance.web[2]"], True),
        ("engine", ["engine.version"], True),
        ("region", ["regional"], False),
    ],
)
def test_an_entry_names_a_thing_or_what_it_is_a_part_of(entry: str, paths: list[str], *, expected: bool) -> None:
    assert may_differ(paths, [entry]) is expected


def test_rules_are_said_in_the_words_of_the_file() -> None:
    rules = load_project(
        MemoryTree(
            {
                "tfops.yaml": """\
version: 1
project: shop
engine: {version: ">= 1.6"}
backend: {s3: {bucket: shop-tfstate, region: eu-west-1, lock: native}}
providers: {aws: {region: eu-west-1}}
protect: [aws_kinesis_stream]
environments:
  prod:
    branch: main
    region: eu-west-3
    deletes: 0
    rollback: auto
    windows: ["mon-fri 09:00-17:00 Europe/Paris"]
    verify: [{name: up, http: "https://shop.example"}]
"""
            }
        )
    )
    found = rules_about(rules, EnvName("prod"))
    assert found["verify"][0]["name"] == "up"
    assert {key: value for key, value in found.items() if key not in ("verify", "review")} == {
        "engine.use": "auto",
        "engine.version": ">= 1.6",
        "backend.s3.bucket": "shop-tfstate",
        "backend.s3.key": "{project}/{env}/{stack}.tfstate",
        "backend.s3.region": "eu-west-1",
        "backend.s3.use_lockfile": True,
        "providers.aws.region": "eu-west-1",
        "protect": ["aws_kinesis_stream"],
        "region": "eu-west-3",
        "deletes": 0,
        "rollback": "auto",
        "windows": ["mon-fri 09:00-17:00 Europe/Paris"],
        "inventory": "ids",
        "sync": "auto",
        "drift": "report",
    }
    assert "region" not in rules_about(rules, EnvName("other"))
