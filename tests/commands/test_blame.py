"""`blame`: who made a resource or an input what it is, over any number of versions."""

import subprocess
from dataclasses import replace

import pytest

from tests.support.engine_cases import NEW_NAME, OLD_NAME, keyed, name_it, one, other, stacks, two
from tests.support.recorded_fixtures import Open
from tests.support.recorded_project import Shop, Witness
from tfops.commands.blame import blame
from tfops.errors import Refused
from tfops.ledger.card import encode_card
from tfops.views.blame import BlameResult

MAIN = "module.main.terraform_data.main"


def blamed(shop: Shop, thing: str) -> BlameResult:
    return blame(shop.project, "dev", thing, fetch=False, ui=Witness())


def told(result: BlameResult) -> list[str]:
    return [f"{step.kind} {step.record.version}" for step in result.steps]


def test_a_resource_says_when_it_was_made_and_what_was_changed_last(shop: Shop) -> None:
    shop.runs(one, two)
    found = blamed(shop, MAIN)
    assert told(found) == ["inputs changed v2", "created v1"]
    assert (found.known, found.times, found.looked_at) == (shop.card().inventory[MAIN], 0, 2)
    last, first = found.steps
    assert (last.before, last.after) == ({"value": "one"}, {"value": "two"})
    assert [commit.subject for commit in last.commits] == ["dev wants {'value': 'two'}"]
    assert [str(commit.author) for commit in first.commits] == ["ann <ann@example.com>"]


def test_a_replacement_and_an_end_are_versions_too(shop: Shop) -> None:
    shop.runs(two, other)
    replaced = blamed(shop, MAIN)
    assert told(replaced) == ["replaced v2", "inputs changed v2", "created v1"] and replaced.times == 1
    keyed(shop)
    shop.apply()
    two(shop)
    shop.apply()
    gone = blamed(shop, 'module.main.terraform_data.each["a"]')
    assert told(gone)[0] == "removed v4" and told(gone)[-1] == "created v3"
    assert gone.known, "the id that it had"


def test_moves_are_followed_by_what_the_cards_recorded(play: Open) -> None:
    shop = play("renamed")
    for text in (OLD_NAME, NEW_NAME):
        name_it(shop, text)
        shop.apply()
    new, old = "module.main.terraform_data.new", "module.main.terraform_data.old"
    found = blamed(shop, new)
    assert told(found) == ["moved v2", "module changed v2", "created v1"]
    assert (found.steps[0].before, found.steps[0].after, found.times) == (old, new, 0)
    left = blamed(shop, old)
    assert (told(left)[0], left.steps[0].after, left.known) == ("moved v2", new, found.known)


def test_an_input_says_when_it_was_set_and_changed_last(shop: Shop) -> None:
    shop.runs(one, two, keyed)
    found = blamed(shop, "inputs.main.value")
    assert (told(found), found.known, found.times) == (["changed v2", "set v1"], "two", 1)
    assert (found.steps[0].before, found.steps[0].after) == ("one", "two")
    assert told(blamed(shop, "inputs.keys")) == ["set v3"], "of whatever module has it"


def test_an_input_that_is_gone_says_since_when(shop: Shop) -> None:
    shop.runs(keyed, two)
    assert told(blamed(shop, "inputs.main.keys")) == ["removed v2", "set v1"]


def test_of_several_stacks_each_is_asked_by_its_name(play: Open) -> None:
    shop = play("several")
    for cidr in ("10.0.0.0/16", "10.1.0.0/16"):
        stacks(shop, cidr)
        shop.apply()
    assert told(blamed(shop, "network/module.net.terraform_data.vpc")) == ["inputs changed v2", "created v1"]
    assert told(blamed(shop, "inputs.network/net.cidr")) == ["changed v2", "set v1"]
    assert told(blamed(shop, "db/module.thing.terraform_data.main")) == ["created v1"]


def test_what_no_version_had_is_refused_with_the_nearest_names(shop: Shop) -> None:
    shop.runs(one)
    for thing, guard in (("module.main.terraform_data.mian", "unknown-address"), ("inputs.vlaue", "unknown-input")):
        with pytest.raises(Refused) as refused:
            blamed(shop, thing)
        assert refused.value.guard == guard and "did you mean" in refused.value.hint


def _with_more_versions(shop: Shop, many: int, more: int) -> int:
    """Versions of the same content on top of so `many`, written as fast as Git writes them; how many there are then."""
    card, parent = shop.card(), f"from {shop.git('rev-parse', 'refs/tfops/envs/dev')}\n"
    facts = "Tfops-Event: recorded\nTfops-By: ann\nTfops-At: 2026-01-01T00:00:00Z\n"
    person, stream = "ann <ann@example.com> 1700000000 +0000", ""
    for number in range(many + 1, many + more + 1):
        message = encode_card(replace(card, version=number), "no changes")
        event = f"dev v{number}: apply, no changes\n\n{facts}"
        stream += f"tag tfops/dev/v{number}\nfrom {card.commit}\ntagger {person}\n{_data(message)}"
        stream += f"commit refs/heads/events\ncommitter {person}\n{_data(event)}{parent}"
        stream += f"M 100644 inline count.json\n{_data(str(number))}"
        parent = ""
    argv = ["git", "-C", str(shop.path), "fast-import", "--quiet", "--force"]
    subprocess.run(argv, input=stream.encode(), check=True)
    shop.git("update-ref", "refs/tfops/envs/dev", "refs/heads/events")
    return many + more


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def test_the_price_does_not_grow_with_the_number_of_versions(shop: Shop) -> None:
    shop.runs(one)
    counts, many = [], 1
    for more in (300, 600):
        many = _with_more_versions(shop, many, more)
        project = shop.project
        for thing, first in ((MAIN, "created v1"), ("inputs.main.value", "set v1")):
            found = blame(project, "dev", thing, fetch=False, ui=Witness())
            assert (found.looked_at, told(found)[-1]) == (many, first)
        counts.append(project.repository.git.started)
    assert counts[0] == counts[1] <= 12, counts
