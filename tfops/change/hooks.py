"""Hooks of tfops.yaml, run around a change: never those of a commit that nobody else has agreed to.

Which hooks there are, and the files that they run, come from one commit: the head of the environment's branch as the
remote has it, or the home branch's. What is checked out, or is planned, may be anybody's.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from functools import cache, partial
from pathlib import Path

from tfops import exact
from tfops.change.check_facts import CheckContext, FailedCheck
from tfops.change.checks import Program, check_context, run_program
from tfops.change.home import home_commit, readable_home
from tfops.change.project import Project
from tfops.change.run import Run
from tfops.change.snapshot import Snapshot
from tfops.change.target import Target
from tfops.config.hooks import Hook
from tfops.config.project import ProjectConfig
from tfops.dataclass import dataclass
from tfops.engine.environment import bare_environment
from tfops.engine.mask import Masker
from tfops.engine.text import safe_lines
from tfops.errors import ConfigError, HookFailed, Interrupted, ProjectError, Refused, TfopsError, in_a_line
from tfops.records.check import Verification
from tfops.records.hook import AFTERWARDS, HookOutcome, HookPoint, HookResult
from tfops.records.names import CommitSha
from tfops.records.version import Kind, Verified
from tfops.system import environ
from tfops.system.checkout import check_out
from tfops.system.git import GitFailed
from tfops.system.workspace import write_file

_SHOWN_LINES = 10


@dataclass(slots=True)
class Hooks:
    """What runs around one change. `files` gives the folder with the files of the commit that says so."""

    hooks: tuple[Hook, ...]
    command: str
    context: CheckContext
    files: Callable[[], Path]
    outcomes: list[HookOutcome] = field(default_factory=list)

    def at(self, point: HookPoint, context: CheckContext | None = None, *, code: int = 0, error: str = "") -> None:
        """Run those of a point, in the order as written; `code` is the exit code of what was before it.

        Raises HookFailed when one fails that stops: those after it don't run. After an apply, and after an error,
        nothing is raised: `outcomes` say it.
        """
        for hook in self.hooks:
            if not hook.fits(point, self.command, code):
                continue
            facts = {"TFOPS_EXIT_CODE": str(code), "TFOPS_ERROR": error}
            outcome = self._run(hook, context or self.context, facts)
            self.outcomes.append(outcome)
            if outcome.result is HookResult.FAILED and point not in AFTERWARDS:
                self.context.ui.phase("")
                if (context or self.context).is_stopped():
                    raise Interrupted("interrupted in a hook")
                raise _failure(self.context, outcome, self.outcomes)
        self.context.ui.phase("")

    def _run(self, hook: Hook, context: CheckContext, facts: Mapping[str, str]) -> HookOutcome:
        started, named = time.monotonic(), _named(hook)
        context.ui.phase(f"{hook.at} {context.env}: {hook.name}")
        mask = Masker(named.values())
        failure: FailedCheck | None = None
        try:
            env = self._environment(hook, context, facts) | named
            said = run_program(Program(hook.command, env, self.files(), hook.timeout_s), context)
        except FailedCheck as error:
            failure, said = error, error.said
        except TfopsError as error:  # its files aren't there: what was changed meanwhile must be recorded all the same
            failure, said = FailedCheck(in_a_line(error)), ""
        seconds = round(time.monotonic() - started, 1)
        head = f"{hook.at}: {hook.name}"
        if failure is None:
            context.ui.note(f"{head} · {seconds} s")
        else:
            context.ui.warn(f"{head}: {failure}")
        for line in safe_lines(context.mask(mask(said))).splitlines()[-_SHOWN_LINES:]:
            context.ui.note(f"  {line}")
        if failure is None:
            return HookOutcome(hook.at, hook.name, HookResult.PASSED, 0, seconds)
        stops = hook.stops and hook.at is not HookPoint.ON_ERROR
        result = HookResult.FAILED if stops else HookResult.WARNED
        return HookOutcome(hook.at, hook.name, result, failure.code, seconds, str(failure))

    def _environment(self, hook: Hook, context: CheckContext, facts: Mapping[str, str]) -> dict[str, str]:
        given = dict(facts)
        if hook.at in AFTERWARDS:
            outputs = context.folder / "outputs.json"
            write_file(outputs, exact.dumps(context.outputs))
            given["TFOPS_OUTPUTS"] = str(outputs)
        return bare_environment() | {
            "TFOPS_HOOK": hook.at,
            "TFOPS_COMMAND": self.command,
            "TFOPS_ENV": context.env,
            "TFOPS_VERSION": context.version,
            "TFOPS_COMMIT": context.commit,
            **given,
        }


def _failure(context: CheckContext, outcome: HookOutcome, outcomes: Sequence[HookOutcome]) -> HookFailed:
    return HookFailed(
        f"a hook of {context.env} failed: {outcome.at} {outcome.name}",
        why=outcome.why,
        hint="what it said stands above; the hooks themselves: `hooks` in tfops.yaml",
        hooks=outcomes,
    )


def _named(hook: Hook) -> dict[str, str]:
    """The variables of our environment that it names."""

    def is_named(name: str) -> bool:
        return any(name.startswith(one[:-1]) if one.endswith("*") else name == one for one in hook.variables)

    return {name: value for name, value in environ.everything().items() if is_named(name)}


def with_hooks(verified: Verification | None, outcomes: Sequence[HookOutcome]) -> Verification | None:
    """What is verified, held against the hooks that ran after the apply: one that failed is as a check that did."""
    if not any(one.result is HookResult.FAILED for one in outcomes):
        return verified
    return Verification(result=Verified.FAILED, checks=verified.checks if verified else ())


def hooked(run: Run, target: Target, command: str = "") -> Run:
    """The run with its hooks. Those of `on_error` run when it ends with an error.

    Raises Refused (guard `home-branch`) where it has hooks, and nobody knows which commit's count.
    """
    hooks = _hooks_of(run, target, command or _command_of(target))
    if hooks is None:
        return run

    def tell_error(_kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, TfopsError):
            hooks.at(HookPoint.ON_ERROR, code=error.exit_code, error=error.name)
        elif isinstance(error, KeyboardInterrupt):
            hooks.at(HookPoint.ON_ERROR, code=Interrupted.exit_code, error=Interrupted.name)

    run.ending.push(tell_error)
    return replace(run, hooks=hooks)


def _command_of(target: Target) -> str:
    if target.facts.place.rehearses is not None:
        return "drill"
    if target.promoted_from is not None:
        return "promote"
    return "refresh" if target.kind is Kind.SURGERY else str(target.kind)


def _hooks_of(run: Run, target: Target, command: str) -> Hooks | None:
    facts, env = run.facts, run.facts.env
    rules, commit = _agreed_to(facts, target)
    rule = rules.environments.get(env) if rules else None
    own = target.rules.environments.get(env)
    if rule is not None and rule.hooks and commit is not None:
        return Hooks(rule.hooks, command, check_context(run, target), cache(partial(_files, facts, commit)))
    if own is None or not own.hooks:
        return None
    if commit is None:
        remote = facts.project.repository.remote
        raise Refused(
            "home-branch",
            f"{env} has hooks, and nobody says which branch of `{remote}` they count from",
            why="hooks, and the files that they run, come from a commit that others have agreed to",
            hint=f"git remote set-head {remote} --auto   (or: export TFOPS_BRANCH_HOME=main)",
        )
    run.ui.warn(f"the hooks of {env} in this commit's tfops.yaml don't run: they aren't on its branch yet")
    return None


def _files(facts: Snapshot, commit: CommitSha) -> Path:
    folder = facts.project.workspace.hooks(facts.env)
    try:
        check_out(facts.project.repository.git, commit, folder)
    except GitFailed as error:
        what = f"the files of the hooks can't be checked out at {commit[:8]}"
        raise Refused("checkout", what, why=error.stderr) from error
    return folder


def _agreed_to(facts: Snapshot, target: Target) -> tuple[ProjectConfig | None, CommitSha | None]:
    """The rules that say which hooks there are, and their commit; none of either where nobody knows.

    Without a remote there is nobody else: what is checked out counts. Else it is the branch that the latest version was
    applied from; before the first one the home branch, or where nobody says which that is, the branch that the
    environment is bound to.
    """
    project, repository, place = facts.project, facts.project.repository, facts.place
    if not repository.remote:
        return _readable(project, facts.head) or (place.rules, facts.head)
    if place.is_preview:
        return place.rules, home_commit(project)
    latest, own = facts.listing.latest, target.rules.environments.get(facts.env)
    found = _of_branch(project, latest.branch if latest else "")
    if found and facts.env in found[0].environments:
        return found
    if own is None or not own.hooks:  # then nothing is skipped that this commit asks for
        return target.rules, facts.head
    home = home_commit(project)
    return (_readable(project, home) if home else _of_branch(project, own.branch)) or (None, None)


def _of_branch(project: Project, branch: str) -> tuple[ProjectConfig, CommitSha] | None:
    head = project.repository.branch_head(branch) if branch and "*" not in branch else None
    return _readable(project, head) if head is not None else None


def _readable(project: Project, head: CommitSha) -> tuple[ProjectConfig, CommitSha] | None:
    """The newest rules up to a commit that can be read."""
    try:
        home = readable_home(project, head)[0]
    except (ConfigError, ProjectError):
        return None
    return home.rules, home.commit
