"""What the comparison of saved plans plans: stories of steps, each the whole configuration of one plan.

Several cases stand in one plan wherever they don't change each other.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One plan. `before` are engine commands, `outside` changes the real world first."""

    name: str
    hcl: str
    flags: tuple[str, ...] = ()
    before: tuple[tuple[str, ...], ...] = ()
    fails: bool = False
    is_applied: bool = False
    apply_code: int = 0
    outside: str = ""


_SCALARS = """\
locals {
  scalars = {
    none = null, yes = true, no = false, zero = 0, small = -7, byte = 200, short = -300, word = 70000
    big = 5000000000, most = 9223372036854775807, least = -9223372036854775808, more = 9223372036854775808
    half = 0.5, tenth = 0.1, price = 40.3, tiny = 1e-7, huge = 1e30, digits = 12345678901234567890123
    empty = "", text = "x", number_text = "0.1", umlaut = "äöü 🙂", lines = "a\\nb\\t\\"c\\"", code = "$${x} %%{y}"
    long = join("", [for n in range(70) : "0123456789"])
    longer = join("", [for n in range(700) : join("", [for m in range(10) : "0123456789"])])
  }
  collections = {
    list = [1, 2, 3], tuple = [1, "x", null, [true]], set = toset(["b", "a", "c"]), map = tomap({ b = 1.5, a = 0.1 })
    objects = toset([{ a = 1, b = 0.3 }, { a = 2, b = 0.2 }]), none = [], nothing = {}, empty_map = tomap({})
    deep = { a = [{ b = { c = [[0.1], [2]] } }] }, many = [for n in range(20) : { n = n }]
    wide = { for n in range(20) : "key-${n}" => n }
  }
}
"""

_VALUES = (
    _SCALARS
    + """\
variable "secret" {
  default   = "hunter-two"
  sensitive = true
}
resource "terraform_data" "known" {
  input            = { scalars = local.scalars, collections = local.collections }
  triggers_replace = [local.scalars.tenth, "x"]
}
resource "terraform_data" "unknown" {
  input = {
    id = terraform_data.known.id, list = [1, terraform_data.known.id], set = toset(["a", terraform_data.known.id])
    object = { in = { id = terraform_data.known.output } }, known = { list = [1], map = {} }
    text   = "x-${terraform_data.known.id}"
  }
}
resource "terraform_data" "secret" {
  input = {
    open = "x", closed = var.secret, list = ["a", var.secret], map = { k = var.secret }, all = toset([var.secret])
  }
}
resource "terraform_data" "whole" { input = var.secret }
resource "terraform_data" "typed" { input = TYPED }
output "scalars" { value = local.scalars }
output "collections" { value = local.collections }
output "unknown" { value = { id = terraform_data.known.id, list = [terraform_data.known.output, 1], open = 0.1 } }
output "whole" { value = terraform_data.known.output }
output "null" { value = null }
output "text" { value = OUTPUT }
output "secret" {
  value     = { a = var.secret }
  sensitive = true
}
"""
)


def _values(typed: str = '"text"', output: str = '"x"') -> str:
    return _VALUES.replace("TYPED", typed).replace("OUTPUT", output)


VALUES = (
    Step("every kind of value is made", _values(), is_applied=True),
    Step("nothing changes", _values()),
    Step("only an output changes", _values(output="0.25"), is_applied=True),
    Step("an output becomes null", _values(output="null"), is_applied=True),
    Step("a value of any type becomes another one", _values("{ a = [0.1] }", "[1]"), is_applied=True),
    Step(
        "values change",
        _values('{ a = ["0.1", null] }', "[1, 0.1]").replace("price = 40.3", "price = 40.4").replace("none = [],", ""),
        is_applied=True,
    ),
    Step("a secret changes", _values().replace("hunter-two", "hunter-three"), is_applied=True),
    Step("what was secret is open", _values().replace("sensitive = true", "")),
    Step("the trigger of a replacement changes", _values().replace('tenth, "x"', 'price, "x"')),
    Step("outputs go", _values().partition('output "unknown"')[0], is_applied=True),
    Step("all goes", _values(), flags=("-destroy",)),
    Step("only what was looked at", _values(), flags=("-refresh-only",)),
)

