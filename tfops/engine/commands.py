"""Command lines, built by python-terraform and run by nobody but us.

Only its builder is used: the rest of the package passes flags that today's Terraform refuses and
reads state behind its back (docs/explanation/engine.md).
"""

from collections.abc import Sequence
from dataclasses import replace

from python_terraform import IsFlagged, Terraform

from tfops.dataclass import dataclass
from tfops.records.addresses import in_stack
from tfops.records.names import StackName

Option = str | bool | list[str] | type[IsFlagged] | None

FLAG = IsFlagged

# The builder reads `terraform.tfstate` of its folder when it is made; here there is none.
_NO_FOLDER = "/nonexistent"


# Commands that change nothing, wherever they are stopped.
_READING = (["init"], ["get"], ["show"], ["state", "pull"], ["providers"], ["version"])


def only_reads(argv: Sequence[str]) -> bool:
    """Whether a command may be killed without a loss: it changes nothing, and holds no lock of the state."""
    words = list(argv[1:])
    is_look = words[:1] == ["plan"] and "-lock=false" in words
    return is_look or any(words[: len(reading)] == reading for reading in _READING)


@dataclass(frozen=True, slots=True)
class EngineFlags:
    """What a person may say about how the engine works, whatever it works on.

    `replace` are qualified addresses of what is to be made anew although nothing of it changed; with `refresh_only` a
    plan changes nothing but what the state says of the real world. With `targets`, qualified too, a plan is about
    these and what they need, and nothing else. Without `refresh` it takes the state's word for what is real.
    `parallelism` is how much the engine does at once, 0 for as much as it likes.
    """

    lock_timeout_s: int = 20
    replace: tuple[str, ...] = ()
    refresh_only: bool = False
    targets: tuple[str, ...] = ()
    refresh: bool = True
    parallelism: int = 0

    def of_stack(self, stack: StackName) -> "EngineFlags":
        """With the engine's own addresses of one stack."""
        made_anew, targets = (tuple(in_stack(stack, dict.fromkeys(some))) for some in (self.replace, self.targets))
        return replace(self, replace=made_anew, targets=targets)

    def plain(self) -> "EngineFlags":
        """Without what one plan was to do: for work on another one's."""
        return EngineFlags(self.lock_timeout_s, parallelism=self.parallelism)


class CommandLine:
    """Argument lists for one engine."""

    def __init__(self, executable: str, flags: EngineFlags | None = None) -> None:
        self._flags = flags or EngineFlags()
        self._builder = Terraform(working_dir=_NO_FOLDER, terraform_bin_path=executable)

    def init(self) -> list[str]:
        """`-reconfigure`: another backend is met with the lineage guard, never with a migration."""
        return self._build("init", input=False, no_color=FLAG, reconfigure=FLAG)

    def init_backend(self, *, plugins: str) -> list[str]:
        """The backend alone; providers are looked for in the folder `plugins` and nowhere else."""
        return self._build("init", input=False, no_color=FLAG, plugin_dir=plugins)

    def init_providers(self, *, upgrade: bool) -> list[str]:
        """Modules and providers alone: no backend, no state."""
        return self._build("init", input=False, no_color=FLAG, backend=False, upgrade=FLAG if upgrade else None)

    def providers(self) -> list[str]:
        """Which providers configuration and state need, as text: no engine says it as JSON."""
        return self._build("providers", no_color=FLAG)

    def lock_providers(self, platforms: Sequence[str], *, mirror: str) -> list[str]:
        """`mirror` is a folder or an address; this command doesn't read the mirrors of the CLI config."""
        is_address = mirror.startswith("https://")
        return self._build(
            "providers lock",
            no_color=FLAG,
            platform=list(platforms),
            fs_mirror=mirror if mirror and not is_address else None,
            net_mirror=mirror if is_address else None,
        )

    def get(self) -> list[str]:
        """Take modules in, without providers and backend."""
        return self._build("get", no_color=FLAG)

    def plan(
        self,
        *,
        out: str,
        values: Sequence[str],
        destroy: bool,
        lock_timeout_s: int | None,
        targets: Sequence[str] = (),
        refresh_only: bool = False,
    ) -> list[str]:
        """`lock_timeout_s` None plans without the state lock: for looking, never for applying."""
        return self._build(
            "plan",
            input=False,
            json=FLAG,
            detailed_exitcode=FLAG,
            out=out,
            var_file=list(values),
            destroy=FLAG if destroy else None,
            refresh_only=FLAG if refresh_only or self._flags.refresh_only else None,
            replace=list(self._flags.replace) or None,
            target=list(targets or self._flags.targets) or None,
            refresh=None if self._flags.refresh else False,
            **self._at_once,
            **_locking(lock_timeout_s),
        )

    def plan_invocation(self, address: str, *, out: str, values: Sequence[str]) -> list[str]:
        """A plan of one action by its address: the engine takes one at a time."""
        return self._build(
            "plan", input=False, json=FLAG, detailed_exitcode=FLAG, out=out, var_file=list(values), invoke=address,
            **_locking(None),
        )  # fmt: skip

    def trial(self, *, out: str | None) -> list[str]:
        """A plan of variables alone: nothing to read, nothing to lock."""
        return self._build("plan", input=False, json=FLAG, refresh=False, lock=False, out=out)

    def read_files(self, files: Sequence[str]) -> list[str]:
        """A plan that ends with what the engine can't read of these files: `validate` would want providers and `init`,
        `fmt` has no JSON and no columns."""
        return self._build("plan", input=False, json=FLAG, refresh=False, lock=False, var_file=list(files))

    def apply(self, plan: str, *, may_leave: bool = False, values: Sequence[str] = ()) -> list[str]:
        """`may_leave`: a destroy that leaves something alive, as it was planned, is no error (OpenTofu 1.12). `values`
        are said again, for OpenTofu alone: Terraform takes them from the plan, and refuses them here."""
        more: dict[str, Option] = {"suppress_forget_errors": FLAG} if may_leave else {}
        if values:
            more["var_file"] = list(values)
        more |= self._at_once
        return self._build("apply", plan, input=False, json=FLAG, **more, **_locking(self._flags.lock_timeout_s))

    @property
    def _at_once(self) -> dict[str, Option]:
        return {"parallelism": str(self._flags.parallelism)} if self._flags.parallelism else {}

    def show_plan(self, plan: str) -> list[str]:
        return self._build("show", plan, json=FLAG)

    def pull_state(self) -> list[str]:
        return self._build("state pull", no_color=FLAG)

    def push_state(self, path: str, *, force: bool = False) -> list[str]:
        """Without `force` the engine itself refuses another lineage or an older serial."""
        forced = FLAG if force else None
        return self._build("state push", path, no_color=FLAG, force=forced, **_locking(self._flags.lock_timeout_s))

    def move_between(self, source: str, goal: str, address: str, new: str) -> list[str]:
        """Between two files; the engine makes the second where it isn't there. No backend is asked."""
        return self._build("state mv", address, new, no_color=FLAG, state=source, state_out=goal)

    def force_unlock(self, lock_id: str) -> list[str]:
        return self._build("force-unlock", lock_id, no_color=FLAG, force=FLAG)

    def version(self) -> list[str]:
        """As text: the JSON form doesn't say which product answers."""
        return self._build("version")

    def _build(self, command: str, *args: str, **options: Option) -> list[str]:
        return self._builder.generate_cmd_string(command, *args, **options)


def _locking(timeout_s: int | None) -> dict[str, Option]:
    return {"lock": False} if timeout_s is None else {"lock_timeout": f"{timeout_s}s"}
