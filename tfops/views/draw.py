"""What views draw with: light shapes, that rich draws where there is a terminal."""

from tfops.views.shapes import Group, Indented, Lines, Remarked, Renderable, Table, Text

__all__ = ["Group", "Indented", "Lines", "Remarked", "Renderable", "Table", "Text"]
