"""Which environments a selection means, and what it says when it means none."""

from collections.abc import Mapping

import pytest

from tfops.errors import Refused, UsageError
from tfops.records.names import EnvName
from tfops.resolve.selection import Selection, choose, parse_labels

LABELS: dict[str, dict[str, str]] = {
    "dev": {"tier": "dev"},
    "prod-eu": {"tier": "prod", "team": "web"},
    "prod-us": {"tier": "prod", "team": "data"},
    "tools": {},
}


def labels_of(env: EnvName) -> Mapping[str, str]:
    return LABELS[env]


def chosen(*globs: str, labels: tuple[str, ...] = ()) -> tuple[str, ...]:
    selection = Selection(globs=globs, labels=parse_labels(labels))
    return choose(selection, [EnvName(env) for env in LABELS], labels_of)


@pytest.mark.parametrize(
    ("globs", "labels", "expected"),
    [
        ((), (), ("dev", "prod-eu", "prod-us", "tools")),
        (("prod-*",), (), ("prod-eu", "prod-us")),
        (("tools", "prod-[e]*"), (), ("prod-eu", "tools")),
        ((), ("tier=prod",), ("prod-eu", "prod-us")),
        ((), ("tier=prod", "team=web"), ("prod-eu",)),
        ((), ("team=web", "team=data"), ("prod-eu", "prod-us")),
        (("prod-us", "dev"), ("tier=prod",), ("prod-us",)),
    ],
)
def test_what_is_said_in_several_ways_must_all_be_so(
    globs: tuple[str, ...], labels: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    assert chosen(*globs, labels=labels) == expected


@pytest.mark.parametrize(
    ("globs", "labels", "what", "hint"),
    [
        (("dve",), (), "--env 'dve' is no environment", "did you mean `dev`?"),
        (("dev", "pord-*"), (), "--env 'pord-*' matches no environment", "did you mean `prod-*`?"),
        ((), ("tire=prod",), "no environment has the label 'tire=prod'", "did you mean `tier=prod`?"),
        ((), ("team=wbe",), "no environment has the label 'team=wbe'", "did you mean `team=web`?"),
        (("dev",), ("tier=dev", "tier=x"), "no environment has the label 'tier=x'", "did you mean `tier=dev`?"),
    ],
)
def test_a_pattern_or_a_label_that_meets_none_is_refused(
    globs: tuple[str, ...], labels: tuple[str, ...], what: str, hint: str
) -> None:
    with pytest.raises(Refused) as refused:
        chosen(*globs, labels=labels)
    assert (refused.value.guard, refused.value.what) == ("nothing-selected", what)
    assert refused.value.hint.startswith(hint)


def test_labels_that_no_environment_has_together_are_refused() -> None:
    with pytest.raises(Refused, match="no environment fits --label team=data --label tier=dev") as refused:
        choose(Selection(labels=parse_labels(["team=data", "tier=dev"])), [EnvName(env) for env in LABELS], labels_of)
    assert refused.value.guard == "nothing-selected"


@pytest.mark.parametrize("text", ["team", "=web", "team="])
def test_a_label_is_a_key_and_a_value(text: str) -> None:
    with pytest.raises(UsageError, match="is not a label"):
        parse_labels([text])
