"""A state's JSON: identity, addresses as the engine writes them, and what is sensitive."""

import json
from pathlib import Path
from typing import Any

import pytest

from tfops.engine.state import earlier_digest, parse_state, sensitive_values, without
from tfops.errors import Refused
from tfops.records.state import ABSENT_STATE

RECORDED = Path(__file__).parent / "recorded"


def state(*resources: dict[str, Any], **document: Any) -> str:
    body = {"version": 4, "terraform_version": "1.11.4", "serial": 3, "lineage": "l-1", "outputs": {}}
    return json.dumps(body | {"resources": list(resources)} | document)


def resource(*instances: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"mode": "managed", "type": "aws_vpc", "name": "main", "instances": list(instances)} | more


def instance(identity: str | None = "vpc-1", **more: Any) -> dict[str, Any]:
    return {"schema_version": 0, "attributes": {"id": identity}, "sensitive_attributes": []} | more


def test_a_state_has_its_identity_and_its_inventory() -> None:
    found = parse_state(state(resource(instance()), outputs={"app": {"value": {"url": "x"}, "sensitive": True}}))
    assert (found.lineage, found.serial, found.is_absent) == ("l-1", 3, False)
    assert found.inventory == {"aws_vpc.main": "vpc-1"}
    assert found.outputs == {"app": {"url": "x"}}
    assert len(found.sha256) == 64


@pytest.mark.parametrize(
    ("more", "key", "address"),
    [
        ({}, {}, "aws_vpc.main"),
        ({}, {"index_key": 0}, "aws_vpc.main[0]"),
        ({}, {"index_key": "a b"}, 'aws_vpc.main["a b"]'),
        ({}, {"index_key": 'quo"te\\'}, r'aws_vpc.main["quo\"te\\"]'),
        ({}, {"index_key": "é"}, 'aws_vpc.main["é"]'),
        ({}, {"index_key": "1"}, 'aws_vpc.main["1"]'),
        ({"module": "module.net"}, {}, "module.net.aws_vpc.main"),
        ({"module": 'module.a["x"].module.b[1]'}, {"index_key": 2}, 'module.a["x"].module.b[1].aws_vpc.main[2]'),
    ],
)
def test_addresses_are_built_from_module_and_key(more: dict[str, Any], key: dict[str, Any], address: str) -> None:
    assert list(parse_state(state(resource(instance(**key), **more))).inventory) == [address]


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("${x}", "$${x}"),
        ("%{x}", "%%{x}"),
        ("b\b", r"b\u0008"),
        ("d\x7f", r"d\u007f"),
        ("c\x9b", r"c\u009b"),
        ("z\u200b", r"z\u200b"),
        ("r\u202e", r"r\u202e"),
        ("l\u2028", r"l\u2028"),
    ],
    ids=ascii,
)
def test_an_address_is_written_as_the_engine_writes_it(key: str, written: str) -> None:
    assert list(parse_state(state(resource(instance(index_key=key)))).inventory) == [f'aws_vpc.main["{written}"]']


def test_data_sources_and_deposed_objects_are_not_in_the_inventory() -> None:
    found = parse_state(
        state(resource(instance("old", deposed="abc"), instance("new")), resource(instance(), mode="data", name="x"))
    )
    assert found.inventory == {"aws_vpc.main": "new"}
    assert found.deposed == {("aws_vpc.main", "abc"): "old"}


def test_a_resource_without_an_id_is_in_the_inventory_all_the_same() -> None:
    assert parse_state(state(resource(instance(None)))).inventory == {"aws_vpc.main": ""}
    assert parse_state(state(resource({"schema_version": 0, "attributes": None}))).inventory == {"aws_vpc.main": ""}


def test_schema_versions_above_zero_are_kept_by_type() -> None:
    found = parse_state(state(resource(instance(schema_version=2)), resource(instance(), type="aws_subnet")))
    assert found.schema_versions == {"aws_vpc": 2}


