"""What a command loads: how many modules, and which never. Each costs about a millisecond, at every start."""

import subprocess
import sys

from tests.support.sandbox import Sandbox

_LISTING = """\
import atexit, sys
listed = sys.argv.pop(1)
atexit.register(lambda: open(listed, "w").write("\\n".join(sys.modules)))
from tfops.cli import main
main()
"""

# What draws, reads YAML, HCL and JSON Schemas, locks, works in a repository, renders an engine's flags, asks AWS.
_HEAVY = frozenset({"rich", "ruamel", "hcl2", "jsonschema", "filelock", "git", "python_terraform", "boto3"})
_LOOKING = _HEAVY | {"tfops.render", "tfops.config.modules", "tfops.config.schema", "tfops.change.stack"}
_STARTING = _LOOKING | {"pydantic", "tfops.ledger", "tfops.change", "tfops.commands", "tfops.system.git"}

# Command: at most so many modules of tfops, so many in all, and none of these.
_LOADS = {
    ("--version",): (18, 180, _STARTING),
    ("--help",): (18, 180, _STARTING),
    ("apply", "--help"): (28, 195, _STARTING),
    ("log", "dev"): (61, 251, _LOOKING | {"pydantic"}),
    ("history", "dev"): (64, 253, _LOOKING | {"pydantic"}),
    ("show", "dev"): (80, 268, _LOOKING | {"pydantic"}),
    ("inventory", "dev"): (71, 259, _LOOKING | {"pydantic"}),
    ("output", "dev", "main.value"): (72, 259, _LOOKING | {"pydantic"}),
    ("graph",): (80, 353, _LOOKING),
    ("blame", "dev", "inputs.main.value"): (83, 355, _LOOKING),
    ("status",): (71, 261, _LOOKING | {"pydantic"}),
    ("apply", "dev", "--yes"): (312, 636, frozenset({"git", "boto3", "rich", "multiprocessing"})),
}


def _loaded(shop: Sandbox, *args: str, **env: str) -> set[str]:
    listed = shop.home / "listed"
    argv = [sys.executable, "-c", _LISTING, str(listed), *args]
    subprocess.run(argv, cwd=shop.path, env=shop.env | env, capture_output=True, check=True)
    return set(listed.read_text().split("\n"))


def _own(modules: set[str]) -> int:
    return sum(name.split(".")[0] == "tfops" for name in modules)


def test_a_command_loads_what_it_needs(shop: Sandbox) -> None:
    shop.wish("one")
    shop.ok("apply", "dev", "--yes")
    for args, (own, every, never) in _LOADS.items():
        found = _loaded(shop, *args)
        assert not never & found, args
        assert _own(found) <= own, (args, _own(found), sorted(found))
        assert len(found) <= every, (args, len(found))


def test_completion_needs_no_typer(shop: Sandbox) -> None:
    words = {"_TFOPS_COMPLETE": "complete_bash", "COMP_CWORD": "2"}
    environments = _loaded(shop, COMP_WORDS="tfops apply d", **words)
    versions = _loaded(shop, COMP_WORDS="tfops show dev ", **words | {"COMP_CWORD": "3"})
    assert not (_STARTING | {"typer"}) & environments
    assert not ({"typer", "pydantic"} | _HEAVY) & versions
    assert (_own(environments) <= 8) and (_own(versions) <= 30), (_own(environments), _own(versions))
