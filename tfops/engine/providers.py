"""Provider locks: which providers a root needs, in which versions, with the checksums of every platform."""

from collections.abc import Collection, Sequence
from pathlib import Path

from tfops.engine.commands import CommandLine
from tfops.engine.failures import engine_error
from tfops.engine.locate import Engine
from tfops.engine.lockfile import read_lock, with_other_registry, with_same_versions, without_entries
from tfops.engine.runner import Runner
from tfops.errors import Interrupted
from tfops.records.addresses import other_registry, registry_of
from tfops.records.rendered import LOCK_FILE
from tfops.system.workspace import exclusive, write_file


def lock_providers(
    engine: Engine,
    runner: Runner,
    *,
    platforms: Sequence[str],
    mirror: str,
    upgrade: bool,
    opened: Collection[str] = (),
) -> str:
    """The lock file for the root that the runner stands in, empty when it needs no provider.

    What the root's lock file already holds is kept, unless `upgrade`; of `opened` alone the newest is taken. What it
    holds for the other engine's registry stays, and is locked to the same version for this one. `mirror` is a folder
    or an https address to read other platforms' checksums from; the engine's CLI config isn't asked for these. Raises
    EngineFailed, Refused (guard `provider-build`) where a version that stays is another build.
    """
    commands = CommandLine(engine.executable)
    path, other = runner.root / LOCK_FILE, other_registry(registry_of(is_tofu=engine.is_tofu))
    before = _text(path)
    if before:
        write_file(path, with_same_versions(before, registry=other))
    if opened:
        write_file(path, without_entries(_text(path), opened))
        _run(runner, commands.init_providers(upgrade=False))
        after = path.read_text(encoding="utf-8")
        # What had no newer release was looked at without its checksums: now with them.
        write_file(path, _with_known(after, before))
    _run(runner, commands.init_providers(upgrade=upgrade))
    if platforms:
        _run(runner, commands.lock_providers(platforms, mirror=mirror))
    return with_other_registry(_text(path), before, registry=other)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _run(runner: Runner, argv: Sequence[str]) -> None:
    cache = Path(runner.env["TF_PLUGIN_CACHE_DIR"])
    ended = runner.run_until_settled(argv, within=lambda: exclusive(cache))
    if ended.signals:
        raise Interrupted("interrupted")
    if ended.code != 0:
        raise engine_error("the providers can't be locked", ended.errors)


def _with_known(after: str, before: str) -> str:
    """A lock as the engine wrote it, with the entries of an earlier one in the place of the same versions."""
    known = read_lock(before)
    for address, entry in read_lock(after).items():
        if address in known and known[address].version == entry.version:
            after = after.replace(entry.text, known[address].text)
    return after
