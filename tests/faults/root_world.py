"""The same environment as a root module that somebody wrote by hand: its backend stands in its code, what is wished for
in a file of values beside it, and its module lies outside of its folder."""

import json
import random
from pathlib import Path

from tests.faults.backends import Backend
from tests.faults.world import MODULE, World
from tests.support.sandbox import new_sandbox, with_remote
from tests.support.state_server import StateServer

_ROOT = "live/dev"
_CODE = """\
terraform {{
  backend "http" {{
    address        = "{place}"
    lock_address   = "{place}"
    unlock_address = "{place}"
    lock_method    = "LOCK"
    unlock_method  = "UNLOCK"
    retry_max      = 0
  }}
}}
variable "things" {{ type = any }}
variable "witness" {{ type = string }}
variable "seconds" {{ type = number }}
variable "waits" {{ type = bool }}
module "main" {{
  source  = "../../parts/witnessed"
  things  = var.things
  witness = var.witness
  seconds = var.seconds
  waits   = var.waits
}}
"""


class RootWorld(World):
    """Addresses are those of a generated root, as the root has a module `main` too."""

    def _write_wish(self) -> None:
        self.shop.write(f"{_ROOT}/terraform.tfvars.json", json.dumps(self._inputs()))


def new_root_world(folder: Path, states: StateServer, engine: str, *, seed: int) -> RootWorld:
    rules = f"version: 1\nproject: shop\nenvironments:\n  dev: {{branch: main, root: {_ROOT}}}\n"
    shop = new_sandbox(folder / "shop", engine, rules=rules)
    shop.write("parts/witnessed/main.tf", MODULE)
    shop.write(f"{_ROOT}/main.tf", _CODE.format(place=f"{states.address}/of/root"))
    shop.commit("Start")
    with_remote(shop, folder / "remote.git")
    return RootWorld(shop, Backend("root", ""), random.Random(seed))
