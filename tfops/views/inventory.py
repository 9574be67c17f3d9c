"""`inventory`: what there is, by address and id."""

from __future__ import annotations

from collections.abc import Mapping

from tfops.dataclass import dataclass
from tfops.records.addresses import natural
from tfops.records.names import EnvName
from tfops.views import draw
from tfops.views.base import View, add_row, text_report
from tfops.views.words import plain


@dataclass(frozen=True, slots=True)
class InventoryResult:
    """The end of `inventory`: environment to address to the provider's id."""

    environments: Mapping[EnvName, Mapping[str, str]]


@text_report.register(InventoryResult)
def _inventory(result: InventoryResult, view: View) -> draw.Renderable:
    table = draw.Table("ENVIRONMENT", "ADDRESS", "ID")
    for env, addresses in result.environments.items():
        for address, known in sorted(addresses.items(), key=lambda item: natural(item[0])):
            add_row(table, env, address, draw.Text(plain(known), style="dim"))
    return table
