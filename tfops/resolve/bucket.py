"""What a state bucket lacks, decided from facts: for `backend create` as steps, for `backend check` as findings.

A bucket is only ever made safer: what is there and at least as strict stays as it is.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from tfops.buckets import BucketFacts, StateBucket
from tfops.dataclass import dataclass
from tfops.records.finding import Finding

Means = Literal[
    "bucket", "versioning", "encryption", "public access", "policy", "lifecycle", "lock table", "replication"
]

ALL_BLOCKS = 4
_OLD_DAYS = 90
_ALWAYS_KEPT = 50
_MINE = "tfops-old-versions"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to change, by the means that changes it."""

    means: Means
    text: str


def missing_steps(wanted: StateBucket, facts: BucketFacts) -> tuple[Step, ...]:
    """What `create` has to do, in order; nothing for a bucket that has it all."""
    steps: list[Step] = []
    if not facts.exists:
        steps.append(Step("bucket", f"create the bucket in {wanted.region}"))
    if not facts.is_versioned:
        steps.append(Step("versioning", "keep old versions (versioning)"))
    if _encryption_gap(wanted, facts):
        with_what = f"KMS key {wanted.kms_key_id}" if wanted.kms_key_id else "S3's own key (AES256)"
        steps.append(Step("encryption", f"encrypt by default with {with_what}"))
    if len(facts.blocks) < ALL_BLOCKS:
        steps.append(Step("public access", "block public access"))
    if missing := missing_statements(wanted, facts.policy, has_tls=facts.has_tls):
        text = f"add to the policy: {', '.join(_POLICY_WORDS[item['Sid']] for item in missing)}"
        steps.append(Step("policy", text if facts.has_tls else f"{text}   (not TLS only: {_PLAIN})"))
    if not _cleans_up(facts):
        text = f"remove old versions after {_OLD_DAYS} days, but keep {_ALWAYS_KEPT} of each (lifecycle)"
        steps.append(Step("lifecycle", text))
    if wanted.table and not facts.table_key:
        steps.append(Step("lock table", f"create the DynamoDB table {wanted.table}, protected from deletion"))
    if wanted.replica and not facts.copied_to:
        steps.append(Step("replication", f"copy states to the bucket {wanted.replica} (replication)"))
    return tuple(step for step in steps if step.means not in facts.unreadable)


def _encryption_gap(wanted: StateBucket, facts: BucketFacts) -> bool:
    if wanted.kms_key_id:
        return not facts.encryption.startswith("aws:kms")
    return not facts.encryption


def _cleans_up(facts: BucketFacts) -> bool:
    return any("NoncurrentVersionExpiration" in rule and rule.get("Status") == "Enabled" for rule in facts.lifecycle)


