"""`tfops.yaml` read: from text to `ProjectConfig`, with every mistake at its line."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from tfops.config import names
from tfops.config.agent import check_agent, to_agent_rules
from tfops.config.backend import ROLE, ROLE_HINT, check_backend, to_backend
from tfops.config.checks import check_checks, to_checks
from tfops.config.compared_rules import check_same_but
from tfops.config.constraint import Constraint
from tfops.config.document import Document, read_document
from tfops.config.encryption import check_encryption, to_encryption
from tfops.config.hooks import check_hooks, to_hooks
from tfops.config.labels import label_complaints
from tfops.config.limits import check_input_rules
from tfops.config.names import PROJECT_FILE
from tfops.config.own_roots import check_roots, with_roots
from tfops.config.parsing import parse
from tfops.config.preview import check_preview, is_preview_template, to_preview
from tfops.config.project import (
    DriftPolicy,
    EngineChoice,
    EnvironmentRule,
    InventoryPolicy,
    LogPolicy,
    LogRules,
    ProjectConfig,
    Sync,
)
from tfops.config.promotion import check_promotions, to_promotion_rule
from tfops.config.providers import check_providers
from tfops.config.retry import check_retry, to_retry_rules
from tfops.config.review import to_review_rule
from tfops.config.schema import EnvironmentBlock, ProjectFile
from tfops.config.secrets import check_secrets, to_secret_rules
from tfops.config.window import parse_window
from tfops.errors import ConfigError, ProjectError
from tfops.records.complaint import Complaint
from tfops.records.names import EnvName
from tfops.system.project_folders import ProjectFolders, is_folder, overlap
from tfops.system.trees import Tree, is_link

_ENGINES = ("auto", "terraform", "tofu", "embedded")
_VARIABLE_PATTERN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\*?")


def load_project(tree: Tree) -> ProjectConfig:
    """Read `tfops.yaml`. Raises ProjectError when there is none, ConfigError with all its mistakes."""
    text = tree.read(PROJECT_FILE)
    if text is None:
        if is_link(tree, PROJECT_FILE):
            raise ProjectError(
                f"`{PROJECT_FILE}` is a link, and links aren't followed", hint="put the file itself there"
            )
        raise ProjectError(
            f"there is no `{PROJECT_FILE}` in the commit",
            hint="make one with: tfops init   (then commit it)",
        )
    document = _parsed(text)
    complaints = list(document.complaints)
    if not complaints:
        file, complaints = parse(ProjectFile, document)
        complaints += _check(document)
        complaints += check_input_rules(document, tree.names(tree.folders.modules))
    if complaints:
        raise ConfigError(complaints)
    assert file is not None
    return _to_config(file)


def project_document(tree: Tree) -> Document:
    """`tfops.yaml` with its marks, parsed once however many environments ask for it. Not to be changed."""
    return _parsed(tree.read(PROJECT_FILE) or "")


@lru_cache(maxsize=4)
def _parsed(text: str) -> Document:
    return read_document(PROJECT_FILE, text)


def _to_config(file: ProjectFile) -> ProjectConfig:
    [(kind, settings)] = file.backend.items()
    engine = EngineChoice(file.engine.use, Constraint(file.engine.version), tuple(file.engine.env))
    return ProjectConfig(
        project=file.project,
        engine=engine,
        backend=to_backend(kind, settings or {}),
        ledger_ref=file.ledger.ref,
        requires_signatures=file.require.signed,
        protect=tuple(file.protect),
        no_downgrade=tuple(file.no_downgrade),
        ask_actions=tuple(file.actions.ask),
        inventory=InventoryPolicy(file.inventory),
        providers={name: block or {} for name, block in file.providers.items()},
        environments={
            EnvName(name): with_roots(_to_rule(file, name, block), block)
            for name, block in file.environments.items()
            if not is_preview_template(name)
        },
        previews=tuple(
            replace(_to_rule(file, name, block), preview=to_preview(name, block))
            for name, block in file.environments.items()
            if is_preview_template(name)
        ),
        platforms=tuple(file.platforms),
        same_but=tuple(file.same_but),
        names_backend="backend" in file.model_fields_set,
        logs=LogRules(LogPolicy(file.logs.keep), file.logs.runs, file.logs.days, file.logs.megabytes),
        secrets=to_secret_rules(file.secrets),
        encryption=to_encryption(file.encryption),
        agent=to_agent_rules(file.agent),
        plan_recipients=tuple(file.plan_files.age),
        retry=to_retry_rules(file.retry),
    )


def _to_rule(file: ProjectFile, name: str, block: EnvironmentBlock) -> EnvironmentRule:
    return EnvironmentRule(
        branch=block.branch,
        rehearses=EnvName(block.rehearses) if block.rehearses else None,
        protected=block.protected,
        account=block.account,
        region=block.region,
        role=block.assume_role,
        backend=block.backend or {},
        required_checks=to_checks(file.required_checks if block.required_checks is None else block.required_checks),
        verify=to_checks(file.verify if block.verify is None else block.verify),
        rolls_back=block.rollback == "auto",
        sync=Sync(block.sync),
        drift=DriftPolicy(block.drift),
        windows=tuple(map(parse_window, block.windows)),
        deletes=block.deletes,
        requires_signed_commits=block.signed_commits,
        review=to_review_rule(block),
        labels=dict(block.labels),
        promote=to_promotion_rule(block.promote),
        hooks=to_hooks(name, file.hooks, block.hooks),
    )


def _check(document: Document) -> list[Complaint]:
    """What a schema can't say. Looks at plain data, so that it also runs when the schema complains."""
    checks: list[Callable[[Document, dict[str, Any]], Iterator[Complaint]]] = [
        _check_words,
        check_providers,
        _check_paths,
        _check_engine,
        check_backend,
        _check_environments,
        _check_ledger,
        _check_platforms,
        check_checks,
        check_promotions,
        _check_protect,
        _check_no_downgrade,
        _check_plan_files,
        check_secrets,
        check_encryption,
        check_agent,
        check_same_but,
        check_retry,
        check_hooks,
    ]
    if not isinstance(document.data, dict):
        return []
    return [complaint for check in checks for complaint in check(document, document.data)]


