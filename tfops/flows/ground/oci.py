"""Modules from OCI registries, which OpenTofu alone fetches: Terraform is refused them, where they stand."""

from collections.abc import Callable, Iterable, Iterator

from tfops.config.document import Document
from tfops.config.environment import StackConfig
from tfops.config.modules.remote import remote_calls
from tfops.config.source import LocalSource, is_oci
from tfops.engine.locate import Engine
from tfops.errors import Refused
from tfops.model import Complaint
from tfops.system.trees import Tree

_HINT = "use OpenTofu (engine: {use: tofu} in tfops.yaml, or --engine tofu), or give the module another source"


def require_oci(engine: Engine, tree: Tree, stack: StackConfig, document: Callable[[], Document]) -> None:
    """Raises Refused (guard `oci-source`) where the engine can't fetch a stack's modules, or what they call.

    `document` is the stack's file.
    """
    if engine.is_tofu:
        return
    local = {module.source.path for module in stack.modules.values() if isinstance(module.source, LocalSource)}
    found = [*oci_sources(stack, document), *oci_calls(tree, local)]
    if found:
        why = "\n".join(f"{one.mark}: {one.message}" for one in found)
        raise Refused("oci-source", f"{engine} can't fetch a module from an OCI registry", why=why, hint=_HINT)


def oci_sources(stack: StackConfig, document: Callable[[], Document]) -> Iterator[Complaint]:
    """The modules of a stack's file that come from there."""
    for name, module in stack.modules.items():
        if is_oci(module.source.text):
            yield document().complaint(("modules", name, "source"), _words(name, module.source.text), _HINT)


def oci_calls(tree: Tree, folders: Iterable[str]) -> Iterator[Complaint]:
    """The calls of such modules in folders below `modules/`, in the files that Terraform reads."""
    for call in remote_calls(tree, folders, is_tofu=False):
        if is_oci(call.source):
            yield Complaint(call.mark, _words(call.name, call.source), call.line, _HINT)


def _words(name: str, source: str) -> str:
    return f"`{name}` comes from an OCI registry ({source}), and only OpenTofu fetches from there"
