"""`providers lock` and `providers update`: the provider lock of an environment, written for committing."""

import json
from collections.abc import Mapping, Sequence
from functools import partial

from tfops.change.content import Content, local_sources, render_stack
from tfops.change.environment import find_place
from tfops.change.modules import interfaces_of
from tfops.change.project import Project
from tfops.change.request import Request
from tfops.change.stack import locate
from tfops.change.tofu_only import require_tofu_where_needed
from tfops.change.ui import Ui
from tfops.config.environment import load_environment, lock_file_path, read_provider_lock
from tfops.config.modules.interface import MODULES, require_inner_sources
from tfops.config.names import did_you_mean, shown
from tfops.engine.environment import engine_environment
from tfops.engine.lockfile import locked_versions
from tfops.engine.mask import Masker
from tfops.engine.providers import lock_providers
from tfops.engine.runner import Retry, Runner
from tfops.errors import Refused
from tfops.records.addresses import other_registry, registry_of
from tfops.records.names import StackName
from tfops.records.rendered import LOCK_FILE, MAIN_FILE, RenderedRoot
from tfops.system import failpoint, signals
from tfops.system.export import lay_out_modules
from tfops.system.workspace import in_work_tree, lay_out, replace_text
from tfops.views.providers import ProviderMove, ProvidersResult

# A root of its own beside the stacks', without their backend; no stack can have this name.
_FOLDER = StackName(".providers")


def lock(
    project: Project, request: Request, ui: Ui, *, update: bool, mirror: str, only: Sequence[str] = ()
) -> ProvidersResult:
    """Write `environments/<env>.lock.hcl` from the files as they lie here. Nothing else is changed.

    With `update` to the newest versions that the modules allow, else what is locked stays; `only` are the providers
    to update, by the end of their address. Entries of the other engine's registry stay as they are. Raises Refused
    (guard `unknown-provider`) for one that isn't locked.
    """
    place = find_place(project, request.env)
    tree = place.tree(project, worktree=True)
    rules = place.rules_in(project, tree)
    environment = load_environment(tree, rules, place.env)
    if environment.own_roots:
        where = environment.own_roots[0].path
        raise Refused(
            "own-root",
            f"the providers of {place.env} are locked by its root itself: `{where}/{LOCK_FILE}`",
            hint=f"terraform -chdir={where} providers lock   (then commit the file)",
        )
    path = lock_file_path(tree, rules.files_of(place.env))
    before = read_provider_lock(tree, rules.files_of(place.env)) or ""
    content = Content(rules, environment, tree, before or None, base=rules.base_of(place.env))
    interfaces = interfaces_of(project, tree, {})
    for stack in environment.stacks.values():
        require_inner_sources(interfaces, local_sources(stack))
    program = locate(project, rules, request.engine)
    for name, stack in environment.stacks.items():
        require_tofu_where_needed(program, tree, stack, partial(content.document, name))
    opened = _named(only, before, other=other_registry(registry_of(is_tofu=program.is_tofu)))
    with (
        project.changing(place.env, "provider lock", wait_s=request.wait_s),
        project.workspace.run(place.env) as folder,
    ):
        root = project.workspace.root(place.env, _FOLDER)
        rendered = {name: render_stack(content, name, interfaces) for name in environment.stacks}
        lay_out(root, _calls(rendered, before), removes=lambda name: name not in (".terraform", MODULES))
        lay_out_modules(tree, root, {}, rendered="", keeps=lambda _: False)
        failpoint.reach("rendered")
        env_vars = engine_environment(more=rules.engine.env, secrets={}, plugin_cache=project.workspace.plugin_cache)
        retry = Retry(rules.retry, tell=lambda failed: ui.warn(failed.text))
        runner = Runner(root, folder, env_vars, Masker(()), ui.engine_event, ui.engine_signal, retry=retry)
        ui.phase(f"locking the providers of {place.env}")
        upgrade = update and not opened
        after = lock_providers(
            program, runner, platforms=rules.platforms, mirror=mirror, upgrade=upgrade, opened=opened
        )
        ui.phase("")
    if after and after != before:
        replace_text(in_work_tree(project.repository.root, path), after)
        signals.tell_if_interrupted(f"`{path}` was written first: commit it.")
        failpoint.reach("files-written")
    return ProvidersResult(place.env, path, _moves(before, after), is_written=bool(after) and after != before)


def _named(asked: Sequence[str], lock: str, *, other: str) -> tuple[str, ...]:
    """The addresses that `random`, `hashicorp/random` or a whole address stand for; none of the `other` engine's
    registry unless all of it is given."""
    known = sorted(locked_versions(lock))
    found = dict[str, None]()
    for one in asked:
        named = [name for name in known if f"/{name}".endswith(f"/{one}")]
        own = [name for name in named if name == one or not name.startswith(other)]
        if not own:
            raise _unknown(one, known, is_other=bool(named))
        found |= dict.fromkeys(own)
    return tuple(found)


def _unknown(asked: str, known: Sequence[str], *, is_other: bool) -> Refused:
    if is_other:
        what = f"the provider {shown(asked)} is locked for the other engine only"
        return Refused("unknown-provider", what, hint="add this engine's entry: tfops providers lock ENV")
    hint = did_you_mean(asked, {name.rpartition("/")[2] for name in known}) or "tfops providers lock ENV"
    return Refused("unknown-provider", f"no provider {shown(asked)} is locked", hint=hint)


def _calls(roots: Mapping[StackName, RenderedRoot], lock: str) -> dict[str, str]:
    """One root that calls the modules of all stacks: all that counts is which providers they want.

    Inputs are there without their values: Terraform 1.15 doesn't initialize a call that lacks a required one.
    """
    documents = {name: json.loads(root.files[MAIN_FILE]) for name, root in roots.items()}
    calls = {
        f"{stack}_{name}": {key: text if key in ("source", "version") else None for key, text in block.items()}
        for stack, document in documents.items()
        for name, block in document["module"].items()
    }
    shared = next(iter(documents.values()))
    main = {key: shared[key] for key in ("terraform", "provider") if key in shared} | {"module": calls}
    return {MAIN_FILE: json.dumps(main, indent=2)} | ({LOCK_FILE: lock} if lock else {})


def _moves(before: str, after: str) -> tuple[ProviderMove, ...]:
    old, new = locked_versions(before), locked_versions(after)
    names = sorted(old.keys() | new.keys())
    return tuple(ProviderMove(name, old.get(name, ""), new.get(name, "")) for name in names)
