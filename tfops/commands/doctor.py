"""What a support question would ask, answered in one run; nothing here stops at the first problem."""

import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from tfops import __version__
from tfops.change.home import require_known_engine
from tfops.change.project import Project
from tfops.change.remote_answers import refusal
from tfops.config.backend import Backend
from tfops.config.environment import load_environment
from tfops.config.project import EngineChoice, ProjectConfig
from tfops.engine.environment import missing_cli_config
from tfops.engine.locate import Engine, candidates, find_engine
from tfops.engine.planfile.compared import is_compared
from tfops.errors import ConfigError, TfopsError
from tfops.ledger.chain import LedgerState, read_present
from tfops.ledger.record import LostRaceError, rehearse_record
from tfops.ledger.versions import versions_of
from tfops.records.finding import Finding
from tfops.records.names import MAIN_STACK, EnvName
from tfops.render.backend import describe_backend
from tfops.resolve.branches import describe_mapping
from tfops.system import environ
from tfops.system.installation import installation, namesake
from tfops.system.remote import Refs, RemoteUnreachable
from tfops.views.doctor import DoctorResult

Answer = TypeVar("Answer")

_AMONG_BRANCHES = "refs/heads/tfops/{env}"
_MOST_REHEARSED = 10  # a host may take a quarter of a second for each ref


def doctor(start: Path, requested_engine: str) -> DoctorResult:
    """Look at everything; a problem is a finding, never an exception."""
    findings = [
        Finding("tfops", f"{__version__}, Python {platform.python_version()} ({sys.executable})"),
        Finding("installed", str(installation())),
        *_namesake(),
        Finding("system", f"{platform.system()} {platform.machine()}"),
    ]
    project = _try("repository", lambda: Project.open(start), findings)
    rules = None
    if project is not None:
        rules = _try("tfops.yaml", lambda: project.config_at(project.repository.head), findings)
        findings += _repository(project, project.refs(rules) if rules else Refs(project.repository))
    if project is not None and rules is not None:
        if not any(finding.topic == "remote" and finding.is_problem for finding in findings):
            findings += _recording(project, rules)
        findings += _rules(rules)
        findings += _environments(project, rules)
    findings += _engine(project, rules, requested_engine)
    return DoctorResult(tuple(findings))


def _namesake() -> Iterator[Finding]:
    """`tfops` on the public index is another project, and its files would lie where ours do."""
    version = namesake()
    if version:
        hint = "uninstall tfops, then install this one anew: tfops docs install"
        yield Finding("name", f"another project, tfops {version}, is installed here too", is_problem=True, hint=hint)


def _try(topic: str, question: Callable[[], Answer], findings: list[Finding]) -> Answer | None:
    try:
        return question()
    except TfopsError as error:
        findings.append(_problem(topic, error))
        return None


def _problem(topic: str, error: TfopsError) -> Finding:
    text = f"{error.what}: {'; '.join(error.why.splitlines())}" if error.why else error.what
    if isinstance(error, ConfigError):
        text = "; ".join(f"{complaint.mark}: {complaint.message}" for complaint in error.complaints)
    return Finding(topic, text, is_problem=True, hint=error.hint)


def _repository(project: Project, refs: Refs) -> Iterator[Finding]:
    repository = project.repository
    git_version = repository.git.line("version").removeprefix("git version ")
    yield Finding("git", f"{git_version}, {repository.root}")
    person, is_configured = repository.person, repository.committer is not None
    hint = "" if is_configured else "git config --global user.name … and user.email …"
    yield Finding("identity", str(person), hint=hint)
    yield Finding("folder", str(project.workspace.top))
    if repository.is_shallow:
        yield Finding("clone", "is shallow: versions may be missing", is_problem=True, hint="git fetch --unshallow")
    if not repository.remote:
        yield Finding("remote", "none: versions stay in this clone")
        return
    try:
        refs.fetch()
        yield Finding("remote", f"{repository.remote} answers")
    except RemoteUnreachable as error:
        yield _problem("remote", refusal(error, repository.remote, "versions could not be read"))
    except TfopsError as error:
        yield _problem("remote", error)


