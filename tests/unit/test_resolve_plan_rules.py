"""`use:` in required_checks: what a plan must keep to."""

from typing import Any

from tfops.config.checks import PlanRule
from tfops.resolve.plan_rules import broken_by, sentence


def _item(address: str, *actions: str, **change: Any) -> dict[str, Any]:
    return {
        "address": address,
        "mode": "managed",
        "type": address.rpartition("module.")[2].split(".")[-2],
        "change": {"actions": list(actions), **change},
    }


def _broken(rule: PlanRule, *items: dict[str, Any]) -> list[str]:
    return [f"{address} {why}" for address, why in broken_by(rule, {"resource_changes": list(items)})]


GONE = _item("module.db.aws_db_instance.main", "delete")
ANEW = _item("aws_instance.web", "delete", "create")
MADE = _item("aws_instance.new", "create", after={})


def test_deletions_and_replacements_are_counted_and_named_once_they_are_too_many() -> None:
    rule = PlanRule("max-deletes", most=1)
    assert sentence(rule, _broken(rule, ANEW, MADE)) == ""
    assert sentence(rule, _broken(rule, GONE, ANEW, MADE)) == (
        "2 deleted or replaced, 1 allowed: module.db.aws_db_instance.main would be deleted; "
        "aws_instance.web would be replaced"
    )


def test_what_holds_data_stays_and_so_does_what_is_protected() -> None:
    assert _broken(PlanRule("keep-data"), GONE, ANEW) == [
        "module.db.aws_db_instance.main holds data and would be deleted"
    ]
    let_go = _item("module.db.aws_db_instance.main", "forget")
    assert _broken(PlanRule("keep-data"), let_go) == [
        "module.db.aws_db_instance.main holds data and would be let out of the state"
    ]
    rule = PlanRule("protected", addresses=("aws_instance.web",))
    assert _broken(rule, GONE, ANEW) == ["aws_instance.web is protected and would be replaced"]


def test_tags_are_required_of_what_can_have_them() -> None:
    rule = PlanRule("required-tags", tags=("team", "cost"))
    without = _item("aws_instance.a", "create", after={"tags": {"team": "web"}})
    by_provider = _item("aws_instance.b", "create", after={"tags": None, "tags_all": {"team": "x", "cost": "1"}})
    labels = _item("google_storage_bucket.c", "update", after={"labels": {}})
    no_tags = _item("aws_iam_role_policy.d", "create", after={"name": "x"})
    goes = _item("aws_instance.e", "delete", after=None)
    assert _broken(rule, without, by_provider, labels, no_tags, goes) == [
        "aws_instance.a has no tag cost",
        "google_storage_bucket.c has no tag team, cost",
    ]


def test_tags_that_nobody_knows_yet_do_not_pass_and_a_tag_whose_value_comes_later_does() -> None:
    rule = PlanRule("required-tags", tags=("team",))
    unknown = _item("aws_instance.a", "create", after={}, after_unknown={"tags": True, "tags_all": True})
    later = _item("aws_instance.b", "create", after={"tags": {}}, after_unknown={"tags": {"team": True}})
    assert _broken(rule, unknown, later) == ["aws_instance.a has tags_all that are known after the apply only"]


def test_a_long_list_is_cut_with_a_count() -> None:
    rule = PlanRule("keep-data")
    many = [_item(f"aws_s3_bucket.b{number}", "delete") for number in range(7)]
    assert sentence(rule, _broken(rule, *many)).endswith("aws_s3_bucket.b4 holds data and would be deleted and 2 more")


def test_data_sources_count_for_nothing() -> None:
    assert _broken(PlanRule("max-deletes"), GONE | {"mode": "data"}) == []
