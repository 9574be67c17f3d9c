"""The options that several commands share, each in one place."""

import enum
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, TypedDict

import typer

from tfops.dataclass import dataclass
from tfops.errors import UsageError
from tfops.system import environ

if TYPE_CHECKING:
    from tfops.cli.terminal import Terminal
    from tfops.commands.side_by_side import ManyOptions
    from tfops.engine.commands import EngineFlags
    from tfops.resolve.selection import Selection

_ADDRESS = re.compile(r"([a-z0-9-]+/)?[A-Za-z_][\w-]*(\[.+\])?\.[A-Za-z_]")
_DIGEST = re.compile(r"[0-9a-f]{12,64}")


class Output(enum.StrEnum):
    """How the answer is printed."""

    TEXT = "text"
    JSON = "json"


@dataclass(slots=True)
class Session:
    """What stands before the command: where to work."""

    folder: Path


def parse_duration(text: str) -> float:
    """`90`, `90s`, `10m`, `1h` in seconds. Raises UsageError for anything else."""
    from tfops.config.duration import RULE, parse_seconds

    try:
        return parse_seconds(text)
    except ValueError as error:
        raise UsageError(str(error), hint=RULE) from error


def parse_digest(text: str | None) -> str:
    """A plan's digest, or its beginning, in lower case; empty where none was given. Raises UsageError for what can't be
    one or says too little: an empty one is a variable that nobody set."""
    digest = "" if text is None else text.strip().lower()
    if text is not None and not _DIGEST.fullmatch(digest):
        raise UsageError(
            f"{text!r} is no digest of a plan",
            hint="12 to 64 hexadecimal digits, as `tfops plan` shows them",
        )
    return digest


def completion(name: str) -> Callable[[typer.Context, str], list[str]]:
    """`complete_NAME` of `cli.complete`, which is imported when a shell asks, not by a command that runs."""

    def ask(ctx: typer.Context, incomplete: str) -> list[str]:
        from tfops.cli import complete

        found: list[str] = getattr(complete, f"complete_{name}")(ctx, incomplete)
        return found

    return ask


Environment = Annotated[
    str | None,
    typer.Argument(
        metavar="ENV",
        help="The environment. Left out: the one of the branch.",
        autocompletion=completion("environment"),
    ),
]
Environments = Annotated[
    list[str] | None,
    typer.Argument(metavar="ENV", help="Only these environments.", autocompletion=completion("environment")),
]
NamedEnvironment = Annotated[
    str, typer.Argument(metavar="ENV", help="The environment.", autocompletion=completion("environment"))
]
NeededVersion = Annotated[
    str, typer.Argument(metavar="VERSION", help="v3, or tfops/prod/v3.", autocompletion=completion("version"))
]
VersionArgument = Annotated[
    str | None, typer.Argument(metavar="VERSION", help="v3, or tfops/dev/v3.", autocompletion=completion("version"))
]


def _also_before_the_command(ctx: typer.Context, value: Output) -> Output:
    """`tfops -o json status` is typed as often as `tfops status -o json`."""
    before: Output | None = ctx.find_root().params.get("output")
    source = ctx.get_parameter_source("output")
    return before if before is not None and source is not None and source.name == "DEFAULT" else value


def _engine_from_here(ctx: typer.Context, value: str) -> str:
    """A relative path is meant from where it is typed, as `-C` has it; the engine runs in a folder of tfops."""
    wanted = value or environ.variable("TFOPS_ENGINE")
    if "/" not in wanted or ctx.resilient_parsing:
        return value
    folder = ctx.find_root().params.get("folder") or Path()
    return str((Path(folder) / Path(wanted).expanduser()).absolute())


