"""Commands of a user's own for the engine: what may be passed on to it, and what has a command of tfops instead."""

import enum
from collections.abc import Mapping, Sequence

from tfops.dataclass import dataclass
from tfops.engine.runner import Ended, Runner
from tfops.errors import Refused, UsageError


class Effect(enum.StrEnum):
    """What a command does. One that talks needs the terminal, or what is piped into it."""

    READS = "reads"
    TALKS = "talks"
    CHANGES_STATE = "changes-state"


_EFFECTS: Mapping[str, Effect] = {
    "console": Effect.TALKS,
    **dict.fromkeys(
        ("graph", "metadata functions", "modules", "output", "providers", "providers schema", "show",
         "state identities", "state list", "state pull", "state show", "validate", "version"),
        Effect.READS,
    ),
    **dict.fromkeys(
        ("force-unlock", "import", "state mv", "state push", "state replace-provider", "state rm", "taint", "untaint"),
        Effect.CHANGES_STATE,
    ),
}  # fmt: skip

# What a command is called here.
_INSTEAD = {
    "apply": "tfops apply {env}   (--replace ADDRESS, --refresh-only)",
    "destroy": "tfops destroy {env}",
    "fmt": "the engine itself, in modules/: terraform fmt -recursive modules",
    "get": "tfops fetches modules by itself: tfops plan {env}",
    "init": "tfops initializes by itself: tfops plan {env}; another backend: tfops backend move {env}",
    "login": "the engine itself, anywhere: terraform login",
    "logout": "the engine itself, anywhere: terraform logout",
    "plan": "tfops plan {env}",
    "providers lock": "tfops providers lock {env}",
    "providers mirror": "the engine itself, in a module's folder: terraform providers mirror FOLDER",
    "refresh": "tfops apply {env} --refresh-only",
    "state restore": "tfops state restore {env} VERSION",
    "test": "the engine itself, in a module's folder: terraform test",
    "workspace": "environments are the workspaces here: tfops status; a new one: tfops new env NAME",
}

_GROUPS = ("metadata", "providers", "state", "workspace")
_DRY = ("-dry-run", "--dry-run", "-dry-run=true", "--dry-run=true")
_HELP = ("-help", "--help", "-h")
_VERSION = ("-version", "--version", "-v")
_PLAIN = ("-no-color", "--no-color")
# Options that lead to another state or configuration than the environment's, or write files beside it.
_ELSEWHERE = frozenset({"backup-out", "chdir", "config", "generate-config-out", "out", "state", "state-out"})
_WAITS_FOR_STATE = ("import", "state mv", "state push", "state replace-provider", "state rm", "taint", "untaint")
_SURE = {"force-unlock": "-force", "state replace-provider": "-auto-approve"}  # tfops asks itself
_SHOWS_VALUES = ("output", "show", "state pull", "state show")
_FOR_PROGRAMS = frozenset({"json", "raw"})


@dataclass(frozen=True, slots=True)
class PassedCommand:
    """A command line for the engine, without the engine: `name` are its words, `rest` what follows them."""

    name: str
    rest: tuple[str, ...]
    effect: Effect

    @property
    def text(self) -> str:
        """As it was typed."""
        return " ".join((*self.name.split(), *self.rest))

    @property
    def only_reads(self) -> bool:
        """Whether it may be killed without a loss."""
        return self.effect is Effect.READS

    @property
    def is_done_to_its_end(self) -> bool:
        """Whether an interrupt has to wait for it: what works on the state alone is over in a moment."""
        return self.effect is Effect.CHANGES_STATE and self.name != "import"

    @property
    def is_for_programs(self) -> bool:
        """Whether its output is read by a program, or pushed again: masked it would be good for nothing."""
        return self.name == "state pull" or bool(_FOR_PROGRAMS & {_option(word) for word in self.rest})

    @property
    def shows_values(self) -> bool:
        """Whether it shows what the state holds, so that what is secret there must be known before it is masked."""
        return self.name in _SHOWS_VALUES

    @property
    def is_about_state(self) -> bool:
        """Whether an absent state would be told as an empty one."""
        return not self.file and (self.shows_values or self.name == "console" or self.name.startswith("state "))

    @property
    def needs_inputs(self) -> bool:
        """Whether it evaluates the configuration, and so wants a value for each variable."""
        return self.name in ("console", "import")

    @property
    def file(self) -> str:
        """The file that `state push` or `show` reads, as it was typed; empty for none, `-` for what is piped."""
        takes_file = self.name in ("show", "state push")
        return next((word for word in self.rest if word == "-" or not word.startswith("-")), "") if takes_file else ""

    def with_file(self, path: str) -> "PassedCommand":
        """The same with another path for its file: the engine works in a folder of tfops."""
        rest = tuple(path if word == self.file else word for word in self.rest)
        return PassedCommand(self.name, rest, self.effect)

    def argv(self, executable: str, *, lock_timeout_s: int) -> list[str]:
        """The whole command line, with what tfops wants of every engine."""
        more = [] if self.effect is Effect.TALKS or _is_any(self.rest, _PLAIN) else ["-no-color"]
        named = {_option(word) for word in self.rest}
        if self.effect is Effect.CHANGES_STATE and self.name in _WAITS_FOR_STATE and "lock-timeout" not in named:
            more.append(f"-lock-timeout={lock_timeout_s}s")
        sure = _SURE.get(self.name, "")
        if self.effect is Effect.CHANGES_STATE and sure and not _is_any(self.rest, (sure, f"-{sure}")):
            more.append(sure)
        return [executable, *self.name.split(), *more, *self.rest]


