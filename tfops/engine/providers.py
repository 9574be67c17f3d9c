"""Provider locks: which providers a root needs, in which versions, with the checksums of every platform."""

from collections.abc import Sequence
from pathlib import Path

from tfops.engine.commands import CommandLine
from tfops.engine.locate import Engine
from tfops.engine.runner import Runner
from tfops.engine.stack import engine_error
from tfops.model import LOCK_FILE
from tfops.system.workspace import exclusive


def lock_providers(engine: Engine, runner: Runner, *, platforms: Sequence[str], mirror: str, upgrade: bool) -> str:
    """The lock file for the root that the runner stands in, empty when it needs no provider.

    What the root's lock file already holds is kept, unless `upgrade`. `mirror` is a folder or an https
    address to read other platforms' checksums from; the engine's CLI config isn't asked for these. Raises
    EngineFailed.
    """
    commands = CommandLine(engine.executable)
    steps = [commands.init_providers(upgrade=upgrade)]
    if platforms:
        steps.append(commands.lock_providers(platforms, mirror=mirror))
    for argv in steps:
        with exclusive(Path(runner.env["TF_PLUGIN_CACHE_DIR"])):
            ended = runner.run(argv)
        if ended.code != 0:
            raise engine_error("the providers can't be locked", ended.errors)
    path = runner.root / LOCK_FILE
    return path.read_text(encoding="utf-8") if path.is_file() else ""
