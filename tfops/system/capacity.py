"""How many engines this machine, or the container that we are in, has room for."""

import os

from tfops.system import environ

# An engine with a provider of a cloud: the AWS provider alone takes some 300 MB.
_ENGINE_BYTES = 400_000_000
_PER_PROCESSOR = 2  # an engine mostly waits for a cloud
_MOST = 16


def engines_at_once() -> int:
    """By processors, and by memory where that is known; at least 1."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    free = environ.free_memory()
    fitting = _MOST if free is None else free // _ENGINE_BYTES
    return max(1, min(processors * _PER_PROCESSOR, fitting, _MOST))
