"""The files of a bridge: blocks that lie beside a root for one plan."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tfops.config.modules.requirements import import_requirements
from tfops.engine.locate import Engine
from tfops.records.rendered import BRIDGE_REQUIREMENTS_FILE
from tfops.system.workspace import write_file

BRIDGE_FILE = "tfops_bridge.tf.json"


def lay_bridge(
    root: Path, blocks: Mapping[str, Any], engine: Engine, folders: Callable[[], Mapping[str, Path]]
) -> None:
    """Write `moved` and `import` blocks, and what OpenTofu must be told of providers for these. `folders` has where
    each module's files are, by its path in dots."""
    remove_bridge(root)  # the requirements of one before would count as the root's own
    imported = [str(block["to"]) for block in blocks.get("import", [])]
    if engine.is_tofu and imported and (text := import_requirements(imported, folders(), root)):
        write_file(root / BRIDGE_REQUIREMENTS_FILE, text)
    write_file(root / BRIDGE_FILE, json.dumps(blocks, indent=2))


def remove_bridge(root: Path) -> None:
    for name in (BRIDGE_FILE, BRIDGE_REQUIREMENTS_FILE):
        (root / name).unlink(missing_ok=True)
