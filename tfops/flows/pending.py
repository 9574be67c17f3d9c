"""Between "applied" and "recorded": the card waits on disk, and the next command records it."""

import json
from typing import Any

from tfops.flows.project import Project
from tfops.flows.ui import Ui
from tfops.ledger.card import Card
from tfops.ledger.versions import read_card, record_version, versions_of
from tfops.model import EnvName, Version
from tfops.system.workspace import read_json, write_file


def keep_pending(project: Project, card: Card, headline: str) -> None:
    """Write the card down before anything is pushed: from here on it can't be lost."""
    content = {"headline": headline, "card": card.model_dump(mode="json")}
    write_file(project.workspace.pending(EnvName(card.environment)), json.dumps(content))


def record_pending(project: Project, env: EnvName) -> Card:
    """Record the card that waits. Raises NotRecorded when the remote can't be reached; it waits on."""
    path = project.workspace.pending(env)
    content: Any = read_json(path)
    recorded = record_version(project.repository, Card.model_validate(content["card"]), content["headline"])
    path.unlink()
    project.workspace.forget_runs(env)
    return recorded


def settle_pending(project: Project, env: EnvName, ui: Ui) -> Card | None:
    """Finish what an earlier run could not: returns the version that it recorded, None if nothing waited."""
    content: Any = read_json(project.workspace.pending(env))
    if not isinstance(content, dict):
        return None
    card = Card.model_validate(content["card"])
    if _is_recorded(project, env, card):
        project.workspace.pending(env).unlink()
        return None
    recorded = record_pending(project, env)
    ui.note(f"{env} was applied earlier but not recorded: recorded as {Version(recorded.version)}")
    return recorded


def _is_recorded(project: Project, env: EnvName, card: Card) -> bool:
    """Whether the tag was made before the run that made it died."""
    later = [
        record for record in versions_of(project.repository, env).versions if record.version.number >= card.version
    ]
    return any(read_card(project.repository, record).run_id == card.run_id for record in later)