def _mapping(data: dict[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _check_words(document: Document, data: dict[str, Any]) -> Iterator[Complaint]:
    project = data.get("project")
    if isinstance(project, str) and not names.is_environment_name(project):
        yield document.complaint(("project",), f"the project's name must be {names.ENVIRONMENT_RULE}")


def _check_paths(document: Document, data: dict[str, Any]) -> Iterator[Complaint]:
    said = {key: path for key, path in _mapping(data, "paths").items() if key in ("modules", "environments")}
    for key, path in said.items():
        if isinstance(path, str) and not is_folder(path):
            hint = "a folder from the repository's top: infra/modules"
            yield document.complaint(("paths", key), f"{names.shown(path)} can't be such a folder", hint)
    if overlap(ProjectFolders(**{key: path for key, path in said.items() if is_folder(path)})):
        yield document.complaint(("paths",), "modules and environments need a folder each, none in the other")


def _check_engine(document: Document, data: dict[str, Any]) -> Iterator[Complaint]:
    engine = _mapping(data, "engine")
    use, version = engine.get("use", "auto"), engine.get("version", "")
    if isinstance(use, str) and use not in _ENGINES and "/" not in use:
        hint = names.did_you_mean(use, _ENGINES)
        yield document.complaint(("engine", "use"), f"unknown engine {names.shown(use)}", f"{hint} (or a path)")
    if isinstance(version, str):
        try:
            Constraint(version)
        except ValueError as error:
            yield document.complaint(("engine", "version"), str(error))
    patterns = engine.get("env")
    for index, name in enumerate(patterns if isinstance(patterns, list) else []):
        if not isinstance(name, str) or not _may_be_passed_on(name):
            hint = "NAME or PREFIX_*, and nothing that begins with TF_ or GIT_"
            yield document.complaint(("engine", "env", index), "not a variable that may be passed on", hint)


def _may_be_passed_on(pattern: str) -> bool:
    """Whether a name or `PREFIX_*` is well-formed and lets no variable of Terraform or Git through."""
    prefix = pattern.rstrip("*")
    reaches = (prefix.startswith(own) or (prefix != pattern and own.startswith(prefix)) for own in ("TF_", "GIT_"))
    return _VARIABLE_PATTERN.fullmatch(pattern) is not None and not any(reaches)


def _check_environments(document: Document, data: dict[str, Any]) -> Iterator[Complaint]:
    environments = _mapping(data, "environments")
    if "environments" in data and not environments:
        yield document.complaint(("environments",), "at least one environment", "for instance: dev: {branch: main}")
    for name, block in environments.items():
        where = ("environments", name)
        if is_preview_template(name):
            yield from check_preview(document, name, block)
        elif not names.is_environment_name(name):
            yield document.complaint(where, f"{names.shown(name)} can't name an environment", names.ENVIRONMENT_RULE)
        branch = block.get("branch") if isinstance(block, dict) else None
        if isinstance(branch, str) and not names.is_branch_pattern(branch):
            hint = f"{names.BRANCH_RULE}; `*` and `**` as wildcards"
            yield document.complaint((*where, "branch"), f"{names.shown(branch)} can't be a branch pattern", hint)
        if isinstance(block, dict):
            yield from _check_place(document, where, block)
            yield from check_roots(document, name, block)
            yield from label_complaints(document, (*where, "labels"), block.get("labels"))
            yield from _check_rehearsal(document, where, environments, block)
            yield from _check_no_preview(document, where, block) if not is_preview_template(name) else ()


def _check_no_preview(document: Document, where: tuple[str, ...], block: dict[str, Any]) -> Iterator[Complaint]:
    for key in ("config", "ttl", "most"):
        if key in block:
            hint = 'a preview environment has `{slug}` in its name: "preview-{slug}"'
            yield document.complaint((*where, key), f"`{key}` is only for preview environments", hint)


def _check_rehearsal(
    document: Document, where: tuple[str, ...], environments: Mapping[str, Any], block: dict[str, Any]
) -> Iterator[Complaint]:
    """Bound to a branch, or a place for drills of one that is."""
    asked = block.get("rehearses")
    if "branch" not in block and asked is None and block.keys() <= EnvironmentBlock.model_fields.keys():
        yield document.complaint(where, "`branch` is missing", "for instance: branch: main")
    if not isinstance(asked, str):
        return
    other = environments.get(asked)
    if "branch" in block or is_preview_template(where[-1]):
        yield document.complaint((*where, "rehearses"), "a place for drills has no branch: take one of the two out")
    elif block.get("protected"):
        yield document.complaint((*where, "protected"), "a place for drills can't be protected")
    elif is_preview_template(asked) or not isinstance(other, dict) or "branch" not in other:
        bound = [name for name, one in environments.items() if isinstance(one, dict) and "branch" in one]
        hint = names.did_you_mean(asked, bound)
        yield document.complaint((*where, "rehearses"), f"{names.shown(asked)} is no environment with a branch", hint)


_PLACES = (
    ("account", re.compile(r"[0-9]{12}"), "an AWS account's number", 'twelve digits in quotes: "123456789012"'),
    ("region", re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]"), "an AWS region", "for instance: eu-west-1"),
    ("assume_role", ROLE, "a role's ARN", ROLE_HINT),
)


def _check_place(document: Document, where: tuple[str, ...], block: dict[str, Any]) -> Iterator[Complaint]:
    for key, pattern, what, hint in _PLACES:
        value = block.get(key)
        if isinstance(value, str) and not pattern.fullmatch(value):
            yield document.complaint((*where, key), f"{names.shown(value)} is not {what}", hint)


_LEDGER_REF = re.compile(r"refs/(heads|tfops)/([A-Za-z0-9_][A-Za-z0-9_-]*/)*\{env\}")


def _check_ledger(document: Document, data: dict[str, Any]) -> Iterator[Complaint]:
    ref = _mapping(data, "ledger").get("ref")
    if isinstance(ref, str) and not _LEDGER_REF.fullmatch(ref):
        hint = "refs/tfops/envs/{env}, or where a host refuses that: refs/heads/tfops/{env}"
        yield document.complaint(("ledger", "ref"), "a ledger's ref must end with /{env}", hint)


_PLATFORM = re.compile(r"[a-z0-9]+_[a-z0-9]+")


def _check_platforms(document: Document, data: dict[str, Any]) -> Iterator[Complaint]:
    platforms = data.get("platforms")
    for index, platform in enumerate(platforms if isinstance(platforms, list) else []):
        if isinstance(platform, str) and not _PLATFORM.fullmatch(platform):
            hint = "for instance: linux_amd64, darwin_arm64"
            yield document.complaint(("platforms", index), f"{names.shown(platform)} is not a platform", hint)


def _check_protect(document: Document, data: dict[str, Any]) -> Iterator[Complaint]:
    for where, pattern in _entries(data, "protect"):
        if not names.is_protect_pattern(pattern):
            hint = "a type (aws_db_instance) or an address without keys (module.db.*)"
            yield document.complaint(where, f"{names.shown(pattern)} names neither a type nor an address", hint)


_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_]*)+")


