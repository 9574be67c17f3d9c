"""Each result as text: one function per result, chosen by its type. The functions register themselves."""

from tfops.report import affected, backend, checks, details, files, outcomes, providers, states, sync, tables
from tfops.report.base import View, text_report

__all__ = [
    "View",
    "affected",
    "backend",
    "checks",
    "details",
    "files",
    "outcomes",
    "providers",
    "states",
    "sync",
    "tables",
    "text_report",
]
