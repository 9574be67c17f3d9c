"""Everything that the agent needs before its loop turns."""

import contextlib
import stat
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from tfops.agent.agent_status import AgentStatus
from tfops.agent.log import Log
from tfops.agent.loop import AgentOptions, Loop
from tfops.agent.serve import HookEndpoint, serving
from tfops.agent.tell import Notifier
from tfops.agent.traces import traces_for
from tfops.agent.watch import Watch
from tfops.change.project import Project
from tfops.change.ui import Ui
from tfops.commands.reconcile_facts import home_rules
from tfops.errors import ProjectError, Refused, UsageError
from tfops.system import environ
from tfops.system.git import network_timeout_s

SECRET_VARIABLE = "TFOPS_HOOK_SECRET"  # noqa: S105 - the name of a variable
_SHORTEST_SECRET = 16


def run_agent(
    project: Project, options: AgentOptions, *, listen: tuple[str, int] | None, secret: bytes, log: Log, ui: Ui
) -> None:
    """Run until a signal says stop.

    Raises Refused (guard `agent-running`) when this clone has an agent already, ProjectError when the address is
    taken, or the project can't be read at all.
    """
    rules = home_rules(project, ui, say=True)
    project.repository.objects.close()  # nothing that reads objects lives as long as the loop
    board = AgentStatus(silence_s=network_timeout_s() + 60.0, project=rules.project)

    def complain(text: str) -> None:
        log.say("untold", text, is_warning=True)

    traces = traces_for(rules.project, str(options.shard), complain)
    loop = Loop(project, options, Watch(project, rules.ledger_ref), board, log, Notifier(complain), traces)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_only_one(project))
        if listen is not None:
            host, port = stack.enter_context(serving(listen, HookEndpoint(board, loop.wake.set, secret)))
            log.say("listening", f"http://{host}:{port}")
        log.say("watching", rules.project, {"interval_s": options.interval_s, "shard": str(options.shard)})
        loop.run()


@contextlib.contextmanager
def _only_one(project: Project) -> Iterator[None]:
    lock = FileLock(project.workspace.reports / ".agent.lock", mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise Refused("agent-running", "this clone has an agent already", hint="one clone for each agent") from error
    try:
        yield
    finally:
        lock.release()


def parse_address(text: str) -> tuple[str, int] | None:
    """`host:port`, or `none`. Raises UsageError."""
    if text == "none":
        return None
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise UsageError(f"{text!r} is not an address", hint="--listen 127.0.0.1:8420, or --listen none")
    return host.strip("[]"), int(port)


def read_secret(path: Path | None) -> bytes:
    """The secret of the hooks: from a file, or from TFOPS_HOOK_SECRET. Empty without one: there is no /hook then.

    Raises ProjectError for one that others can read, or that is too short to be one.
    """
    if path is None:
        secret = environ.variable(SECRET_VARIABLE).encode()
    else:
        try:
            if path.stat().st_mode & stat.S_IROTH:
                raise ProjectError(f"everyone can read {path}", hint=f"chmod 600 {path}")
            secret = path.read_bytes().strip()
        except OSError as error:
            raise ProjectError(f"can't read {path}", why=error.strerror or str(error)) from error
    if secret and len(secret) < _SHORTEST_SECRET:
        raise ProjectError(
            f"the hooks' secret is shorter than {_SHORTEST_SECRET} characters", hint="openssl rand -hex 32"
        )
    return secret
