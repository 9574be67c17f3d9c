"""The identity card in a tag's message: there and back, unforgeable, and refused when it isn't ours."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.cards import make_card
from tests.support.golden import assert_golden
from tests.support.samples import NOW, sha
from tfops.errors import Refused
from tfops.ledger.card import decode_card, encode_card
from tfops.ledger.codec import encode
from tfops.records.card import Approval, Card, ModuleUsed
from tfops.records.check import CheckOutcome, Verification
from tfops.records.commit import Person
from tfops.records.hold import Hold
from tfops.records.version import Kind, Verified

TAG = "tfops/dev/v1"
HOLD = Hold(reason="rolled back to v1", by="Ann", since=NOW)
CHECK = CheckOutcome(name="smoke", result=Verified.FAILED, duration_s=2.5, why="exit code 1")
NASTY = "# not a comment\n\n{\n}\nTfops-Commit: forged\n\n--- é 漢 \x1b[31m"


def card(**changes: Any) -> Card:
    return make_card(sha("a"), **changes)


def trailers(message: str) -> dict[str, str]:
    """The last paragraph, as Git reads it."""
    lines = message.rstrip("\n").rpartition("\n\n")[2].splitlines()
    return dict((name, value) for name, _, value in (line.partition(": ") for line in lines))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"kind": Kind.ROLLBACK, "restores": 3, "from_version": 4, "hold": HOLD},
        {"outputs": {"app": {"text": NASTY, "number": 1.5, "deep": [{"a": None}, True], "big": 10**30}}},
        {"applied_by": Person(name=NASTY, email=NASTY), "author": Person(name="é", email="")},
        {"verified": Verification(result=Verified.FAILED, checks=(CHECK,))},
        {"run": "https://ci.example.com/1?a=b#frag", "branch": "release/1", "providers": {"registry/x": "1.0"}},
        {"modules": {"app": ModuleUsed(source="service", digest="t" * 40), "vpc": ModuleUsed(source="a/b/c ~> 5")}},
        {"approvals": (Approval(who="Ann", when=NOW, digest="e" * 64, how="terminal"),)},
    ],
)
def test_a_card_comes_back_as_it_was(changes: dict[str, Any]) -> None:
    original = card(**changes)
    assert decode_card(encode_card(original, "3 created"), TAG) == original


def test_the_message_is_a_line_for_people_the_card_and_trailers() -> None:
    message = encode_card(card(kind=Kind.ROLLBACK, restores=1, version=3, hold=HOLD), "1 created, 0 deleted")
    assert_golden("card.txt", message)
    assert trailers(message) == {
        "Tfops-Schema": "1",
        "Tfops-Kind": "rollback",
        "Tfops-Commit": sha("a"),
        "Tfops-Branch": "main",
        "Tfops-By": "ann",
        "Tfops-At": "2026-11-01T12:00:00+00:00",
        "Tfops-Restores": "v1",
        "Tfops-Hold": "rolled back to v1",
    }


def test_trailers_without_a_value_are_left_out() -> None:
    assert "Tfops-Restores" not in encode_card(card(), "x")
    assert "Tfops-Hold" not in encode_card(card(), "x")
    assert "Tfops-Branch" not in encode_card(card(branch=""), "x")


@pytest.mark.parametrize(
    "name",
    [
        "Eve\nTfops-Commit: " + sha("f"),
        "Eve\n\nTfops-Commit: " + sha("f"),
        "Eve\r\nTfops-Commit: x",
        "Eve\x85Tfops-Commit: x",
        "Eve\u2028Tfops-Commit: x",
        "Eve\x0bTfops-Commit: x\x0c",
    ],
    ids=ascii,
)
def test_a_name_with_newlines_cannot_forge_a_trailer(name: str) -> None:
    person = Person(name=name, email="eve@example.com")
    hold = Hold(reason=name, by=name, since=NOW)
    message = encode_card(card(applied_by=person, author=person, hold=hold, branch=name), name)
    assert trailers(message)["Tfops-Commit"] == sha("a")
    assert [line for line in message.split("\n") if line.startswith("Tfops-Commit")] == [f"Tfops-Commit: {sha('a')}"]
    assert decode_card(message, TAG).applied_by.name == name


def test_no_line_begins_with_a_hash_whatever_the_values() -> None:
    message = encode_card(card(outputs={"a": {"b": "\n# gone\n#"}}, branch="#x"), "# head\n# two")
    assert not [line for line in message.split("\n") if line.startswith("#")]
    assert message.split("\n")[0] == "dev v1: # head # two"


def test_the_headline_cannot_hide_the_card() -> None:
    original = card()
    assert decode_card(encode_card(original, "\n{\n}\n\n{}\n"), TAG) == original


def tampered(**changes: Any) -> str:
    """A message whose card has other fields."""
    head, _, rest = encode_card(card(), "x").partition("\n\n")
    body, _, foot = rest.rpartition("\n\n")
    return f"{head}\n\n{json.dumps(json.loads(body) | changes, indent=2)}\n\n{foot}"


def test_unknown_fields_are_ignored_and_not_kept() -> None:
    found = decode_card(tampered(new_field={"x": 1}, plan={"digest": "d", "heard": 3}), TAG)
    assert found.plan.digest == "d"
    assert "new_field" not in encode(found)
    assert "heard" not in encode(found)


@pytest.mark.parametrize(
    "message",
    [
        tampered(schema=2),
        tampered(schema=2, kind="teleport").replace("Tfops-Schema: 1", "Tfops-Schema: 2"),
        'prod v3: things\n\n{\n  "all": "new"\n}\n\nTfops-Schema: 7\nTfops-Kind: apply\n',
    ],
    ids=["only the schema", "a new kind", "all new"],
)
def test_a_card_of_a_newer_schema_asks_for_an_upgrade(message: str) -> None:
    with pytest.raises(Refused) as caught:
        decode_card(message, TAG)
    assert caught.value.guard == "newer-tfops"
    assert caught.value.hint == "upgrade tfops: tfops docs install says how"


@pytest.mark.parametrize(
    "message",
    [
        "",
        "\n",
        "release 1.0\n",
        "release\n\n{\n}\n",
        "release\n\n{}\n\nTfops-Schema: 1\n",
        "release\n\n{\n  broken\n}\n\nTfops-Schema: 1\n",
        "release\n\nTfops-Schema: ²\n",
        "release\n\nTfops-Schema: x\n",
        tampered(kind="teleport"),
        tampered(applied_at="yesterday"),
        tampered(stacks=None),
    ],
)
def test_a_message_that_is_not_tfops_own_is_refused(message: str) -> None:
    with pytest.raises(Refused) as caught:
        decode_card(message, TAG)
    assert caught.value.guard == "foreign-tag"
    assert caught.value.what == "the tag `tfops/dev/v1` holds no identity card that tfops can read"
    assert caught.value.hint == "look at it: git cat-file tag tfops/dev/v1"


def test_times_come_back_with_their_zone() -> None:
    found = decode_card(encode_card(card(applied_at=datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)), "x"), TAG)
    assert found.applied_at == datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
