"""Rendered roots of versions from before module folders had one path: their sources name the tree of all modules.

Such a version isn't another one because of it, and going back to it renders today's path.
"""

import re
from collections.abc import Mapping

from tfops.records.rendered import MAIN_FILE

_SOURCE = re.compile(r'(?m)^( +"source": )"\.\./\.\./\.\./trees/[^/"]+/modules/')
_SOURCE_NOW = re.compile(r'(?m)^( +"source": )"\./modules/')


def in_todays_form(files: Mapping[str, str]) -> dict[str, str]:
    """The files with today's paths."""
    return {name: _SOURCE.sub(r'\1"./modules/', text) if _is_main(name) else text for name, text in files.items()}


def in_earlier_form(files: Mapping[str, str], modules: str) -> dict[str, str]:
    """The files as they were written for a tree of modules with the id `modules`."""
    path = rf'\1"../../../trees/{modules}/modules/'
    return {name: _SOURCE_NOW.sub(path, text) if _is_main(name) else text for name, text in files.items()}


def _is_main(name: str) -> bool:
    return name.rpartition("/")[2] == MAIN_FILE
