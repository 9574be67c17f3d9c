"""What is told: shapes, signatures, templates, and not too much of it."""

import hashlib
import hmac
import json
from dataclasses import replace

from tfops.agent.messages import Allowance, Notice, concerns, message, sentence, signed
from tfops.contacts import TellRule

_NEWS = Notice(
    "applied", "shop", "is now v3", "2026-11-25T12:00:00+00:00", env="dev", version="v3", commit="1a2b3c4d" + "0" * 32
)
_RULE = TellRule("json", "HOOK", events=("applied", "failed"), environments=("dev",))


def test_who_hears_what() -> None:
    assert concerns(_RULE, _NEWS)
    assert not concerns(_RULE, replace(_NEWS, env="prod"))
    assert not concerns(_RULE, replace(_NEWS, event="drifted"))
    assert concerns(replace(_RULE, environments=()), replace(_NEWS, env="prod"))


def test_machines_get_every_field_and_a_signature() -> None:
    body = message(_RULE, _NEWS)
    assert json.loads(body)["version"] == "v3"
    headers = signed(body, b"secret", at=_NEWS.at)
    digest = hmac.new(b"secret", _NEWS.at.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers == {"X-Tfops-Timestamp": _NEWS.at, "X-Tfops-Signature-256": f"sha256={digest}"}


def test_people_get_one_line_that_is_no_markup() -> None:
    hostile = replace(_NEWS, text="<!channel> & co", more=4)
    assert json.loads(message(replace(_RULE, to="slack"), hostile)) == {
        "text": "✓ shop dev: &lt;!channel&gt; &amp; co (1a2b3c4d) (and 4 more)"
    }
    [card] = json.loads(message(replace(_RULE, to="teams"), _NEWS))["attachments"]
    assert card["content"]["body"][0]["text"] == "✓ shop dev: is now v3 (1a2b3c4d)"


def test_a_template_puts_fields_in_and_evaluates_nothing() -> None:
    assert sentence("{env} -> {version}", _NEWS) == "dev -> v3"
    assert sentence("{env.__class__}{nothing}", replace(_NEWS, text="{version}")) == ""
    assert sentence("{text}", replace(_NEWS, text="{version}")) == "{version}"


def test_what_is_too_much_is_counted_and_said_with_the_next() -> None:
    allowance = Allowance(per_minute=2)
    passed = [allowance.pass_on(_NEWS, now) for now in (0, 1, 2, 3, 31, 32)]
    assert [found.more if found else None for found in passed] == [0, 0, None, None, 2, None]