def lifecycle_with_ours(rules: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rules that are there, and ours."""
    ours = {
        "ID": _MINE,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": _OLD_DAYS, "NewerNoncurrentVersions": _ALWAYS_KEPT},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }
    return [*(rule for rule in rules if rule.get("ID") != _MINE), ours]


_POLICY_WORDS = {
    "TfopsOnlyTls": "TLS only",
    "TfopsKeepVersions": "neither bucket nor old versions can be deleted",
    "TfopsKeepStates": "states can't be deleted",
}


_PLAIN = "this store is reached over plain HTTP"


def _statements(wanted: StateBucket, *, has_tls: bool) -> list[dict[str, Any]]:
    """Where there is no TLS, a policy that allows nothing else would lock everybody out."""
    deny = {"Effect": "Deny", "Principal": "*"}
    both = [wanted.arn, f"{wanted.arn}/*"]
    only_tls = {
        "Sid": "TfopsOnlyTls",
        **deny,
        "Action": "s3:*",
        "Resource": both,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return [
        *([only_tls] if has_tls else []),
        {"Sid": "TfopsKeepVersions", **deny, "Action": ["s3:DeleteBucket", "s3:DeleteObjectVersion"], "Resource": both},
        {"Sid": "TfopsKeepStates", **deny, "Action": "s3:DeleteObject", "Resource": f"{wanted.arn}/*.tfstate"},
    ]


def missing_statements(wanted: StateBucket, policy: Mapping[str, Any], *, has_tls: bool = True) -> list[dict[str, Any]]:
    """Our statements that the policy doesn't hold, whatever they are called there."""
    present = [_nameless(item) for item in _listed(policy.get("Statement"))]
    return [item for item in _statements(wanted, has_tls=has_tls) if not any(_covers(found, item) for found in present)]


def policy_with_ours(wanted: StateBucket, policy: Mapping[str, Any], *, has_tls: bool = True) -> dict[str, Any]:
    """The policy that is there, with what it lacks."""
    taken = {item.get("Sid") for item in _listed(policy.get("Statement"))}
    added = [
        item | ({"Sid": f"{item['Sid']}2"} if item["Sid"] in taken else {})
        for item in missing_statements(wanted, policy, has_tls=has_tls)
    ]
    return {"Version": "2012-10-17", **policy, "Statement": [*_listed(policy.get("Statement")), *added]}


def _nameless(statement: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in statement.items() if key != "Sid"}


def _covers(found: Mapping[str, Any], ours: Mapping[str, Any]) -> bool:
    """Whether a statement denies at least what ours does."""
    if found.get("Effect") != "Deny" or found.get("Principal") not in ("*", {"AWS": "*"}):
        return False
    return (
        _conditions(found) == _conditions(ours)
        and set(_listed(ours["Action"])) <= set(_listed(found.get("Action")))
        and set(_listed(ours["Resource"])) <= set(_listed(found.get("Resource")))
    )


def _conditions(statement: Mapping[str, Any]) -> str:
    """Comparable: policies write booleans as text, in any case, and as JSON's own."""
    return json.dumps(statement.get("Condition", {}), sort_keys=True).lower().replace('"false"', "false")


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def findings_of(wanted: StateBucket, facts: BucketFacts) -> Iterator[Finding]:
    """One finding for each thing that a careful engineer would look at."""
    create = "tfops backend create"
    if not facts.exists:
        yield Finding("bucket", "there is none", is_problem=True, hint=create)
        return
    if facts.region and facts.region != wanted.region:
        text = f"it is in {facts.region}, tfops.yaml says {wanted.region}"
        yield Finding("bucket", text, is_problem=True, hint=f"in tfops.yaml: region: {facts.region}")
    else:
        yield Finding("bucket", f"in {wanted.region}")
    for topic, why in facts.unreadable.items():
        yield Finding(
            topic, f"can't be read: {why}", is_problem=True, hint="tfops docs aws: what it may do (Permissions)"
        )
    gaps = {step.means: step for step in missing_steps(wanted, facts)}
    for means, sound in _sound(wanted, facts).items():
        if means in facts.unreadable or not _is_asked_for(means, wanted):
            continue
        is_gap = means in gaps
        text = _LACKS[means] if is_gap else sound
        yield Finding(means, text, is_problem=is_gap, hint=create if is_gap else "")
    yield from _dangers(wanted, facts)


def _is_asked_for(means: Means, wanted: StateBucket) -> bool:
    """Whether tfops.yaml wants it; most of it every bucket must have."""
    return {"lock table": bool(wanted.table), "replication": bool(wanted.replica)}.get(means, True)


_LACKS: Mapping[Means, str] = {
    "versioning": "off: an overwritten state is gone for good",
    "encryption": "states are not encrypted as tfops.yaml says",
    "public access": "is not blocked",
    "policy": "allows what nobody needs: plain HTTP, or deleting states",
    "lifecycle": "old versions are never removed",
    "lock table": "there is none",
    "replication": "states are not copied",
}


def _sound(wanted: StateBucket, facts: BucketFacts) -> dict[Means, str]:
    return {
        "versioning": "on",
        "encryption": " ".join(filter(None, (facts.encryption, facts.kms_key_id))),
        "public access": "blocked",
        "policy": f"{'TLS only; ' if facts.has_tls else ''}bucket, states and their versions can't be deleted",
        "lifecycle": "old versions expire",
        "lock table": wanted.table,
        "replication": f"states are copied to {', '.join(arn.rpartition(':')[2] for arn in facts.copied_to)}",
    }


def _dangers(wanted: StateBucket, facts: BucketFacts) -> Iterator[Finding]:
    if wanted.table and facts.table_key not in ("", "LockID"):
        text = f"{wanted.table} has the key {facts.table_key}, Terraform needs LockID"
        yield Finding("lock table", text, is_problem=True, hint="name another table in tfops.yaml")
    if wanted.replica and facts.copied_to and wanted.replica_arn not in facts.copied_to:
        text = f"states are not copied to {wanted.replica}"
        yield Finding("replication", text, is_problem=True, hint="add a rule by hand: tfops changes none that is there")
    for rule in facts.lifecycle:
        expiry = rule.get("Expiration", {})
        if rule.get("Status") == "Enabled" and ("Days" in expiry or "Date" in expiry):
            text = f"the rule {rule.get('ID', '?')} deletes current states"
            yield Finding("lifecycle", text, is_problem=True, hint="take that rule out, or give it another prefix")
    if wanted.kms_key_id and facts.kms_key_id and not _same_key(wanted.kms_key_id, facts.kms_key_id):
        text = f"the bucket's default is another key than tfops.yaml's: {facts.kms_key_id}"
        yield Finding("encryption", text)
    if not facts.has_tls:
        yield Finding("transport", f"{_PLAIN}: states and what is secret in them pass in clear")
    allowed = sorted(set(_allowed(facts)))
    text = f"whom the account's IAM allows; by the policy: {', '.join(allowed) or 'nobody'}"
    yield Finding(
        "readers", text, is_problem="*" in allowed, hint="the policy lets everyone in" if "*" in allowed else ""
    )


def _same_key(one: str, other: str) -> bool:
    return one.rpartition("/")[2] == other.rpartition("/")[2]


def _allowed(facts: BucketFacts) -> Iterator[str]:
    """Principals of the bucket's policy; what IAM allows inside of the account is not visible here."""
    for item in _listed(facts.policy.get("Statement")):
        if item.get("Effect") == "Allow":
            yield from map(str, _principals(item.get("Principal")))


def _principals(principal: Any) -> list[Any]:
    if isinstance(principal, dict):
        return [item for value in principal.values() for item in _listed(value)]
    return _listed(principal)
