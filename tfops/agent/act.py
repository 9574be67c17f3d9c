"""Doing what was decided: `tfops` in a process of its own, in a work tree of the commit."""

import json
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from tfops.change.home import HOME_VARIABLE
from tfops.change.project import Project
from tfops.commands.reconcile_facts import home_head
from tfops.dataclass import dataclass
from tfops.errors import Locked, Refused, TfopsError, in_a_line, one_line
from tfops.ledger.codec import from_plain
from tfops.records.decision import Decision, SyncReason
from tfops.records.names import CommitSha
from tfops.records.plan import Plan
from tfops.records.version import Kind
from tfops.system.checkout import check_out, forget_checkout, remote_from_elsewhere
from tfops.system.children import Child, start_tfops
from tfops.system.git import GitFailed
from tfops.views.change import ChangeResult, RecoverResult
from tfops.views.reconcile import Act

_BUG = 1
_LONGEST_LINE = 600
_LONGEST_WHY = 4000


@dataclass(frozen=True, slots=True)
class Running:
    """A decision that is being carried out. `lock` keeps others out of its checkout."""

    decision: Decision
    child: Child
    lock: FileLock

    @property
    def is_over(self) -> bool:
        return not self.child.is_running


def start(project: Project, decision: Decision, *, engine: str = "") -> Running:
    """Check the commit out and start `tfops` there.

    Raises Refused (guard `checkout`) when Git can't, Locked when another process does the same right now.
    """
    folder = project.workspace.checkout(decision.env)
    lock = _locked(folder, decision)
    try:
        check_out(project.repository.git, CommitSha(decision.commit), folder)
        child = start_tfops(
            [*_arguments(decision), "--output", "json", *(["--engine", engine] if engine else [])],
            folder=folder,
            files=project.workspace.reports,
            name=decision.env,
            env={"TFOPS_BRANCH": decision.branch, HOME_VARIABLE: home_head(project)}
            | remote_from_elsewhere(project.repository),
        )
    except GitFailed as error:
        lock.release()
        raise Refused("checkout", f"{decision.commit[:8]} can't be checked out", why=str(error)) from error
    except BaseException:
        lock.release()
        raise
    return Running(decision, child, lock)


def _locked(folder: Path, decision: Decision) -> FileLock:
    lock = FileLock(folder.with_name(f"{decision.env}.lock"), mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise Locked(f"another process of this clone is about to change {decision.env}") from error
    return lock


def _arguments(decision: Decision) -> list[str]:
    if decision.reason is SyncReason.FOLLOWED:
        return ["recover", decision.env]
    if decision.destroys or decision.reason is SyncReason.ORPHAN:
        return ["destroy", decision.env, "--yes", "--quiet"]
    if decision.reason is SyncReason.HEAL:
        return ["apply", decision.env, "--unattended", "--quiet", "--max-deletes", "0"]
    lifting = ["--lift-hold"] if decision.lifts_hold else []
    return ["apply", decision.env, "--unattended", "--quiet", *lifting]


def not_started(decision: Decision, error: TfopsError) -> Act:
    detail = error.guard if isinstance(error, Refused) else error.name
    text, why = in_a_line(error), error.why[:_LONGEST_WHY]
    return Act(decision.env, decision.commit, error.exit_code, text, detail=detail, why=why, hint=error.hint)


def finished(project: Project, running: Running) -> Act:
    """What came of it, from the answer that it printed. Of what is no more, the checkout goes too."""
    code, text = running.child.answer()
    if code == 0 and running.decision.destroys:
        for folder in (project.workspace.checkout(running.decision.env), project.workspace.hooks(running.decision.env)):
            forget_checkout(project.repository.git, folder)
    running.lock.release()
    body = _parsed(text)
    decision, seconds = running.decision, running.child.seconds
    if body is None:
        return Act(
            decision.env, decision.commit, code or _BUG, "ended without an answer", detail="no-answer",
            duration_s=seconds,
        )  # fmt: skip
    if body.get("ok"):
        return _done(decision, body["result"], seconds)
    error = body.get("error") or {}
    detail = str(error.get("guard") or error.get("name") or "error")
    what, why, hint = (str(error.get(part) or "") for part in ("what", "why", "hint"))
    return Act(
        decision.env, decision.commit, code, one_line(what, why, hint, longest=_LONGEST_LINE), detail=detail,
        duration_s=seconds, why=why[:_LONGEST_WHY], hint=hint,
    )  # fmt: skip


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _done(decision: Decision, result: object, seconds: float) -> Act:
    version, text = _recovered(result) if decision.reason is SyncReason.FOLLOWED else _changed(result)
    text = one_line(text, "", "", longest=_LONGEST_LINE)
    return Act(decision.env, decision.commit, 0, text, version=version, duration_s=seconds)


def _recovered(result: object) -> tuple[str, str]:
    """The version that was recorded, if any, and what came of it."""
    found = from_plain(RecoverResult, result)
    version = str(found.recorded or "")
    return version, f"is now {version}" if version else found.story or "nothing to do"


def _changed(result: object) -> tuple[str, str]:
    """The same of an apply or a destroy."""
    found = from_plain(ChangeResult, result)
    version = str(found.version or "")
    verb = "was destroyed:" if found.kind is Kind.DESTROY else "is now"
    return version, (f"{verb} {version}" if version else "nothing to do") + left_alive(found.plan)


def left_alive(plan: Plan) -> str:
    """What a change took out of the state and left alive, with ids, as the end of a line; empty where nothing is."""
    named = ", ".join(f"{change.address} ({change.resource_id or 'no id'})" for change in plan.leaving)
    return f"; left alive, outside of the state: {named}" if named else ""
