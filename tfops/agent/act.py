"""Doing what was decided: `tfops` in a process of its own, in a work tree of the commit."""

import json
from dataclasses import dataclass
from typing import Any

from tfops.errors import Refused
from tfops.flows.project import Project
from tfops.model import CommitSha
from tfops.results import Act, Decision, SyncReason
from tfops.system.checkout import check_out
from tfops.system.children import Child, start_tfops
from tfops.system.git import GitFailed

_BUG = 1


@dataclass(frozen=True, slots=True)
class Running:
    """A decision that is being carried out."""

    decision: Decision
    child: Child

    @property
    def is_over(self) -> bool:
        return not self.child.is_running


def start(project: Project, decision: Decision, *, engine: str = "") -> Running:
    """Check the commit out and start `tfops` there. Raises Refused (guard `checkout`) when Git can't."""
    folder = project.workspace.checkout(decision.env)
    try:
        check_out(project.repository.git, CommitSha(decision.commit), folder)
    except GitFailed as error:
        raise Refused("checkout", f"{decision.commit[:8]} can't be checked out", why=str(error)) from error
    child = start_tfops(
        [*_arguments(decision), "--output", "json", *(["--engine", engine] if engine else [])],
        folder=folder,
        files=project.workspace.reports,
        name=decision.env,
        env={"TFOPS_BRANCH": decision.branch},
    )
    return Running(decision, child)


def _arguments(decision: Decision) -> list[str]:
    if decision.reason is SyncReason.FOLLOWED:
        return ["recover", decision.env]
    if decision.reason is SyncReason.HEAL:
        return ["apply", decision.env, "--unattended", "--quiet", "--max-deletes", "0"]
    lifting = ["--lift-hold"] if decision.lifts_hold else []
    return ["apply", decision.env, "--unattended", "--quiet", *lifting]


def finished(running: Running) -> Act:
    """What came of it, from the answer that it printed."""
    code, text = running.child.answer()
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
    return Act(decision.env, decision.commit, code, str(error.get("what", "")), detail=detail, duration_s=seconds)


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _done(decision: Decision, result: dict[str, Any], seconds: float) -> Act:
    version = str(result.get("version") or result.get("recorded") or "")
    text = f"is now {version}" if version else str(result.get("story") or "nothing to do")
    return Act(decision.env, decision.commit, 0, text, version=version, duration_s=seconds)
