"""What a state bucket lacks: only ever more, never less."""

from dataclasses import replace
from typing import Any

import pytest

from tfops.buckets import BucketFacts, StateBucket
from tfops.resolve.bucket import findings_of, lifecycle_with_ours, missing_statements, missing_steps, policy_with_ours

WANTED = StateBucket("tf", "eu-west-1")
WHOLE = BucketFacts(
    exists=True,
    region="eu-west-1",
    is_versioned=True,
    encryption="AES256",
    blocks=frozenset("abcd"),
    policy=policy_with_ours(WANTED, {}),
    lifecycle=tuple(lifecycle_with_ours([])),
)


def means(wanted: StateBucket, facts: BucketFacts) -> list[str]:
    return [step.means for step in missing_steps(wanted, facts)]


def test_a_whole_bucket_lacks_nothing_and_an_absent_one_everything() -> None:
    assert means(WANTED, WHOLE) == []
    assert not any(finding.is_problem for finding in findings_of(WANTED, WHOLE))
    everything = ["bucket", "versioning", "encryption", "public access", "policy", "lifecycle"]
    assert means(WANTED, BucketFacts(exists=False)) == everything


@pytest.mark.parametrize(
    ("change", "lacks"),
    [
        ({"is_versioned": False}, "versioning"),
        ({"encryption": ""}, "encryption"),
        ({"blocks": frozenset("abc")}, "public access"),
        ({"policy": {}}, "policy"),
        ({"lifecycle": ()}, "lifecycle"),
    ],
)
def test_each_gap_is_one_step_and_one_problem(change: dict[str, Any], lacks: str) -> None:
    facts = replace(WHOLE, **change)
    assert means(WANTED, facts) == [lacks]
    assert [finding.topic for finding in findings_of(WANTED, facts) if finding.is_problem] == [lacks]


def test_a_stricter_encryption_stays_and_a_weaker_one_does_not() -> None:
    kms = replace(WHOLE, encryption="aws:kms", kms_key_id="other")
    assert means(WANTED, kms) == []
    assert means(replace(WANTED, kms_key_id="mine"), WHOLE) == ["encryption"]
    assert means(replace(WANTED, kms_key_id="mine"), kms) == []


def test_what_cant_be_read_is_never_overwritten() -> None:
    hidden = replace(WHOLE, policy={}, unreadable={"policy": "AccessDenied"})
    assert means(WANTED, hidden) == []
    [problem] = [finding for finding in findings_of(WANTED, hidden) if finding.is_problem]
    assert problem.text == "can't be read: AccessDenied"


@pytest.mark.parametrize("said", ["false", "False", False])
def test_a_tls_only_statement_of_ones_own_counts_however_it_is_spelt(said: Any) -> None:
    own = {
        "Sid": "Secure",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": ["s3:*"],
        "Resource": ["arn:aws:s3:::tf/*", "arn:aws:s3:::tf"],
        "Condition": {"Bool": {"aws:SecureTransport": said}},
    }
    assert [item["Sid"] for item in missing_statements(WANTED, {"Statement": own})] == [
        "TfopsKeepVersions",
        "TfopsKeepStates",
    ]


def test_a_statement_of_ours_that_was_watered_down_is_added_under_another_name() -> None:
    policy = policy_with_ours(WANTED, {})
    policy["Statement"][2] |= {"Resource": "arn:aws:s3:::tf/elsewhere/*"}
    merged = policy_with_ours(WANTED, policy)["Statement"]
    assert merged[:3] == policy["Statement"]
    assert merged[3]["Sid"] == "TfopsKeepStates2" and merged[3]["Resource"] == "arn:aws:s3:::tf/*.tfstate"


def test_policies_name_the_partition_that_the_region_is_in() -> None:
    assert StateBucket("tf", "cn-north-1").arn == "arn:aws-cn:s3:::tf"
    assert StateBucket("tf", "us-gov-west-1").arn == "arn:aws-us-gov:s3:::tf"


def test_a_table_is_made_or_refused_by_its_key() -> None:
    wanted = replace(WANTED, table="locks")
    assert means(wanted, WHOLE) == ["lock table"]
    found = list(findings_of(wanted, replace(WHOLE, table_key="id")))
    assert [item.text for item in found if item.is_problem] == ["locks has the key id, Terraform needs LockID"]


def test_copies_are_made_where_there_are_none_and_never_changed() -> None:
    wanted = replace(WANTED, replica="copy", replica_role="arn:aws:iam::123456789012:role/copies")
    facts = BucketFacts(exists=True, region="eu-west-1", copied_to=())
    assert [step.text for step in missing_steps(wanted, facts)][-1] == "copy states to the bucket copy (replication)"
    elsewhere = replace(facts, copied_to=("arn:aws:s3:::other",))
    assert "replication" not in [step.means for step in missing_steps(wanted, elsewhere)]
    found = [(item.text, item.is_problem) for item in findings_of(wanted, elsewhere) if item.topic == "replication"]
    assert found == [("states are copied to other", False), ("states are not copied to copy", True)]
    assert "replication" not in [item.topic for item in findings_of(WANTED, facts)]


def test_a_store_without_tls_is_not_locked_for_everybody() -> None:
    plain = replace(WHOLE, policy={}, has_tls=False)
    [step] = missing_steps(WANTED, plain)
    assert step.text == (
        "add to the policy: neither bucket nor old versions can be deleted, states can't be deleted   "
        "(not TLS only: this store is reached over plain HTTP)"
    )
    written = policy_with_ours(WANTED, {}, has_tls=False)
    assert [item["Sid"] for item in written["Statement"]] == ["TfopsKeepVersions", "TfopsKeepStates"]
    whole = replace(plain, policy=written)
    assert means(WANTED, whole) == []
    findings = {finding.topic: finding for finding in findings_of(WANTED, whole)}
    assert findings["policy"].text == "bucket, states and their versions can't be deleted"
    assert findings["transport"].text.startswith("this store is reached over plain HTTP")
    assert not findings["transport"].is_problem
