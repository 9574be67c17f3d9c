"""Resource addresses and ids as text.

An address is `module.db["a"].aws_db_instance.main[0]`; in an environment of several stacks the stack stands before
it: `network/module.vpc.aws_vpc.main`. A hidden id is `sha256:` and the first digits of its digest.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeVar

from tfops.records.names import MAIN_STACK, StackName

Value = TypeVar("Value")

# An engine's own address has a dot before anything that could hold a slash.
_QUALIFIED = re.compile(r"([a-z0-9-]+)/(.+)", re.DOTALL)
_DIGITS = re.compile(r"([0-9]+)")
_KEY = re.compile(r'\["(?:[^"\\]|\\.)*"\]|\[[0-9]+\]')


def qualified(stack: str, address: str) -> str:
    """The address as it is told apart in the whole environment; in a single file it is the engine's own."""
    return f"{stack}/{address}" if address and stack != MAIN_STACK else address


def module_prefix(path: str) -> str:
    """What stands before the addresses of a module, by its path in dots (`app.inner`); nothing for the root."""
    return "".join(f"module.{step}." for step in path.split(".") if step)


def split(address: str) -> tuple[StackName, str]:
    """The stack and the engine's own address."""
    match = _QUALIFIED.fullmatch(address)
    return (StackName(match[1]), match[2]) if match else (MAIN_STACK, address)


def in_its_stack(address: str, stack: str) -> tuple[str, str]:
    """The same where a stack may be named beside the address: empty for none."""
    found, own = split(address)
    return (stack if own == address else found), own


def in_stack(stack: str, values: Mapping[str, Value]) -> dict[str, Value]:
    """Those of one stack, by the engine's own addresses."""
    parts = ((split(address), value) for address, value in values.items())
    return {address: value for (found, address), value in parts if found == stack}


def natural(address: str) -> tuple[tuple[int, str], ...]:
    """For sorting as people count: `[2]` before `[12]`."""
    parts = enumerate(_DIGITS.split(address))
    return tuple((len(part.lstrip("0")), part.lstrip("0")) if place % 2 else (0, part) for place, part in parts)


def without_keys(address: str) -> str:
    """The address of the block that all instances come from: `module.db.aws_db_instance.main`."""
    return _KEY.sub("", address)


def with_masked_keys(address: str, mask: Callable[[str], str]) -> str:
    """The address with its keys put through `mask`. Types, names and modules are code, which hides nothing."""
    return _KEY.sub(lambda key: mask(key[0]), address)


def code_of(address: str) -> list[str]:
    """The parts of an address that stand in the configuration: what is left of it without its keys."""
    return [part for part in _KEY.split(split(address)[1]) if part]


@lru_cache(maxsize=65_536)  # verdicts over thousands of versions ask for the same addresses again and again
def is_resource(address: str) -> bool:
    """Whether an address leads to a resource, and not to a module, whatever modules are on the way."""
    own = without_keys(split(address)[1]).split(".")
    return len(own) % 2 == 0 and own[-2:-1] != ["module"]


@lru_cache(maxsize=65_536)
def type_of(address: str) -> str:
    """The resource type that an address of a resource ends with."""
    return without_keys(split(address)[1]).split(".")[-2]


# Terraform and OpenTofu get the same providers by the same names, each from a registry of its own.
TERRAFORM_REGISTRY, TOFU_REGISTRY = "registry.terraform.io/", "registry.opentofu.org/"


def registry_of(*, is_tofu: bool) -> str:
    """Where an engine looks for the providers that name no registry."""
    return TOFU_REGISTRY if is_tofu else TERRAFORM_REGISTRY


def other_registry(registry: str) -> str:
    """The other engine's."""
    return registry_of(is_tofu=registry == TERRAFORM_REGISTRY)


def provider_of(address: str) -> str:
    """The provider's address, the same for both registries: `registry.opentofu.org/x/y` is the first one's `x/y`."""
    return re.sub(rf"^{re.escape(TOFU_REGISTRY)}", TERRAFORM_REGISTRY, address)


def providers_by_name(providers: Mapping[str, str]) -> dict[str, str]:
    """The same provider of either engine's registry is one, and the usual registry goes without saying."""
    return {provider_of(name).removeprefix(TERRAFORM_REGISTRY): version for name, version in providers.items()}


_HIDDEN = "sha256:"
_DIGEST_LENGTH = 16


def hidden_id(known: str) -> str:
    """A digest that still tells whether two ids are the same; of a hidden or an empty id, itself."""
    if not known or is_hidden(known):
        return known
    return _HIDDEN + hashlib.sha256(known.encode()).hexdigest()[:_DIGEST_LENGTH]


def is_hidden(known: str) -> bool:
    return known.startswith(_HIDDEN)


def is_same_id(one: str, other: str) -> bool:
    """An id that isn't known is no other one."""
    if not (one and other):
        return True
    return hidden_id(one) == hidden_id(other) if is_hidden(one) or is_hidden(other) else one == other
