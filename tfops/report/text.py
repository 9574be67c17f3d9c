"""Each result as text: one function per result, in the module of its subject, imported when there is such a result."""

import importlib

from tfops.report.base import View, text_report_of
from tfops.report.shapes import Renderable

__all__ = ["View", "text_report"]

# By the module that the result's class is in; the functions register themselves.
_MODULES = {
    "tfops.results.environments": ("tables", "details"),
    "tfops.results.affected": ("affected",),
    "tfops.results.changes": ("outcomes", "files"),
    "tfops.results.files": ("details", "checks", "files", "outcomes"),
    "tfops.results.places": ("backend", "providers", "states"),
    "tfops.results.sync": ("sync",),
}


def text_report(result: object, view: View) -> Renderable:
    """The result as people read it. Raises TypeError for what is no result."""
    for module in _MODULES.get(type(result).__module__, ()):
        if text_report_of.dispatch(type(result)) is not text_report_of.dispatch(object):
            break
        importlib.import_module(f"tfops.report.{module}")
    return text_report_of(result, view)