def _recording(project: Project, rules: ProjectConfig) -> Iterator[Finding]:
    """Whether locks and versions of the environments would be signed and taken: by the very push, without a trace."""
    envs = sorted(rules.environments)[:_MOST_REHEARSED]
    whose = ", ".join(envs) + (f" (of {len(rules.environments)})" if len(envs) < len(rules.environments) else "")
    remote = project.repository.remote
    try:
        _rehearse(project, project.refs(rules), envs)
    except RemoteUnreachable as error:
        found = refusal(error, remote, f"no version of {whose} could be recorded")
        if rules.ledger_ref != _AMONG_BRANCHES and _takes_branches(project, envs):
            found.hint = f'it takes ledgers among the branches. In tfops.yaml: ledger: {{ref: "{_AMONG_BRANCHES}"}}'
        yield _problem("recording", found)
    except LostRaceError:
        yield Finding("recording", "someone is changing an environment right now", hint="tfops doctor")
    except TfopsError as error:
        yield _problem("recording", error)
    else:
        where = f"{remote} takes tags and {rules.ledger_ref}" if remote else "tags and ledgers can be written here"
        yield Finding("recording", f"{where}, of {whose}: tried without a trace" if envs else where)


def _rehearse(project: Project, refs: Refs, envs: Sequence[EnvName], *, is_new: bool = False) -> None:
    """`is_new`: as if no ledger were there yet."""
    repository = project.repository
    if envs:
        presents = [read_present(repository, env) for env in envs]
        tried = [LedgerState(one.env) if is_new else one for one in presents]
        rehearse_record(repository, refs, repository.head, *((one, _next_number(project, one.env)) for one in tried))


def _next_number(project: Project, env: EnvName) -> int:
    return versions_of(project.repository, env).highest + 1


def _takes_branches(project: Project, envs: Sequence[EnvName]) -> bool:
    try:
        refs = Refs(project.repository, _AMONG_BRANCHES.replace("{env}", "*"))
        _rehearse(project, refs, envs, is_new=True)
    except (RemoteUnreachable, LostRaceError, TfopsError):
        return False
    return True


def _rules(rules: ProjectConfig) -> Iterator[Finding]:
    yield Finding("branches", describe_mapping(rules.environments))
    yield Finding("backend", _in_words(rules.backend))
    for env, rule in rules.environments.items():
        for stack, backend in rule.own_backends.items():
            yield Finding("backend", f"{env if stack == MAIN_STACK else f'{env}/{stack}'}: {_in_words(backend)}")


def _in_words(backend: Backend) -> str:
    return describe_backend(backend) + (" (state stays in this clone)" if backend.kind == "local" else "")


def _environments(project: Project, rules: ProjectConfig) -> Iterator[Finding]:
    tree = project.tree(worktree=False)
    for env in rules.environments:
        try:
            found = load_environment(tree, rules, env)
            modules = [module for stack in found.stacks.values() for module in stack.modules]
            yield Finding(f"environment {env}", ", ".join(modules))
        except TfopsError as error:
            yield _problem(f"environment {env}", error)


def _engine(project: Project | None, rules: ProjectConfig | None, requested: str) -> Iterator[Finding]:
    wanted = requested or environ.variable("TFOPS_ENGINE")
    try:
        if project is not None and rules is not None and not wanted:
            require_known_engine(project, rules)
        engine = find_engine(
            rules.engine if rules else EngineChoice(), wanted, top=project.repository.root if project else None
        )
        yield Finding("engine", f"{engine} ({engine.executable}; {engine.origin})")
        yield Finding("saved plans", _how_plans_are_read(engine))
    except TfopsError as error:
        yield _problem("engine", error)
    others = [candidate.executable for candidate in candidates(EngineChoice())]
    yield Finding("engines here", ", ".join(others) or "none")
    if missing_cli_config():
        text = f"TF_CLI_CONFIG_FILE names a file that is not there ({missing_cli_config()}): tfops ignores it"
        yield Finding("engine config", text)


def _how_plans_are_read(engine: Engine) -> str:
    if is_compared(engine):
        return "read by tfops; where one holds what tfops doesn't know, shown by the engine (`show -json`)"
    return f"shown by the engine (`show -json`): tfops doesn't read those of {engine} itself (tfops docs engines)"
