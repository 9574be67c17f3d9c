"""Modules from elsewhere, fetched by the engine into a root that has nothing but their calls."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tfops.engine.commands import CommandLine
from tfops.engine.failures import engine_error
from tfops.engine.locate import Engine
from tfops.engine.modules import InstalledModule, installed_modules
from tfops.engine.runner import Runner
from tfops.records.rendered import MAIN_FILE
from tfops.system.workspace import write_file


def fetch(engine: Engine, runner: Runner, calls: Mapping[str, Mapping[str, Any]]) -> Sequence[InstalledModule]:
    """What `calls` (module blocks by name) lead to, and all that these call. Raises EngineFailed."""
    write_file(runner.root / MAIN_FILE, json.dumps({"module": calls}))
    ended = runner.run(CommandLine(engine.executable).get())
    if ended.code != 0:
        raise engine_error("the modules can't be fetched", ended.errors)
    return installed_modules(runner.root)