OutputOption = Annotated[
    Output, typer.Option("--output", "-o", callback=_also_before_the_command, help="How to print the answer.")
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Only answers, warnings and errors.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="More of what happens.")]
_YES = ("--yes", "-y")
YesOption = Annotated[bool, typer.Option(*_YES, help="Apply without asking, deletes too, but nothing protected.")]
YesRollbackOption = Annotated[bool, typer.Option(*_YES, help="Don't ask; what is lost must still be named.")]
YesDestroyOption = Annotated[bool, typer.Option(*_YES, help="Destroy without asking; nothing that is protected.")]
YesResumeOption = Annotated[bool, typer.Option(*_YES, help="Finish it without asking: what remains, no more.")]
YesDrillOption = Annotated[bool, typer.Option(*_YES, help="Apply, roll back and destroy there without asking.")]
YesAdoptOption = Annotated[bool, typer.Option(*_YES, help="Copy the state and record v1 without asking.")]
YesApproveOption = Annotated[bool, typer.Option(*_YES, help="I have looked at the plan: don't ask.")]
YesPruneOption = Annotated[
    bool, typer.Option(*_YES, help="Destroy the previews that are listed, and what is named. Else: only list.")
]
FullOption = Annotated[bool, typer.Option("--full", help="Every resource and every attribute.")]
EngineOption = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="NAME",
        callback=_engine_from_here,
        autocompletion=completion("engine"),
        help="terraform, tofu, embedded, or a path. [env: TFOPS_ENGINE]",
    ),
]
WaitOption = Annotated[str, typer.Option("--wait", metavar="TIME", help="How long to wait for a lock: 90s, 10m.")]
PlanDigestOption = Annotated[
    str | None,
    typer.Option("--plan-digest", metavar="DIGEST", help="Apply only the plan with this digest (see tfops plan)."),
]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="Write it to a file, for `apply --plan`. It holds secrets."),
]
PlanOption = Annotated[
    Path | None,
    typer.Option("--plan", metavar="FILE", help="Apply the plan in this file (of `tfops plan --out`), or nothing."),
]
ReviewedOption = Annotated[
    bool,
    typer.Option("--reviewed", help="Only what was reviewed, and approved where that is required."),
]
OfflineOption = Annotated[
    bool, typer.Option("--offline", help="Don't ask the remote: only where this clone holds `tfops lock`.")
]
LockTimeoutOption = Annotated[
    str, typer.Option("--lock-timeout", metavar="TIME", help="How long the engine waits for the state's lock.")
]


ReplaceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--replace",
        metavar="ADDRESS",
        help="Make it anew although nothing of it changed. Can be repeated.",
        autocompletion=completion("address"),
    ),
]


RefreshOnlyOption = Annotated[
    bool, typer.Option("--refresh-only", help="Only let the state of what runs learn what is real.")
]


class Switch(enum.StrEnum):
    """As Terraform's own switches are written: `--refresh=false`."""

    TRUE = "true"
    FALSE = "false"


TargetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        metavar="ADDRESS",
        help="Only this resource or module, and what it needs; the version is partial. Can be repeated.",
        autocompletion=completion("target"),
    ),
]
RefreshOption = Annotated[
    Switch,
    typer.Option("--refresh", case_sensitive=False, help="=false: take the state's word for what is real."),
]
ParallelismOption = Annotated[
    int | None,
    typer.Option("--parallelism", min=1, max=256, metavar="N", help="How much the engine does at once. Else: 10."),
]


class PlanSwitches(NamedTuple):
    """What a person may say of a plan, of those who plan a commit."""

    target: TargetOption = None
    replace: ReplaceOption = None
    refresh: RefreshOption = Switch.TRUE
    parallelism: ParallelismOption = None

    def onto(self, flags: "EngineFlags", *, refresh_only: bool = False) -> "EngineFlags":
        """The flags with these. Raises UsageError for what can be no address, and for what can't be both."""
        if refresh_only and self.refresh is Switch.FALSE:
            raise UsageError("--refresh-only and --refresh=false: one of the two")
        for address in self.target or ():
            if not _ADDRESS.match(address):
                hint = "module.NAME or TYPE.NAME, with its key; in an environment of several stacks STACK/… before it"
                raise UsageError(f"--target: {address!r} is no address", hint=hint)
        return replace(
            flags,
            replace=tuple(self.replace or ()),
            refresh_only=refresh_only,
            targets=tuple(dict.fromkeys(self.target or ())),
            refresh=self.refresh is Switch.TRUE,
            parallelism=self.parallelism or 0,
        )


NO_PLAN_SWITCHES = PlanSwitches()


class EngineSwitches(NamedTuple):
    """The options of every command that lets an engine change something; a new one is a line here."""

    engine: EngineOption = ""
    lock_timeout: LockTimeoutOption = "20s"

    def flags(self) -> "EngineFlags":
        """Raises UsageError for a time that can't be read."""
        from tfops.engine.commands import EngineFlags

        return EngineFlags(lock_timeout_s=int(parse_duration(self.lock_timeout)))


NO_SWITCHES = EngineSwitches()