_KEYS = '["a.b", "a\\"b", "a[0]", "ü", "$${x}", "module.x", "a b", "/", "\\\\", "0"]'
_LIVES = f"""\
module "inner" {{
  source   = "./inner"
  for_each = toset(["one", "t.wo"])
  text     = each.key
}}
resource "terraform_data" "each" {{
  for_each = toset({_KEYS})
  input    = each.key
}}
resource "terraform_data" "counted" {{
  count = 3
  input = count.index
}}
resource "terraform_data" "first" {{ input = "first" }}
resource "terraform_data" "left" {{ input = "left" }}
resource "terraform_data" "twice" {{
  triggers_replace = "one"
  lifecycle {{ create_before_destroy = true }}
}}
resource "terraform_data" "after" {{
  input = "one"
  lifecycle {{
    replace_triggered_by = [terraform_data.first]
    precondition {{
      condition     = terraform_data.counted[0].input != 7
      error_message = "it may not be two"
    }}
  }}
}}
check "first" {{
  assert {{
    condition     = terraform_data.first.output == "first"
    error_message = "it isn't the first"
  }}
}}
output "each" {{ value = terraform_data.each["a.b"].output }}
"""
_MOVED = """\
moved {
  from = terraform_data.first
  to   = terraform_data.moved["x"]
}
moved {
  from = module.inner["one"]
  to   = module.inner["three"]
}
removed {
  from = terraform_data.left
  lifecycle { destroy = false }
}
resource "terraform_data" "moved" {
  for_each = toset(["x"])
  input    = "first"
}
import {
  to = terraform_data.imported
  id = "brought-along"
}
resource "terraform_data" "imported" {}
"""


def _without(hcl: str, *names: str) -> str:
    for name in names:
        start = hcl.index(f'resource "terraform_data" "{name}"')
        hcl = hcl[:start] + hcl[hcl.index("\nresource" if "\nresource" in hcl[start:] else "\ncheck", start) + 1 :]
    return hcl


_AFTER_MOVE = (
    _without(_LIVES, "first", "left")
    .replace("terraform_data.first.output", 'terraform_data.moved["x"].output')
    .replace("[terraform_data.first]", "[terraform_data.moved]")
    .replace('["one", "t.wo"]', '["three"]')
    .replace("count = 3", "count = 1")
    .replace('"a b", ', "")
    + _MOVED
)
_OTHER = _LIVES.replace('input = "first"', 'input = "other"')
LIVES = (
    Step("keys of every kind are made", _LIVES, is_applied=True),
    Step("a part is asked for", _LIVES.replace('"left"', '"went"', 1), flags=("-target=terraform_data.first",)),
    Step("a replacement is asked for", _LIVES, flags=('-replace=terraform_data.each["a.b"]',)),
    Step("a resource is damaged", _LIVES, before=(("taint", "terraform_data.counted[1]"),)),
    Step("both orders of replacement", _LIVES.replace('triggers_replace = "one"', 'triggers_replace = "two"')),
    Step("another one triggers it", _OTHER, is_applied=True),
    Step("only a check flips", _OTHER.replace('output == "first"', 'output == "other"')),
    Step("a condition isn't met", _LIVES.replace("input != 7", "input == 7"), fails=True),
    Step("moved, removed, forgotten, imported, counted down", _AFTER_MOVE),
    Step("the same, only looked at", _AFTER_MOVE, flags=("-refresh-only",)),
    Step("all goes", _LIVES, flags=("-destroy",), is_applied=True),
)

