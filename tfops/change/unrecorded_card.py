"""Between "applied" and "recorded": the card waits on disk, and the next command records it."""

import json
from collections.abc import Mapping
from typing import Any

from tfops.change.project import Project
from tfops.change.remote_answers import refusal
from tfops.change.snapshot import Snapshot
from tfops.change.ui import Ui
from tfops.errors import NotRecorded, Refused
from tfops.ledger.codec import from_plain, to_plain
from tfops.ledger.record import FencedError, LostRaceError, record_version
from tfops.ledger.versions import read_card
from tfops.records.card import Card
from tfops.records.names import EnvName
from tfops.system import failpoint, signals
from tfops.system.remote import RemoteUnreachable
from tfops.system.workspace import read_json, write_file

_RECORDED_FIRST = "The version was recorded first."


def record(facts: Snapshot, card: Card, headline: str, *, base: str | None, root: Mapping[str, str]) -> Card:
    """Write the card down here, then record it: from the first moment on it can't be lost.

    `base` as in `record_version`. Raises NotRecorded when the remote can't be reached or refuses (the card
    waits on), FencedError when the lock was broken, LostRaceError when the world moved on under a change of
    nothing: in these two the card is dropped. So it is when a change of nothing is refused: nothing waits for it.
    """
    env, project = EnvName(card.environment), facts.project
    content = {
        "headline": headline,
        "base": base,
        "root": dict(root),
        "card": to_plain(card),
    }
    path = project.workspace.pending(env)
    with signals.deferred(_RECORDED_FIRST):
        write_file(path, json.dumps(content))
        failpoint.reach("card-written")
        try:
            return _record_pending(facts)
        except (LostRaceError, FencedError):
            path.unlink()
            raise
        except (NotRecorded, Refused) as error:
            if base is None:
                raise
            path.unlink()
            raise _as_refusal(error, project, env) from error


def _as_refusal(error: NotRecorded | Refused, project: Project, env: EnvName) -> Refused:
    cause = error.__cause__
    if isinstance(error, Refused) or not isinstance(cause, RemoteUnreachable):
        return error if isinstance(error, Refused) else Refused("moved-on", error.what, why=error.why, hint=error.hint)
    return refusal(cause, project.repository.remote, f"{env} needs no change, and that could not be recorded")


def _record_pending(facts: Snapshot) -> Card:
    project, env = facts.project, facts.env
    path = project.workspace.pending(env)
    content: Any = read_json(path)
    recorded = record_version(
        project.repository,
        facts.refs,
        from_plain(Card, content["card"]),
        content["headline"],
        base=content["base"],
        root=content["root"],
    )
    failpoint.reach("recorded")
    path.unlink()
    project.workspace.forget_runs(env)
    return recorded


def settle_pending(facts: Snapshot, ui: Ui) -> Card | None:
    """Finish what an earlier run could not: returns the version that it recorded, None if nothing waited."""
    path = facts.project.workspace.pending(facts.env)
    content: Any = read_json(path)
    if not isinstance(content, dict):
        return None
    card = from_plain(Card, content["card"])
    recorded = _already_recorded(facts, card)
    if recorded is None:
        try:
            with signals.deferred(_RECORDED_FIRST):
                recorded = _record_pending(facts)
        except LostRaceError:  # it had changed nothing, and others went on since: nothing is lost
            path.unlink()
            return None
        except FencedError as error:  # said once; the next plan shows what the world is like
            path.unlink()
            ui.warn(error.what)
            return None
        return recorded
    path.unlink()
    return recorded


def _already_recorded(facts: Snapshot, card: Card) -> Card | None:
    """The card as it was recorded, when the tag was pushed before the run that made it died."""
    later = [record for record in facts.listing.versions if record.version.number >= card.version]
    cards = (read_card(facts.project.repository, record) for record in later)
    return next((found for found in cards if found.run_id == card.run_id), None)