FetchOption = Annotated[bool, typer.Option("--fetch/--no-fetch", help="Ask the remote first.")]
StackOption = Annotated[
    list[str] | None,
    typer.Option(
        "--stack",
        metavar="STACK",
        help="Only this stack, of an environment that is a folder. Can be repeated.",
        autocompletion=completion("stack"),
    ),
]
OneStackOption = Annotated[
    str,
    typer.Option(
        "--stack",
        metavar="STACK",
        help="Which state, of an environment that is a folder.",
        autocompletion=completion("stack"),
    ),
]
AllowDestroyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-destroy",
        metavar="ADDRESS",
        help="A resource that may be lost. Can be repeated.",
        autocompletion=completion("address"),
    ),
]
AllowStatelessOption = Annotated[
    bool,
    typer.Option("--allow-stateless", help="What holds no data, as far as its type tells, may be lost unnamed."),
]
AllowDuplicateOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-duplicate",
        metavar="ADDRESS",
        help="Make a second one of what still exists outside of the state. Can be repeated.",
    ),
]
AllowMissingOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-missing",
        metavar="ADDRESS",
        help="Go on without what the latest version has and the state lacks. Can be repeated.",
        autocompletion=completion("address"),
    ),
]
AllowActionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-action", metavar="ADDRESS", help="An action that `actions: {ask: …}` names. Can be repeated."
    ),
]


class NamedPermissions(TypedDict):
    """As `request_of` takes them."""

    allow_destroy: Sequence[str]
    allow_duplicate: Sequence[str]
    allow_action: Sequence[str]
    allow_missing: Sequence[str]


class Permissions(NamedTuple):
    """What may be lost, made a second time, run, or be missing: the options of every command that changes what runs."""

    allow_destroy: AllowDestroyOption = None
    allow_duplicate: AllowDuplicateOption = None
    allow_action: AllowActionOption = None
    allow_missing: AllowMissingOption = None

    def named(self) -> NamedPermissions:
        """Each address by its option."""
        return NamedPermissions(
            allow_destroy=self.allow_destroy or (),
            allow_duplicate=self.allow_duplicate or (),
            allow_action=self.allow_action or (),
            allow_missing=self.allow_missing or (),
        )


HeadOption = Annotated[bool, typer.Option("--head", help="The commit, not the files as they lie here.")]
WorktreeOption = Annotated[bool, typer.Option("--worktree", help="The files as they lie here, not the commit.")]
AllOption = Annotated[bool, typer.Option("--all", help="Every environment.")]
GlobOption = Annotated[
    list[str] | None,
    typer.Option(
        "--env",
        metavar="GLOB",
        help="Environments by name or pattern: 'prod-*'. Can be repeated.",
        autocompletion=completion("glob"),
    ),
]
LabelOption = Annotated[
    list[str] | None,
    typer.Option(
        "--label",
        metavar="KEY=VALUE",
        help="Environments with this label. Can be repeated.",
        autocompletion=completion("label"),
    ),
]
AffectedOption = Annotated[bool, typer.Option("--affected", help="Environments that the commit touches.")]
SinceOption = Annotated[
    str | None, typer.Option("--changed-since", metavar="REF", help="Environments that changed since a commit.")
]


class SelectionOptions(NamedTuple):
    """Which environments."""

    everything: AllOption = False
    globs: GlobOption = None
    label: LabelOption = None
    affected: AffectedOption = False
    changed_since: SinceOption = None

    def selection(self, *named: str | None) -> "Selection | None":
        """What was asked for; None where nothing was. Raises UsageError for what can't be both, `named` ones too."""
        if not any(self) and self.changed_since is None:
            return None
        if self.changed_since == "":
            raise UsageError("--changed-since is empty", why="a variable that nobody set, most likely")
        from tfops.resolve.selection import Selection, parse_labels

        labels = parse_labels(self.label or ())
        found = Selection(self.everything, tuple(self.globs or ()), labels, self.affected, self.changed_since or "")
        if any(named):
            one = next(filter(None, named))
            raise UsageError(f"`{one}` and a selection of environments: one of the two", hint=f"--env {one}")
        if found.everything and (found.globs or found.labels):
            raise UsageError("--all is every environment: take it out, or --env and --label")
        if self.affected and self.changed_since:
            raise UsageError("--affected and --changed-since: one of the two")
        return found


class SideBySide(NamedTuple):
    """How many at once, and whether others go on where one fails."""

    parallel: Annotated[
        int | None,
        typer.Option(
            "--parallel", min=1, max=64, metavar="N", help="How many at once. Else: as many as there is room for."
        ),
    ] = None
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Begin nothing more when one of several fails.")] = (
        False
    )

    def options(self, ui: "Terminal") -> "ManyOptions":
        """Those who work, watched on the terminal."""
        from tfops.cli.many_lines import ManyLines
        from tfops.commands.side_by_side import ManyOptions

        return ManyOptions(ManyLines(ui), self.parallel, self.fail_fast)
