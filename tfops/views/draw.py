"""rich, imported when the first line is drawn: who makes a result, or prints it as JSON, needs none of it."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console as Console
    from rich.console import ConsoleOptions as ConsoleOptions
    from rich.console import Group as Group
    from rich.console import RenderableType as RenderableType
    from rich.console import RenderResult as RenderResult
    from rich.padding import Padding as Padding
    from rich.table import Column as Column
    from rich.table import Table as Table
    from rich.text import Text as Text

_MODULES = {"Group": "rich.console", "Padding": "rich.padding", "Table": "rich.table", "Text": "rich.text"}


def __getattr__(name: str) -> Any:
    """What isn't here yet. Raises AttributeError for what nothing draws with."""
    if name not in _MODULES:
        raise AttributeError(name)
    globals()[name] = found = getattr(import_module(_MODULES[name]), name)
    return found
