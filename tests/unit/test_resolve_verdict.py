"""The verdict on going back: a row per case, and properties over generated pairs of cards."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfops.records.download import Download
from tfops.records.plan import Action, AttributeChange, Plan, ResourceChange
from tfops.records.verdict import Verdict
from tfops.records.version import Kind
from tfops.resolve.data_types import HOLDING_TYPES
from tfops.resolve.forward_only import refused_downgrades
from tfops.resolve.verdict import as_planned, judge, protections
from tfops.resolve.way_back import Facts


def having(facts: Facts, **changes: Any) -> Facts:
    """The same facts with others in them, or in their stack; sets of addresses become tuples."""
    own = {name: changes.pop(name) for name in list(changes) if name in Facts.__slots__}
    changes = {name: tuple(sorted(value)) if isinstance(value, frozenset) else value for name, value in changes.items()}
    return replace(facts, **own, stack=replace(facts.stack, **changes))


AWS = "registry.terraform.io/hashicorp/aws"
VPC, DB = "module.net.aws_vpc.main", "module.db.aws_db_instance.main"
PLAIN = having(
    Facts(),
    engine=("terraform", "1.11.4"),
    backend="s3 b",
    lineage="l-1",
    providers={AWS: "5.100.0"},
    lock_committed=True,
    types={"aws_vpc": AWS},
    inventory={VPC: "vpc-1"},
)


def with_db(**changes: Any) -> Facts:
    return having(
        PLAIN, inventory={VPC: "vpc-1", DB: "db-1"}, types={"aws_vpc": AWS, "aws_db_instance": AWS}, **changes
    )


def aws(version: str, **schema: int) -> Facts:
    return having(PLAIN, providers={AWS: version}, schema_versions=schema)


def download(digest: str, *, version: str = "5.1.0", source: str = "a/vpc/aws") -> dict[str, Download]:
    return {"net": Download(source=source, version=version, digest=digest)}


def floating(digest: str, text: str = "a/vpc/aws ~> 5.0", version: str = "5.1.0") -> Facts:
    return having(PLAIN, modules={"net": text}, downloads=download(digest, version=version))


OTHER = having(PLAIN, inventory={"module.net.aws_vpc.this": "vpc-1"})
GONE = having(PLAIN, inventory={})
ROWS: list[tuple[str, Facts, Facts, Verdict, list[str], str]] = [
    ("nothing changed", PLAIN, PLAIN, Verdict.OK, [], ""),
    ("something was added", PLAIN, GONE, Verdict.OK, ["destroys"], "destroys 1 resource added since"),
    ("a database was added", with_db(), PLAIN, Verdict.DATA_LOSS, ["holds-data"], f"destroys {DB} (holds data)"),
    (
        "a protected one was added", having(PLAIN, protected=frozenset({VPC})), GONE, Verdict.DATA_LOSS, ["protected"],
        f"destroys {VPC} (protected)",
    ),
    (
        "protected by the old version", PLAIN, having(GONE, protected=frozenset({VPC})), Verdict.DATA_LOSS,
        ["protected"], f"destroys {VPC} (protected)",
    ),
    (
        "protected by a guess", having(PLAIN, protected=frozenset({VPC}), guessed=frozenset({VPC})), GONE,
        Verdict.DATA_LOSS, ["guessed"],
        f"destroys {VPC} (protected, which is a guess: inputs don't decide its `prevent_destroy`)",
    ),
    (
        "a guess today, and certain then", having(PLAIN, protected=frozenset({VPC}), guessed=frozenset({VPC})),
        having(GONE, protected=frozenset({VPC})), Verdict.DATA_LOSS, ["protected"], f"destroys {VPC} (protected)",
    ),
    (
        "OpenTofu leaves it alive", having(PLAIN, engine=("tofu", "1.12.6"), kept=frozenset({VPC})),
        having(GONE, engine=("tofu", "1.12.6")), Verdict.OK, ["left-alive"],
        f"leaves {VPC} alive, outside of the state (`destroy = false`)",
    ),
    (
        "Terraform may not leave it alive", having(PLAIN, kept=frozenset({VPC})), GONE, Verdict.DATA_LOSS,
        ["protected"], f"destroys {VPC} (protected)",
    ),
    ("it moved since", OTHER, PLAIN, Verdict.BRIDGED, ["moved"], "1 resource moved since: kept by `moved` blocks"),
    (
        "a protected one moved since", having(OTHER, protected=frozenset(OTHER.stack.inventory)), PLAIN,
        Verdict.BRIDGED, ["moved"], "1 resource moved since: kept by `moved` blocks",
    ),
    (
        "it was forgotten", having(GONE, forgotten={VPC: "vpc-1"}), PLAIN, Verdict.BRIDGED, ["forgotten"],
        "1 resource left the state alive: taken in again by id, if its type has an import",
    ),
    (
        "forgotten under another address", having(GONE, forgotten={"aws_vpc.x": "vpc-1"}), PLAIN, Verdict.BRIDGED,
        ["forgotten"], "1 resource left the state alive: taken in again by id, if its type has an import",
    ),
    (
        "forgotten, and nothing of its type can be imported", having(GONE, forgotten={"null_resource.x": "7"}),
        having(PLAIN, inventory={"null_resource.x": "7"}), Verdict.OK, ["made-twice"],
        "null_resource.x left the state alive and can't be imported: made anew, and the old one stays",
    ),
    (
        "forgotten, with an id that is a constant", having(GONE, forgotten={"a_secret.x": "none"}),
        having(PLAIN, inventory={"a_secret.x": "none"}), Verdict.DATA_LOSS, ["made-twice"],
        "a_secret.x left the state alive and can't be imported: made anew, and the old one stays",
    ),
    (
        "its code lets it go", PLAIN, having(GONE, lets_go=frozenset({VPC})), Verdict.OK, ["left-alive"],
        f"leaves {VPC} alive, outside of the state (`destroy = false`)",
    ),
    (
        "its code lets its module go, under another name", PLAIN,
        having(GONE, lets_go=frozenset({"module.old"}), moves={"module.net": "module.old"}), Verdict.OK,
        ["left-alive"],
        f"leaves {VPC} alive, outside of the state (`destroy = false`)",
    ),
    (
        "its code moves it, and ids say nothing", having(GONE, inventory={"a_secret.x": "none"}),
        having(GONE, inventory={"a_secret.y": "none"}, moves={"a_secret.x": "a_secret.y"}), Verdict.BRIDGED,
        ["moved"], "1 resource moved since: kept by `moved` blocks",
    ),
    (
        "forgotten without an id", having(GONE, forgotten={VPC: ""}), having(PLAIN, inventory={VPC: ""}),
        Verdict.BLOCKED, ["forgotten-id"],
        f"{VPC} left the state alive, and the card holds no id to take it in by",
    ),
    (
        "a database was destroyed", PLAIN, with_db(), Verdict.OK, ["made-empty"],
        f"makes {DB} anew, empty: what it held went when it was destroyed",
    ),
    (
        "the provider raised the schema", aws("5.100.0", aws_vpc=2), aws("5.90.0", aws_vpc=1), Verdict.KEEP_PROVIDERS,
        ["newer-schema"], "aws 5.100.0 wrote aws_vpc in a form that 5.90.0 can't read",
    ),
    ("a raised provider, the same schema", aws("5.100.0", aws_vpc=1), aws("5.90.0", aws_vpc=1), Verdict.OK, [], ""),
    ("an older provider wrote less", aws("5.90.0", aws_vpc=1), aws("5.100.0"), Verdict.OK, [], ""),
    (
        "the provider added the type", having(PLAIN, types={"aws_vpc": AWS, "aws_new": AWS}), aws("5.90.0"),
        Verdict.KEEP_PROVIDERS, ["unknown-type"],
        "aws 5.90.0 may not know aws_new, in use since (today 5.100.0)",
    ),
    (
        "a patch adds no types", having(aws("5.90.1"), types={"aws_vpc": AWS, "aws_x": AWS}), aws("5.90.0"),
        Verdict.OK, [], "",
    ),
    (
        "the provider came later, and its lock is lent", PLAIN,
        having(GONE, providers={"r/h/random": "3.0.0"}, types={}),
        Verdict.OK, ["destroys"], "destroys 1 resource added since",
    ),
    (
        "a major version lower", PLAIN, aws("4.67.0"), Verdict.OK, ["provider-major"],
        "aws goes from 5.100.0 to 4.67.0, a lower major version",
    ),
    (
        "a committed lock of the other engine", having(PLAIN, engine=("tofu", "1.12.6")),
        having(PLAIN, registries=frozenset({"registry.terraform.io/"})), Verdict.KEEP_PROVIDERS,
        ["other-lock", "other-engine"],
        "its provider lock is the other engine's: OpenTofu finds none of its own providers in it",
    ),
    (
        "a committed lock of both", having(PLAIN, engine=("tofu", "1.12.6")),
        having(PLAIN, registries=frozenset({"registry.terraform.io/", "registry.opentofu.org/"})), Verdict.OK,
        ["other-engine"], "was applied with terraform 1.11.4, today is tofu 1.12.6",
    ),
    (
        "another state", PLAIN, having(PLAIN, lineage="l-0"), Verdict.BLOCKED, ["another-state"],
        "was applied to another state (l-0), today's is l-1",
    ),
    (
        "the backend moved", PLAIN, having(PLAIN, backend="s3 a"), Verdict.OK, ["backend-moved"],
        "its state was kept in s3 a; the same state is in s3 b today, and that is used",
    ),
    (
        "a newer engine then", PLAIN, having(PLAIN, engine=("terraform", "1.13.0")), Verdict.OK, ["newer-engine"],
        "was applied with terraform 1.13.0, newer than today's 1.11.4",
    ),
    ("an older engine then", PLAIN, having(PLAIN, engine=("terraform", "1.9.8")), Verdict.OK, [], ""),
    (
        "another engine then", PLAIN, having(PLAIN, engine=("tofu", "1.9.0")), Verdict.OK, ["other-engine"],
        "was applied with tofu 1.9.0, today is terraform 1.11.4",
    ),
    (
        "it was a destroy", PLAIN, having(GONE, kind=Kind.DESTROY), Verdict.BLOCKED, ["destroyed", "destroys"],
        "was a destroy: nothing to bring back",
    ),
    (
        "a floating module moved on", floating("d2"), floating("d1"), Verdict.BLOCKED, ["floating-module"],
        "net would be another module than then: its source moved on",
    ),
    (
        "a floating module resolved to another version", floating("d2", version="5.2.0"), floating("d1"),
        Verdict.BLOCKED, ["floating-module"], "net would be another module than then: its source moved on",
    ),
    (
        "a module was upgraded", floating("d2", "a/vpc/aws 6.0.0", "6.0.0"), floating("d1", "a/vpc/aws 5.1.0"),
        Verdict.OK, [], "",
    ),
    (
        "a module without an exact version", floating("d2", "a/vpc/aws 6.0.0", "6.0.0"), floating("d1"), Verdict.OK,
        ["unpinned-module"], "net has no exact version and may be another module today",
    ),
    (
        "the lock was not committed", PLAIN, having(PLAIN, lock_committed=False), Verdict.OK, ["no-lock"],
        "its provider lock was not committed: other providers may come than aws 5.100.0",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("today", "then", "verdict", "names", "text"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_each_case_has_its_verdict_and_its_words(
    today: Facts, then: Facts, verdict: Verdict, names: list[str], text: str
) -> None:
    found = judge(today, then)
    assert (found.verdict, [reason.name for reason in found.reasons]) == (verdict, names)
    assert [reason.text for reason in found.reasons][:1] == ([text] if text else [])


def test_the_worst_reason_decides_and_comes_first() -> None:
    today = having(with_db(lineage="l-2"), providers={AWS: "6.0.0"}, schema_versions={"aws_vpc": 1})
    found = judge(today, having(PLAIN, lineage="l-1"))
    assert found.verdict is Verdict.BLOCKED
    assert [reason.verdict for reason in found.reasons] == [
        Verdict.BLOCKED, Verdict.DATA_LOSS, Verdict.KEEP_PROVIDERS, Verdict.KEEP_PROVIDERS, Verdict.OK
    ]  # fmt: skip
    assert [reason.name for reason in found.deciding] == ["another-state"]


def test_what_an_import_was_tried_for_in_vain_is_made_twice() -> None:
    """Which types have an import only the engine knows."""
    today = having(GONE, forgotten={VPC: "vpc-1", "pet.a": "p-1"})
    found = judge(today, having(PLAIN, inventory={VPC: "vpc-1", "pet.a": "p-1"}))
    assert [reason.name for reason in found.reasons] == ["forgotten"]
    twice = ResourceChange("pet.a", "pet", Action.CREATE, is_duplicate=True)
    corrected = as_planned(found, Plan((twice,), (), "d", is_empty=False))
    assert (corrected.verdict, [(reason.name, reason.subjects) for reason in corrected.reasons]) == (
        Verdict.DATA_LOSS,
        [("made-twice", ("pet.a",)), ("forgotten", (VPC,))],
    )
    assert corrected.reasons[0].cure == "--allow-duplicate 'pet.a'"
    assert as_planned(found, Plan((), (), "d", is_empty=True)) == found


def test_an_id_that_two_resources_of_a_type_share_proves_nothing() -> None:
    then = having(PLAIN, inventory={"aws_vpc.a": "x", "aws_vpc.b": "x"})
    assert judge(having(PLAIN, inventory={"aws_vpc.c": "x"}), then).verdict is Verdict.OK


def test_an_id_of_another_type_is_another_thing() -> None:
    then = having(PLAIN, inventory={"aws_s3_bucket_policy.b": "shop"})
    assert judge(having(PLAIN, inventory={"aws_s3_bucket.a": "shop"}), then).verdict is Verdict.DATA_LOSS


def test_types_that_hold_data_are_known_on_every_cloud() -> None:
    assert {"aws_db_instance", "google_sql_database_instance", "azurerm_managed_disk"} <= HOLDING_TYPES
    assert {"kubernetes_persistent_volume_claim", "aws_kms_key", "aws_s3_bucket", "aws_dynamodb_table"} <= HOLDING_TYPES
    assert not [name for name in HOLDING_TYPES if "_" not in name or name.lower() != name]


# --- generated pairs ---

TYPES = ("aws_vpc", "aws_db_instance", "terraform_data")
ADDRESSES = st.builds(
    "{}{}.{}{}".format,
    st.sampled_from(("", "module.a.", 'module.b["x.y"].')),
    st.sampled_from(TYPES),
    st.sampled_from(("one", "two")),
    st.sampled_from(("", "[0]", "[1]", '["k"]')),
)
INVENTORIES = st.dictionaries(ADDRESSES, st.sampled_from(("", "i-1", "i-2", "i-3", "i-4", "i-5")), max_size=8)
VERSIONS = st.sampled_from(("4.67.0", "5.90.0", "5.90.1", "5.100.0", "6.0.0-beta1"))


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    inventory: Mapping[str, str] = draw(INVENTORIES)
    addresses = sorted(inventory)
    digests = st.sampled_from(("d1", "d2"))
    return having(
        Facts(),
        kind=draw(st.sampled_from((Kind.APPLY, Kind.APPLY, Kind.ROLLBACK, Kind.DESTROY))),
        engine=("terraform", draw(st.sampled_from(("1.9.8", "1.11.4", "1.13.0")))),
        backend=draw(st.sampled_from(("local", "s3 a"))),
        lineage=draw(st.sampled_from(("l-1", "l-1", "l-1", "l-2", ""))),
        providers={AWS: draw(VERSIONS)} if draw(st.booleans()) else {},
        lock_committed=draw(st.sampled_from((True, False, None))),
        types={kind: AWS for kind in TYPES if any(f"{kind}." in address for address in addresses)},
        schema_versions=draw(st.dictionaries(st.sampled_from(TYPES), st.integers(1, 3), max_size=2)),
        inventory=inventory,
        protected=frozenset(draw(st.lists(st.sampled_from(addresses), max_size=3))) if addresses else frozenset(),
        forgotten=draw(st.dictionaries(ADDRESSES, st.sampled_from(("", "i-1", "i-9")), max_size=2)),
        modules={"net": draw(st.sampled_from(("a/vpc/aws ~> 5.0", "a/vpc/aws 5.1.0")))},
        downloads=download(draw(digests)) if draw(st.booleans()) else {},
    )


@settings(max_examples=500, deadline=None)
@given(facts(), facts())
def test_for_any_two_cards_the_verdict_keeps_its_promises(today: Facts, then: Facts) -> None:
    found = judge(today, then)
    badness = [reason.verdict.badness for reason in found.reasons]
    assert found.verdict.badness == max(badness, default=0), "the worst reason decides"
    assert badness == sorted(badness, reverse=True)
    assert all(reason.text and reason.name for reason in found.reasons)
    assert all(reason.cure for reason in found.reasons if reason.verdict not in (Verdict.OK, Verdict.BRIDGED))

    # Going to where one stands costs nothing, unless there is nothing to stand on.
    same = judge(today, today)
    assert (same.verdict is Verdict.OK) == (today.kind is not Kind.DESTROY)
    assert today.kind is Kind.DESTROY or not [reason for reason in same.reasons if reason.name != "no-lock"]

    # One more protected thing that would be lost never makes it better, and is always named.
    new = 'module.new.aws_vpc.kept["x"]'
    worse = judge(
        having(today, inventory={**today.stack.inventory, new: ""}, protected=(*today.stack.protected, new)), then
    )
    assert worse.verdict.badness >= max(found.verdict.badness, Verdict.DATA_LOSS.badness)
    assert new in {name for reason in worse.reasons if reason.name == "protected" for name in reason.subjects}

    # A protected address of either version is named, bridged, or still there.
    moved_or_kept = _addresses(found, "moved") | then.stack.inventory.keys()
    for address in protections(today, then) & today.stack.inventory.keys():
        if address not in moved_or_kept and "moved" not in {reason.name for reason in found.reasons}:
            assert address in _addresses(found, "protected")

    # What moved one way moves the other way, too.
    assert len(_addresses(judge(then, today), "moved")) == len(_addresses(found, "moved"))

    # Ids that nobody knows can't be bridged: the verdict is the same or worse, never silently better.
    blind = judge(_without_ids(today), _without_ids(then))
    assert "moved" not in {reason.name for reason in blind.reasons}


def _addresses(judgement: Any, name: str) -> set[str]:
    return {address for reason in judgement.reasons if reason.name == name for address in reason.subjects}


def _without_ids(given_facts: Facts) -> Facts:
    return having(given_facts, inventory=dict.fromkeys(given_facts.stack.inventory, ""))


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(ADDRESSES, st.uuids().map(str), min_size=1, max_size=8))
def test_a_version_with_every_address_renamed_is_bridged_whole(inventory: dict[str, str]) -> None:
    renamed = {f"module.other.{address}": known for address, known in inventory.items()}
    found = judge(
        having(Facts(), inventory=renamed, protected=frozenset(renamed)), having(Facts(), inventory=inventory)
    )
    assert found.verdict is Verdict.BRIDGED
    assert _addresses(found, "moved") == inventory.keys()


# --- what the engine at hand can't do ---


@pytest.mark.parametrize(
    ("here", "today", "is_blocked"),
    [
        (("terraform", "1.10.9"), PLAIN, True),
        (("terraform", "1.11.0"), PLAIN, False),
        (("tofu", "1.9.0"), PLAIN, False),
        (("", ""), PLAIN, False),
        (("terraform", "1.10.9"), GONE, False),
    ],
)
def test_an_engine_older_than_todays_state_blocks_every_way(
    here: tuple[str, str], today: Facts, is_blocked: bool
) -> None:
    found = judge(today, today, here=here)
    assert (found.verdict is Verdict.BLOCKED) is is_blocked
    if is_blocked:
        [reason] = found.reasons
        assert (reason.name, reason.cure) == ("older-engine", "--engine PATH, of terraform 1.11.4 or newer")


# --- what a cloud doesn't take back ---


def update(kind: str, path: str, before: str, after: str, action: Action = Action.UPDATE) -> Plan:
    change = ResourceChange(f"{kind}.main", kind, action, attributes=(AttributeChange(path, before, after),))
    return Plan((change,), (), "d", is_empty=False)


@pytest.mark.parametrize(
    ("kind", "path", "before", "after", "refused"),
    [
        ("aws_db_instance", "engine_version", '"15.4"', '"14.9"', True),
        ("aws_db_instance", "engine_version", '"9.6"', '"10.1"', False),
        ("aws_db_instance", "engine_version", '"15.10"', '"15.9"', True),
        ("aws_db_instance", "engine_version", '"15.4"', '"15"', False),
        ("aws_db_instance", "engine_version", '"15.4"', "(known after apply)", False),
        ("aws_db_instance", "instance_class", '"db.t3.large"', '"db.t3.a"', False),
        ("aws_db_instance", "allocated_storage", "100", "20", True),
        ("aws_rds_cluster", "engine_version", '"8.0.mysql_aurora.3.04.0"', '"5.7.mysql_aurora.2.11.2"', True),
        ("aws_elasticache_replication_group", "engine_version", '"7.1"', '"6.x"', True),
        ("aws_elasticache_replication_group", "engine_version", '"6.2"', '"6.x"', False),
        ("aws_eks_cluster", "version", '"1.30"', '"1.29"', True),
        ("aws_eks_cluster", "version", '"1.9"', '"1.10"', False),
        ("aws_mq_broker", "engine_version", '"5.18"', '"5.17.6"', True),
        ("aws_opensearch_domain", "engine_version", '"OpenSearch_1.3"', '"Elasticsearch_7.10"', True),
        ("aws_instance", "root_block_device[0].volume_size", "50", "20", True),
        ("google_sql_database_instance", "database_version", '"POSTGRES_15"', '"POSTGRES_14"', True),
        ("my_thing", "size", "5", "4", False),
    ],
)
def test_values_that_only_go_forward_are_refused(kind: str, path: str, before: str, after: str, refused: bool) -> None:
    found = refused_downgrades(update(kind, path, before, after))
    assert bool(found) is refused
    assert all(reason.verdict is Verdict.BLOCKED and reason.subjects == (f"{kind}.main",) for reason in found)


def test_tfops_yaml_adds_to_the_list_and_replacements_are_another_matter() -> None:
    plan = update("my_thing", "inner[0].size", "5", "4")
    [reason] = refused_downgrades(plan, ["my_thing.inner.size"])
    assert reason.text == "my_thing.main: inner[0].size can't go from 5 back to 4"
    assert not refused_downgrades(update("aws_eks_cluster", "version", '"1.30"', '"1.29"', Action.REPLACE))


def test_a_module_that_could_not_be_read_is_named_and_what_it_held_is_protected() -> None:
    """`docs/reference/identity-card.md`, `unread`: its addresses are among the protected ones of the card."""
    today = having(PLAIN, inventory={"module.app.a.b": "1"}, protected=frozenset({"module.app.a.b"}))
    found = judge(having(today, unread=frozenset({"module.app"})), having(PLAIN, inventory={}))
    assert [reason.name for reason in found.reasons] == ["protected", "unread"]
    assert found.verdict is Verdict.DATA_LOSS
    assert "module.app could not be read" in found.reasons[1].text
