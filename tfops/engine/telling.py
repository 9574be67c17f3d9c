"""What the engine said in an apply: it is held back until all secrets are known, then told."""

from collections.abc import Callable
from dataclasses import replace

from tfops.engine.events import masked
from tfops.engine.runner import Runner
from tfops.engine.saved_plan import Applied
from tfops.records.engine_events import Diagnostic

_WITHHELD = "(the rest is withheld: it may quote what the state alone says to be secret, and that can't be read)"


def told(applied: Applied, runner: Runner, *, is_known: bool) -> Applied:
    """Show it, masked; the same as it may go on from here.

    Where it isn't known what the state holds (`is_known`), what was said of resources is cut to its first words.
    """
    said = {
        id(one): _shown(one, runner.mask, is_known=is_known) for one in (*applied.progress.diagnostics, *applied.errors)
    }
    diagnostics = applied.progress.diagnostics
    for one in diagnostics:
        runner.observe(said[id(one)])
    errors = tuple(said[id(one)] for one in applied.errors)
    diagnostics[:] = [said[id(one)] for one in diagnostics]
    return replace(applied, errors=errors)


def _shown(said: Diagnostic, mask: Callable[[str], str], *, is_known: bool) -> Diagnostic:
    shown = masked(said, mask)
    assert isinstance(shown, Diagnostic)
    return shown if is_known or not shown.address else replace(shown, detail=_WITHHELD)