def test_of_several_instances_the_highest_schema_version_counts() -> None:
    found = parse_state(state(resource(instance(schema_version=2), instance(schema_version=1, index_key=1))))
    assert found.schema_versions == {"aws_vpc": 2}


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        ('provider["registry.terraform.io/hashicorp/aws"]', "registry.terraform.io/hashicorp/aws"),
        ('module.a.provider["example.com/x/y"].west', "example.com/x/y"),
        ("", ""),
    ],
)
def test_each_type_has_its_provider(provider: str, expected: str) -> None:
    assert parse_state(state(resource(instance(), provider=provider))).types == {"aws_vpc": expected}


def test_a_provider_of_each_instance_as_opentofu_writes_it_is_read() -> None:
    own = 'provider["registry.opentofu.org/acme/demo"].by["west"]'
    found = parse_state(state(resource(instance(provider=own), provider="")))
    assert found.types == {"aws_vpc": "registry.opentofu.org/acme/demo"}


@pytest.mark.parametrize("text", ["", "  \n"])
def test_no_text_is_an_absent_state(text: str) -> None:
    assert parse_state(text) == ABSENT_STATE


def test_a_state_without_lineage_is_absent() -> None:
    assert parse_state('{"version": 4}').is_absent


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"version": 3}', "its format is 3, known is 4"),
        ("{}", "its format is None, known is 4"),
        ('{"version": "4"}', "its format is 4, known is 4"),
        ("{", "it is damaged"),
        ("null", "it is damaged"),
        ("[]", "it is damaged"),
        ('{"version": 4, "serial": "x"}', "it is damaged"),
        ('{"version": 4, "resources": [{"mode": "managed", "instances": [{}]}]}', "it is damaged"),
        ('{"version": 4, "resources": 5}', "it is damaged"),
    ],
)
def test_what_is_no_state_of_format_4_is_refused(text: str, why: str) -> None:
    with pytest.raises(Refused) as caught:
        parse_state(text)
    assert (caught.value.guard, caught.value.why) == ("state-format", why)


def test_the_digest_is_of_the_content_whoever_reads_it() -> None:
    plain = parse_state(state(resource(instance()))).sha256
    assert parse_state(state(resource(instance()), terraform_version="1.12.0")).sha256 == plain
    assert parse_state(json.dumps(json.loads(state(resource(instance()))), indent=4)).sha256 == plain
    assert parse_state(state(resource(instance("other")))).sha256 != plain
    assert parse_state(state(resource(instance()), serial=4)).sha256 != plain


def test_the_digest_is_the_same_whichever_engine_read_the_state() -> None:
    """One state as Terraform 1.11.4 and 1.15.5 hand it out: identities, empty parts and the order differ."""
    first, second = (RECORDED / f"state-read-by-{version}.json" for version in ("1.11.4", "1.15.5"))
    texts = [path.read_text(encoding="utf-8") for path in (first, second)]
    assert len({parse_state(text).sha256 for text in texts}) == 1
    assert len({earlier_digest(text) for text in texts}) == 2


@pytest.mark.parametrize(
    "more",
    [
        {"index_key": ""},
        {"index_key": 0},
        {"status": "tainted"},
        {"schema_version": 1},
        {"private": "bnVsbA=="},
        {"dependencies": ["a.b"]},
        {"deposed": "0a1b2c3d"},
        {"attributes": {"id": ""}},
        {"sensitive_attributes": [[{"type": "get_attr", "value": "id"}]]},
    ],
    ids=str,
)
def test_the_digest_tells_what_is_not_a_matter_of_reading(more: dict[str, Any]) -> None:
    assert parse_state(state(resource(instance(**more)))).sha256 != parse_state(state(resource(instance()))).sha256


@pytest.mark.parametrize("values", [("", None), (False, None), ([], {}), (0, False)], ids=str)
def test_the_digest_tells_one_empty_output_from_another(values: tuple[Any, Any]) -> None:
    first, second = (parse_state(state(outputs={"o": {"value": value, "type": "dynamic"}})) for value in values)
    assert first.sha256 != second.sha256


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (state(new_part=[1]), "it holds a part `new_part`, which this tfops doesn't know"),
        (state(resource(mode="list")), "it holds a resource of the mode `list`, which this tfops doesn't know"),
        (
            state(resource(instance(status="planned"))),
            "it holds an object with the status `planned`, which this tfops doesn't know",
        ),
    ],
    ids=["part", "mode", "status"],
)
def test_what_a_newer_engine_keeps_in_a_state_is_refused_by_name(text: str, why: str) -> None:
    """`docs/explanation/engine.md`: unknown is never "nothing"."""
    with pytest.raises(Refused) as caught:
        parse_state(text)
    assert (caught.value.guard, caught.value.why) == ("state-format", why)