@dataclass(frozen=True, slots=True)
class Passing:
    """What passes commands on to the engine in one root."""

    runner: Runner
    executable: str
    lock_timeout_s: int

    def run(self, command: PassedCommand) -> Ended:
        """Run it to its end, whatever that is."""
        return self.runner.pass_on(self._argv(command), reads=command.only_reads, shielded=command.is_done_to_its_end)

    def talk(self, command: PassedCommand) -> int:
        """Let a person talk to the engine. Returns its exit code."""
        return self.runner.talk(self._argv(command))

    def _argv(self, command: PassedCommand) -> list[str]:
        return command.argv(self.executable, lock_timeout_s=self.lock_timeout_s)


def read_command(words: Sequence[str], env: str) -> PassedCommand:
    """What was typed behind `--`.

    Raises UsageError for nothing, Refused (guard `engine-command`) for what isn't passed on, with the command for it.
    """
    if not words:
        raise UsageError("what is the engine to do?", hint=f"tfops engine {env} -- state list")
    if words[0] in _VERSION:
        return PassedCommand("version", tuple(words[1:]), Effect.READS)
    _require_here(words, env)
    name, rest = _named(words)
    effect = _EFFECTS.get(name)
    if effect is None:
        raise _refused(name, env)
    if effect is Effect.CHANGES_STATE and _is_any(rest, (*_DRY, *_HELP)):
        effect = Effect.READS
    return PassedCommand(name, rest, effect)


def _named(words: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    first, rest = words[0], tuple(words[1:])
    if first in _GROUPS and rest and not rest[0].startswith("-"):
        return f"{first} {rest[0]}", rest[1:]
    return first, rest


def _option(word: str) -> str:
    """`state` of `-state=x` and `--state`; empty for what is no option."""
    return word.lstrip("-").partition("=")[0] if word.startswith("-") else ""


def _is_any(words: Sequence[str], wanted: Sequence[str]) -> bool:
    return any(word in wanted for word in words)


def _require_here(words: Sequence[str], env: str) -> None:
    """Raises Refused for options by which a command would leave the environment."""
    elsewhere = next((word for word in words if _option(word) in _ELSEWHERE), None)
    if elsewhere is None:
        return
    to_another = f"to another stack or environment: tfops state mv {env} FROM STACK/TO   (--to-env ENV)"
    raise Refused(
        "engine-command",
        f"`{elsewhere}` is not passed on",
        why="the command would leave the environment's own state, or write where nobody looks",
        hint=to_another if _option(elsewhere).startswith("state") else "leave it away; tfops -C DIR works elsewhere",
    )


def _refused(name: str, env: str) -> Refused:
    first = name.partition(" ")[0]
    instead = _INSTEAD.get(name) or _INSTEAD.get(first)
    if instead is None:
        hint = f"what is: tfops engine {env} -- state list   (tfops help engine)"
        return Refused("engine-command", f"`{name}` is no command that is passed on to the engine", hint=hint)
    why = "it would pass by the lock, the plan that was agreed to, and the record of both"
    return Refused(
        "engine-command", f"`{name}` is not passed on to the engine", why=why, hint=instead.replace("{env}", env)
    )
