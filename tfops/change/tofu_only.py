"""Modules that OpenTofu alone can take: Terraform is refused them, where they stand.

It can't fetch from an OCI registry. Of a module in `*.tofu` files it sees nothing: it would take the module for empty,
and destroy what it made.
"""

from collections.abc import Callable, Iterable, Iterator

from tfops.config.document import Document
from tfops.config.environment import StackConfig
from tfops.config.modules.calls import module_calls
from tfops.config.modules.module import is_module_file, is_tofu_file
from tfops.config.names import is_local_source
from tfops.config.source import LocalSource, is_oci
from tfops.engine.locate import Engine
from tfops.errors import Refused
from tfops.records.complaint import Complaint
from tfops.system.trees import Tree

_HINT = "use OpenTofu: engine: {use: tofu} in tfops.yaml, or --engine tofu"


def require_tofu_where_needed(engine: Engine, tree: Tree, stack: StackConfig, document: Callable[[], Document]) -> None:
    """Raises Refused (guard `needs-tofu`) where the engine is Terraform and can't take a stack's modules, or what they
    call. `document` is the stack's file."""
    if engine.is_tofu:
        return
    local = {module.source.path for module in stack.modules.values() if isinstance(module.source, LocalSource)}
    found = [*for_tofu_alone(tree, stack, document), *calls_for_tofu_alone(tree, local)]
    if found:
        why = "\n".join(f"{one.mark}: {one.message}" for one in found)
        raise Refused("needs-tofu", f"{engine} can't take the modules of this commit", why=why, hint=_HINT)


def for_tofu_alone(tree: Tree, stack: StackConfig, document: Callable[[], Document]) -> Iterator[Complaint]:
    """Such modules of a stack's file."""
    for name, module in stack.modules.items():
        folder = module.source.path if isinstance(module.source, LocalSource) else ""
        if why := _why(tree, module.source.text, folder):
            yield document().complaint(("modules", name, "source"), f"`{name}` {why}", _HINT)


def calls_for_tofu_alone(tree: Tree, folders: Iterable[str]) -> Iterator[Complaint]:
    """Calls of such modules in folders below `modules/`, in the files that Terraform reads."""
    for call in module_calls(tree, folders, is_tofu=False):
        if why := _why(tree, call.source, call.folder):
            yield Complaint(call.mark, f"`{call.name}` {why}", call.line, _HINT)


def is_for_tofu_alone(tree: Tree, source: str) -> bool:
    """Whether what an environment's file says of a module's source leads to such a one."""
    return bool(_why(tree, source, source if is_local_source(source) else ""))


def _why(tree: Tree, source: str, folder: str) -> str:
    if is_oci(source):
        return f"comes from an OCI registry ({source}): only OpenTofu fetches from there"
    where = f"{tree.folders.modules}/{folder}"
    files = tree.names(where) if folder else []
    if any(map(is_tofu_file, files)) and not any(map(is_module_file, files)):
        return f"has no files but OpenTofu's in {where}: Terraform would find nothing there"
    return ""
