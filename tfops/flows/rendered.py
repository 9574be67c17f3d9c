"""The rendered root of a whole environment, as texts."""

from collections.abc import Mapping

from tfops.config.modules.interface import Interfaces
from tfops.flows.stack import Content, render_stack
from tfops.model import MAIN_STACK
from tfops.render.root import digest_of


def rendered(content: Content, interfaces: Interfaces) -> tuple[str, Mapping[str, str]]:
    """Digest and files of the rendered root; those of several stacks lie in folders with their names."""
    roots = {stack: render_stack(content, stack, interfaces) for stack in content.environment.stacks}
    if set(roots) == {MAIN_STACK}:
        return roots[MAIN_STACK].digest, roots[MAIN_STACK].files
    files = {f"{stack}/{name}": text for stack, root in roots.items() for name, text in root.files.items()}
    return digest_of(files), files
