"""The rendered root of a whole environment, as texts."""

from collections.abc import Mapping

from tfops.config.modules.interface import Interfaces
from tfops.flows.stack import Content, render_stack
from tfops.render.root import digest_of, joined_files


def rendered(content: Content, interfaces: Interfaces) -> tuple[str, Mapping[str, str]]:
    """Digest and files of the rendered root; those of several stacks lie in folders with their names."""
    roots = {stack: render_stack(content, stack, interfaces) for stack in content.environment.stacks}
    files = joined_files(roots)
    return digest_of(files), files