_NEEDS = """\
terraform {
  required_providers {
    demo = { source = "tfops/demo" }
  }
}
variable "secret" {
  default   = "hunter-two"
  sensitive = true
}
"""
_RICH = (
    _NEEDS
    + """\
resource "demo_rich" "all" {
  content  = "all"
  secret   = "pass-word"
  secrets  = { a = "pass-phrase" }
  count_of = 40.5
  flag     = true
  names    = ["a", "b"]
  zones    = ["z", "y", "x"]
  labels   = { b = "1", a = var.secret }
  fixed    = "one"
  rule {
    port     = 1
    password = "pass-code"
  }
  rule { port = 2 }
  member {
    name  = "m"
    token = "tok-en"
  }
  lifecycle { create_before_destroy = CREATES_FIRST }
}
resource "demo_rich" "least" {
  for_each = toset(["a", "b"])
  content  = each.key
}
resource "demo_rich" "later" {
  content = "later"
  secret  = demo_rich.all.generated
  names   = [demo_rich.all.generated, "x"]
  labels  = { a = demo_rich.all.generated, b = "x" }
  rule { password = demo_rich.all.generated }
  member { token = demo_rich.all.generated }
}
resource "demo_password" "one" { content = "one" }
resource "demo_thing" "thing" { content = "thing" }
data "demo_lookup" "now" {
  key      = "now"
  password = "pass-now"
}
data "demo_lookup" "later" {
  key      = demo_rich.all.generated
  password = "pass-later"
}
output "token" {
  value     = data.demo_lookup.later.token
  sensitive = true
}
output "rich" {
  value     = demo_rich.all
  sensitive = true
}
"""
)


def _rich(*, creates_first: bool = False) -> str:
    return _RICH.replace("CREATES_FIRST", str(creates_first).lower())


_ROTATED = (
    _rich()
    .replace("pass-word", "new-word")
    .replace("pass-phrase", "new-phrase")
    .replace("tok-en", "new-tok")
    .replace("rule { port = 2 }", 'rule { port = 2 }\n  rule { password = "added-code" }')
    .replace("content  = each.key", 'content  = each.key\n  secret   = "added-${each.key}"')
)
_REPLACED = (
    _ROTATED.replace('fixed    = "one"', 'fixed    = "two"')
    .replace("pass-code", "new-code")
    .replace("rule { port = 2 }", 'rule { password = "second-code" }\n  rule { password = "third-code" }')
    .replace('name  = "m"', 'name  = "n"')
    .replace('secrets  = { a = "new-phrase" }', 'secrets  = { b = "other-phrase" }')
    .replace('{ content = "one" }', '{ content = "two" }')
)
_TAKEN = """\
import {
  to = demo_thing.taken
  id = "there"
}
resource "demo_thing" "taken" { content = "there" }
import {
  to = demo_thing.changed
  id = "here"
}
resource "demo_thing" "changed" { content = "other" }
import {
  to = demo_rich.changed
  id = "there"
}
resource "demo_rich" "changed" {
  content = "there"
  secret  = "new-word"
  rule { password = "new-code" }
}
import {
  to = demo_rich.replaced
  id = "here"
}
resource "demo_rich" "replaced" {
  content = "here"
  secret  = "new-word"
  fixed   = "new"
  rule { password = "new-code" }
}
"""
RICH = (
    Step("every kind of attribute and block is made", _rich(), is_applied=True),
    Step("nothing changes", _rich()),
    Step("secrets are rotated", _ROTATED, is_applied=True),
    Step("a replacement brings new secrets", _REPLACED),
    Step("the same in the other order", _REPLACED.replace("destroy = false", "destroy = true"), is_applied=True),
    Step("blocks and values go", _rich().replace("rule { port = 2 }", "").replace('secret   = "pass-word"', "")),
    Step("things change outside", _REPLACED, outside="drift"),
    Step("the same, only looked at", _REPLACED, flags=("-refresh-only",)),
    Step("things that are there are taken in", _REPLACED + _TAKEN, outside="import", is_applied=True),
    Step("a damaged one is made anew", _REPLACED + _TAKEN, before=(("taint", "demo_rich.all"),)),
    Step(
        "a replacement that can't delete the old one",
        _rich(creates_first=True).replace('fixed    = "one"', 'fixed    = "three"'),
        outside="refuse",
        is_applied=True,
        apply_code=1,
    ),
    Step("what it left is cleaned up", _rich(creates_first=True).replace('fixed    = "one"', 'fixed    = "three"')),
    Step("all goes", _rich(), flags=("-destroy",)),
)

STORIES = {"values": VALUES, "lives": LIVES, "rich": RICH}
