"""A fork that is `tfops`: what `system/children.py` starts where it may fork."""

import importlib
import sys
from collections.abc import Sequence

from tfops.cli import main
from tfops.dataclass import compile_all

# With these comes all that an apply loads. A module that is missing here is imported in each worker again: the tests
# count them.
_NEEDED = (
    "encodings.cp437",
    "filelock",
    "pwd",
    "tfops.cli.changing",
    "tfops.cli.progress",
    "tfops.commands.unattended",
    "tfops.forge.known",
    "tfops.ledger.as_written",
    "tfops.ledger.card",
    "tfops.system.commit_walk",
    "tfops.system.loose",
    "tfops.system.objects",
    "tfops.system.rehearsal",
    "tfops.system.tags",
    "tfops.views.envelope",
)


def get_ready() -> None:
    """Load and make what the workers need. Once is enough; more often costs nothing."""
    for name in _NEEDED:
        importlib.import_module(name)
    from tfops.ledger import codec
    from tfops.records.card import Card
    from tfops.records.lock import Holder, Lock
    from tfops.records.run import Intent

    codec.prepare(Card, Holder, Intent, Lock)
    compile_all()


def run(args: Sequence[str]) -> int:
    """`tfops ARGS` in this process, to its end. Returns its exit code."""
    sys.argv = ["tfops", *args]
    try:
        main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    return 0