def attr(*steps: str | int) -> list[dict[str, Any]]:
    """A path as Terraform writes it: names as attributes, numbers as indexes."""
    kinds: list[dict[str, Any]] = []
    for one in steps:
        number = {"value": one, "type": "number"}
        kinds.append({"type": "index", "value": number} if isinstance(one, int) else {"type": "get_attr", "value": one})
    return kinds


@pytest.mark.parametrize(
    ("attributes", "paths", "expected"),
    [
        ({"password": "p-1", "user": "bob"}, [attr("password")], {"p-1"}),
        ({"list": [{"pw": "p-1"}, {"pw": "p-2"}]}, [attr("list", 1, "pw")], {"p-2"}),
        ({"map": {"a": "p-1", "b": ["p-2", 3]}}, [attr("map")], {"p-1", "p-2"}),
        (
            {"map": {"k": "p-1"}},
            [[*attr("map"), {"type": "index", "value": {"value": "k", "type": "string"}}]],
            {"p-1"},
        ),
        ({"pin": 1234, "none": None}, [attr("pin"), attr("none")], set()),
        ({"list": ["p-1"]}, [attr("list", 7), attr("gone"), attr("list", 0, "deep")], set()),
        ({"password": "p-1"}, [], set()),
    ],
)
def test_sensitive_values_are_found_by_their_paths(
    attributes: dict[str, Any], paths: list[Any], expected: set[str]
) -> None:
    text = state(resource({"schema_version": 0, "attributes": attributes, "sensitive_attributes": paths}))
    assert sensitive_values(text) == expected


def test_an_empty_state_has_nothing_sensitive() -> None:
    assert sensitive_values("") == frozenset()


@pytest.mark.parametrize(
    ("attributes", "path", "expected"),
    [
        ({"input": {"value": "p-1", "type": "string"}}, attr("input"), {"p-1"}),
        ({"input": {"value": {"pw": "p-1"}, "type": ["object", {"pw": "string"}]}}, attr("input", "pw"), {"p-1"}),
    ],
    ids=["whole", "inside"],
)
def test_sensitive_values_of_dynamic_type_are_found_and_their_types_are_not(
    attributes: dict[str, Any], path: list[Any], expected: set[str]
) -> None:
    text = state(resource({"schema_version": 0, "attributes": attributes, "sensitive_attributes": [path]}))
    assert sensitive_values(text) == expected


def test_a_recorded_state_holds_what_the_recorded_apply_made() -> None:
    found = parse_state((RECORDED / "state.json").read_text(encoding="utf-8"))
    assert found.serial == 28
    assert found.inventory['module.sub["m"].terraform_data.inner[0]'] == "89175c4f-109b-f819-3b52-812ab4cb687d"
    assert "terraform_data.gone" not in found.inventory
    assert len(found.inventory) == 14


def test_an_object_that_is_gone_is_taken_out_and_nothing_else() -> None:
    text = state(
        resource(instance("old", index_key="a"), instance("other", index_key="b")),
        resource(instance("old"), instance("old", deposed="12345678"), name="next"),
        resource(instance("old"), name="last"),
        resource(instance("old"), mode="data", name="read"),
    )
    left = without(
        text, {'aws_vpc.main["a"]': "old", 'aws_vpc.main["b"]': "old", "aws_vpc.next": "old", "aws_vpc.last": "old"}
    )
    found = parse_state(left)
    assert (found.serial, found.lineage) == (4, "l-1")
    assert found.inventory == {'aws_vpc.main["b"]': "other"}
    assert found.deposed == {("aws_vpc.next", "12345678"): "old"}
    assert [one["name"] for one in json.loads(left)["resources"]] == ["main", "next", "read"]
