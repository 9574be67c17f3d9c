"""What real engines are asked when they are recorded: stories with a project, each a case below tests/data/engine.

A test that plays a case walks over the same modules and inputs, in whatever order: each step was walked here.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.support.recorded_project import Shop, forked
from tfops.errors import TfopsError

# `kind` replaces, `keys` come and go.
THING = """\
variable "value" { type = string }
variable "kind" {
  type    = string
  default = "plain"
}
variable "keys" {
  type    = set(string)
  default = []
}
resource "terraform_data" "main" {
  input            = var.value
  triggers_replace = var.kind
}
resource "terraform_data" "each" {
  for_each   = var.keys
  input      = each.key
  depends_on = [terraform_data.main]
}
output "value" { value = terraform_data.main.output }
"""

# `first` is made, then `second` needs the file GO in the root: without it the engine fails, or is killed.
FAILING = """\
variable "value" { type = string }
variable "without" { type = string }
resource "terraform_data" "first" { input = var.value }
resource "terraform_data" "second" {
  triggers_replace = var.value
  depends_on       = [terraform_data.first]
  provisioner "local-exec" { command = "test -e GO || ${var.without}" }
}
resource "terraform_data" "third" { input = terraform_data.second.id }
"""
FAILS, KILLS = "exit 1", "kill -9 $PPID"

# What uses the replaced object can't be made without GO: until then the old object stays, deposed.
DEPOSED = """\
variable "value" { type = string }
resource "terraform_data" "main" {
  triggers_replace = var.value
  lifecycle { create_before_destroy = true }
}
resource "terraform_data" "user" {
  triggers_replace = terraform_data.main.id
  provisioner "local-exec" { command = "test -e GO" }
}
"""

SECRET = """\
variable "token" {
  type      = string
  sensitive = true
}
resource "terraform_data" "main" { input = var.token }
output "shown" { value = "plain" }
output "token" {
  value     = terraform_data.main.output
  sensitive = true
}
"""

BROKEN = """\
variable "value" { type = string }
resource "terraform_data" "main" { input = tonumber(var.value) }
"""

ABSENT = """\
terraform {
  required_providers {
    absent = { source = "tfops/absent" }
  }
}
resource "absent_thing" "main" {}
"""

OLD_NAME = 'resource "terraform_data" "old" { input = "x" }\n'
NEW_NAME = OLD_NAME.replace("old", "new") + "moved {\n  from = terraform_data.old\n  to   = terraform_data.new\n}\n"
LET_GO = "removed {\n  from = terraform_data.old\n  lifecycle { destroy = false }\n}\n"

NETWORK = """\
variable "cidr" { type = string }
resource "terraform_data" "vpc" { input = var.cidr }
output "vpc_id" { value = terraform_data.vpc.id }
"""
APP = """\
variable "vpc" { type = string }
resource "terraform_data" "app" { input = var.vpc }
"""

MODULES = {
    "thing": THING,
    "failing": FAILING,
    "deposed": DEPOSED,
    "secret": SECRET,
    "broken": BROKEN,
    "absent": ABSENT,
    "net": NETWORK,
    "app": APP,
}

Case = Callable[[Shop], None]
CASES: dict[str, Case] = {}


def case(story: Case) -> Case:
    CASES[story.__name__] = story
    return story


def root(shop: Shop, stack: str = "main", env: str = "dev") -> Path:
    return shop.workspace / f"roots/{env}/{stack}"


def let_go(shop: Shop) -> None:
    """What failed for want of it works from now on."""
    (root(shop) / "GO").touch()


@contextlib.contextmanager
def state_lock(path: Path) -> Iterator[None]:
    """Somebody's engine holds a state's lock, as the `local` backend takes it."""
    info = {
        "ID": "11111111-2222-3333-4444-555555555555",
        "Operation": "OperationTypeApply",
        "Info": "",
        "Who": "bob@elsewhere",
        "Version": "1.11.4",
        "Created": "2026-01-01T00:00:00Z",
        "Path": path.name,
    }
    beside = path.with_name(f".{path.name}.lock.info")
    beside.write_text(json.dumps(info))
    taken, released = os.pipe(), os.pipe()

    def hold() -> None:
        os.close(released[1])
        with path.open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX)
            os.write(taken[1], b"-")
            os.read(released[0], 1)

    pid = forked(hold)  # a process that merely reads the file would lose its lock of it
    os.read(taken[0], 1)
    try:
        yield
    finally:
        os.close(released[1])
        os.waitpid(pid, 0)
        for end in (*taken, released[0]):
            os.close(end)
        beside.unlink()


def one(shop: Shop) -> str:
    return shop.wants("thing", value="one")


def two(shop: Shop) -> str:
    return shop.wants("thing", value="two")


def other(shop: Shop) -> str:
    """Replaces what `one` and `two` have."""
    return shop.wants("thing", value="two", kind="other")


def keyed(shop: Shop) -> str:
    """As `two`, with two more resources."""
    return shop.wants("thing", value="two", keys=["a", "b"])


def name_it(shop: Shop, text: str) -> str:
    """The module `named` says this."""
    shop.write("modules/named/main.tf", text)
    return shop.wants("named")


def stacks(shop: Shop, cidr: str) -> str:
    """`app` takes from `network`; `db` stands alone."""
    (shop.path / "environments/dev.yaml").unlink(missing_ok=True)
    bodies = {
        "network": {"net": {"source": "net", "inputs": {"cidr": cidr}}},
        "app": {"app": {"source": "app", "inputs": {"vpc": "${stack.network.vpc_id}"}}},
        "db": {"thing": {"source": "thing", "inputs": {"value": "db"}}},
    }
    for name, modules in bodies.items():
        shop.write(f"environments/dev/{name}.yaml", json.dumps({"modules": modules}))
    return shop.commit(f"stacks over {cidr}")


@case
def life(shop: Shop) -> None:
    """Every way between four contents and nothing, forward and back, and looks at each."""
    ways = [one, two, one, other, two, keyed, one, keyed, other, one, two, other, keyed, two]
    for content in ways:
        content(shop)
        shop.apply()
        shop.apply(allowed=["older"])
        shop.look()
    shop.destroy()
    for content in (two, other, keyed, one):
        content(shop)
        shop.apply()
        shop.destroy()
        shop.destroy()
    one(shop)
    shop.apply()
    two(shop)
    with state_lock(shop.state_file()), contextlib.suppress(TfopsError):
        shop.apply()
    shop.on_terminal("yes", before=lambda: renumber(shop.state_file()))
    with contextlib.suppress(TfopsError):
        shop.apply(yes=False)


def renumber(path: Path) -> None:
    """Somebody wrote the state meanwhile."""
    state = json.loads(path.read_text())
    path.write_text(json.dumps(state | {"serial": state["serial"] + 1}))


def _stopping(shop: Shop, without: str) -> None:
    for value in ("one", "two"):
        with contextlib.suppress(FileNotFoundError):
            (root(shop) / "GO").unlink()
        shop.wants("failing", value=value, without=without)
        with contextlib.suppress(TfopsError):
            shop.apply()
        shop.recover()
        let_go(shop)
        shop.apply()
    second = ["module.main.terraform_data.second"]
    shop.rollback("v1", allow_destroy=second)
    (root(shop) / "GO").unlink()
    shop.wants("failing", value="two", without=without)
    with contextlib.suppress(TfopsError):
        shop.apply(allowed=["held"])
    let_go(shop)
    shop.rollback("v1", allow_destroy=second)


@case
def stopping(shop: Shop) -> None:
    """Applies that fail half-way, from nothing and from a version; from there on to the end, and back."""
    _stopping(shop, FAILS)


@case
def killed(shop: Shop) -> None:
    """The engine is killed half-way, and says no word of it."""
    _stopping(shop, KILLS)


@case
def deposed(shop: Shop) -> None:
    """A replacement that stops before its old object is destroyed, and then doesn't."""
    shop.wants("deposed", value="one")
    shop.plan()
    let_go(shop)
    shop.apply()
    (root(shop) / "GO").unlink()
    shop.wants("deposed", value="two")
    with contextlib.suppress(TfopsError):
        shop.apply()
    let_go(shop)
    shop.apply()


