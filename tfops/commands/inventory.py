"""`inventory`: what the current versions are made of, without asking any backend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfops.commands.named import environment_with_versions
from tfops.ledger.versions import list_versions, read_plain_card
from tfops.records.addresses import qualified
from tfops.records.names import EnvName
from tfops.views.inventory import InventoryResult

if TYPE_CHECKING:
    from tfops.change.project import Project
    from tfops.change.ui import Ui


def inventory(project: Project, env: str | None, *, everything: bool, fetch: bool, ui: Ui) -> InventoryResult:
    """What the current version of one environment (or of all) is made of, without asking any backend."""
    repository = project.repository
    if fetch:
        project.fetch_here(ui)
    wanted = None if everything else environment_with_versions(project, env)
    found: dict[EnvName, dict[str, str]] = {}
    for name, listing in sorted(list_versions(repository, wanted).items()):
        if listing.latest:
            stacks = read_plain_card(repository, listing.latest)["stacks"]
            found[name] = {
                qualified(stack, address): known
                for stack, part in stacks.items()
                for address, known in part["inventory"].items()
            }
    return InventoryResult(found)
