"""What a tag says of a resource, told from its bytes: never the same where the cards differ."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.support.cards import make_card
from tfops.ledger.card import decode_card, encode_card
from tfops.ledger.card_part import CardPart
from tfops.records.card import Card, ModuleUsed
from tfops.resolve.blame import module_of

WEB = 'module.web.aws_vpc.main["a"]'


def _card(*, known: str = "vpc-1", digest: str = "d" * 40) -> Card:
    card = make_card("c" * 40, modules={"db": ModuleUsed("db", "e" * 40), "web": ModuleUsed("web", digest)})
    stack = replace(card.stacks["main"], inventory={"module.db.a.b": "1", WEB: known}, protected=(WEB,))
    return replace(card, stacks={"main": stack})


def _part(card: Card, address: str = WEB) -> bytes:
    message = encode_card(card, "x")
    assert decode_card(message, "t") == card
    about = CardPart.at(address, module_of(address))
    assert about
    return about.part(f"object 1\n\n{message}".encode())


def _stack(card: Card, **changes: Any) -> Card:
    return replace(card, stacks={"main": replace(card.stacks["main"], **changes)})


def test_what_is_about_other_resources_makes_no_difference() -> None:
    card = _card()
    others = (
        replace(card, version=7, branch="other", rendered_digest="1" * 64),
        replace(card, modules={**card.modules, "db": ModuleUsed("db", "f" * 40)}),
        _stack(card, inventory={WEB: "vpc-1", "module.zoo.a.b": "2"}, serial_after=9, schema_versions={"aws_vpc": 2}),
    )
    assert _part(card) and {_part(card)} == {_part(other) for other in others}


@pytest.mark.parametrize(
    "changed",
    [
        lambda _: _card(known="vpc-2"),
        lambda _: _card(digest="f" * 40),
        lambda card: _stack(card, inventory={"module.db.a.b": "1"}, protected=(WEB,), forgotten={WEB: "vpc-1"}),
        lambda card: replace(card, stacks={"other": card.stacks["main"]}),
        lambda card: replace(card, modules={"db": card.modules["db"]}),
    ],
)
def test_what_is_about_the_resource_does(changed: Callable[[Card], Card]) -> None:
    assert _part(changed(_card())) not in (_part(_card()), b"")


def test_of_several_stacks_each_has_its_own() -> None:
    card = _card()
    both = replace(card, stacks={"app": card.stacks["main"], "net": _card(known="vpc-2").stacks["main"]})
    gone = replace(both, stacks={"app": replace(both.stacks["app"], inventory={}), "net": both.stacks["net"]})
    assert _part(both, f"app/{WEB}") != _part(both, f"net/{WEB}")
    assert _part(both, f"net/{WEB}") == _part(gone, f"net/{WEB}")
    assert _part(both, f"app/{WEB}") != _part(gone, f"app/{WEB}")


def test_where_it_can_not_be_told_nothing_is_said() -> None:
    card = _card()
    assert _part(_stack(card, moved={WEB: "module.old.aws_vpc.main"})) == b""
    assert CardPart.at('module.web.a.b["é"]', "web") is None
    about = CardPart.at(WEB, "web")
    message = encode_card(card, "x").encode()
    assert about and about.part(message)
    damaged = (
        message.replace(b"Tfops-Schema", b"Schema"),
        message.replace(b'\n  "stacks"', b'\n   "stacks"'),
        message.replace(b'\n      "inventory"', b'\n     "inventory"'),
        message.replace(b'\n  "modules"', b'\n "modules"'),
    )
    assert [about.part(one) for one in (*damaged, b"", b"a person's own tag\n")] == [b""] * 6