@case
def secret(shop: Shop) -> None:
    """An input and an output that nobody may see."""
    for token in ("s3cret-one", "s3cret-two"):
        os.environ["SHOP_TOKEN"] = token
        shop.wants("secret", token={"from": "env:SHOP_TOKEN"})
        shop.apply()
        shop.apply()


@case
def broken(shop: Shop) -> None:
    """A plan that fails, with the position of what is wrong."""
    shop.wants("broken", value="four")
    with contextlib.suppress(TfopsError):
        shop.plan()
    shop.wants("broken", value="4")
    shop.apply()


@case
def absent(shop: Shop) -> None:
    """A provider that is nowhere to be found."""
    shop.wants("absent")
    with contextlib.suppress(TfopsError):
        shop.plan()


@case
def renamed(shop: Shop) -> None:
    """A resource moves to another name, and back; is let go alive, and taken in again by its id."""
    for text in (OLD_NAME, NEW_NAME):
        name_it(shop, text)
        shop.apply()
    shop.rollback("v1")
    name_it(shop, LET_GO)
    shop.apply(allowed=["held"])
    shop.rollback("v3")


@case
def several(shop: Shop) -> None:
    """Stacks: all at once, a change that runs through, one alone, none."""
    stacks(shop, "10.0.0.0/16")
    shop.plan()
    shop.apply()
    stacks(shop, "10.1.0.0/16")
    shop.plan()
    shop.apply(only=["network"])
    shop.apply()
    shop.apply()
    shop.rollback("v1")
    shop.destroy()