def _check_no_downgrade(document: Document, data: dict[str, Any]) -> Iterator[Complaint]:
    for where, entry in _entries(data, "no_downgrade"):
        if not _ATTRIBUTE.fullmatch(entry):
            hint = "TYPE.ATTRIBUTE: aws_db_instance.engine_version, without indexes"
            yield document.complaint(where, f"{names.shown(entry)} is not an attribute of a type", hint)


_AGE_KEY = re.compile(r"age1[02-9ac-hj-np-z]{58}")


def _check_plan_files(document: Document, data: dict[str, Any]) -> Iterator[Complaint]:
    for (_, index), key in _entries(_mapping(data, "plan_files"), "age"):
        if not _AGE_KEY.fullmatch(key):
            what, hint = f"{names.shown(key)} is no public age key", "age1…, as `age-keygen` prints it"
            if key.upper().startswith("AGE-SECRET-KEY"):
                what, hint = "a private key: anybody can read it here", "make another one, and put its public key here"
            yield document.complaint(("plan_files", "age", index), what, hint)


def _entries(data: dict[str, Any], key: str) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The texts of a list with their places; anything else is the schema's business."""
    value = data.get(key)
    for index, entry in enumerate(value if isinstance(value, list) else []):
        if isinstance(entry, str):
            yield (key, index), entry
