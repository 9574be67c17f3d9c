"""The stacks of an environment: which files they are, and what one may take from another."""

import graphlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tfops.config import names
from tfops.config.document import Document, Path
from tfops.config.inherit import LINK_HINT
from tfops.config.names import PROJECT_FILE
from tfops.config.own_roots import roots_of
from tfops.config.project_file import project_document
from tfops.config.values import StackReference, flat, parse_form, walk
from tfops.dataclass import dataclass
from tfops.records.complaint import Complaint
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.system.trees import Tree, is_link

OutputsOf = Callable[[StackName, str], frozenset[str] | None]
"""The names of a stack's module's outputs, None when they can't be seen from here."""


def stack_files(tree: Tree, env: EnvName) -> tuple[dict[StackName, str], list[Complaint]]:
    """Stack to file: a single `<env>.yaml` is the stack `main`, in a folder `<env>/` each file is one.

    What roots that somebody wrote by hand are given stands in tfops.yaml.
    """
    roots = roots_of(project_document(tree).data, env)
    if roots:
        return dict.fromkeys(roots, PROJECT_FILE), []
    where = tree.folders.environments
    single, folder = f"{where}/{env}.yaml", f"{where}/{env}"
    listed = [name for name in tree.names(folder) if name.endswith((".yaml", ".yml"))]
    if tree.read(single) is None and not listed:
        what, hint = f"`{single}` is missing", f"commit it, or take the environment out of {PROJECT_FILE}"
        if is_link(tree, single):
            what, hint = f"`{single}` is a link, and links aren't followed", LINK_HINT
        return {}, [project_document(tree).complaint(("environments", env), what, hint)]
    if not listed:
        return {MAIN_STACK: single}, []
    complaints = [complaint for name in listed for complaint in _name_complaints(f"{folder}/{name}", name)]
    links = [f"{folder}/{name}" for name in listed if is_link(tree, f"{folder}/{name}")]
    complaints += [Document(path).complaint((), "it is a link, and links aren't followed", LINK_HINT) for path in links]
    if tree.read(single) is not None:
        message = f"`{single}` and the folder `{folder}/` both describe {env}"
        complaints.append(Document(single).complaint((), message, "keep one of the two"))
    return {StackName(name.rpartition(".")[0]): f"{folder}/{name}" for name in listed}, complaints


def _name_complaints(path: str, name: str) -> Iterator[Complaint]:
    stack, _, ending = name.rpartition(".")
    if not names.is_environment_name(stack):
        message = f"{names.shown(stack)} can't name a stack"
        yield Document(path).complaint((), message, names.ENVIRONMENT_RULE)
    elif ending != "yaml":
        yield Document(path).complaint((), "a stack's file ends with `.yaml`", f"rename it: {stack}.yaml")


@dataclass(frozen=True, slots=True)
class _Use:
    """A place where a stack takes an output of another one."""

    document: Document
    path: Path
    user: StackName
    reference: StackReference

    def complaint(self, message: str, hint: str = "") -> Complaint:
        return self.document.complaint(self.path, message, hint)


def reference_complaints(documents: Mapping[StackName, Document], outputs_of: OutputsOf) -> Iterator[Complaint]:
    """Every reference to a stack, module or output that isn't there, and stacks that need each other."""
    modules = {stack: _modules_of(document) for stack, document in documents.items()}
    uses = [use for stack, document in documents.items() for use in _uses(stack, document)]
    for use in uses:
        yield from _use_complaints(use, modules, outputs_of)
    yield from _cycle_complaints([use for use in uses if use.reference.stack in modules])


def _modules_of(document: Document) -> list[str]:
    modules = document.data.get("modules") if isinstance(document.data, dict) else None
    return list(modules) if isinstance(modules, dict) else []


def _uses(stack: StackName, document: Document) -> Iterator[_Use]:
    places: list[tuple[Path, Any]] = []
    for key in ("providers", "locals") if _modules_of(document) else ():
        places.append(((key,), document.data.get(key)))
    for name in _modules_of(document):
        block = document.data["modules"][name]
        found = block if isinstance(block, dict) else {}
        places += [(("modules", name, key), found.get(key)) for key in ("inputs", "for_each", "count")]
    for where, values in places:
        for path, value in walk(values, where):
            if isinstance(value, str) and value.startswith("${") and "stack." in value:
                try:
                    forms = list(flat(parse_form(value)))
                except ValueError:
                    continue
                yield from (_Use(document, path, stack, form) for form in forms if isinstance(form, StackReference))


def _use_complaints(use: _Use, modules: Mapping[StackName, list[str]], outputs_of: OutputsOf) -> Iterator[Complaint]:
    stack = StackName(use.reference.stack)
    if stack == use.user:
        yield use.complaint(f"`{stack}` is this stack itself", "write `${module.NAME.OUTPUT}`")
    elif stack not in modules:
        others = [name for name in modules if name != use.user]
        hint = names.did_you_mean(stack, others) or "each file in an environment's folder is a stack"
        yield use.complaint(f"there is no stack `{stack}` in this environment", hint)
    else:
        yield from _output_complaints(use, stack, modules[stack], outputs_of)


def _output_complaints(use: _Use, stack: StackName, modules: list[str], outputs_of: OutputsOf) -> Iterator[Complaint]:
    wanted, _ = use.reference.output(modules)
    known = {module: outputs_of(stack, module) for module in ([wanted.module] if wanted.module else modules)}
    having = [module for module, outputs in known.items() if outputs is not None and wanted.name in outputs]
    if wanted.module and not having and known[wanted.module] is not None:
        hint = names.did_you_mean(wanted.name, known[wanted.module] or ()) or "it has no outputs"
        yield use.complaint(f"module `{wanted.module}` of stack `{stack}` has no output `{wanted.name}`", hint)
    elif len(having) > 1:
        listed = " or ".join(f"`${{stack.{stack}.{module}.{wanted.name}}}`" for module in having)
        yield use.complaint(f"several modules of stack `{stack}` have an output `{wanted.name}`", f"write {listed}")
    elif not having and None not in known.values():
        every = {name for outputs in known.values() for name in outputs or ()}
        hint = names.did_you_mean(wanted.name, every) or "it has no outputs"
        yield use.complaint(f"no module of stack `{stack}` has an output `{wanted.name}`", hint)


def _cycle_complaints(uses: list[_Use]) -> Iterator[Complaint]:
    """One cycle at a time: to break it may well break the others."""
    needs: dict[str, set[str]] = {}
    for use in uses:
        if use.reference.stack != use.user:
            needs.setdefault(use.user, set()).add(use.reference.stack)
    try:
        graphlib.TopologicalSorter(needs).prepare()
    except graphlib.CycleError as error:
        circle: list[str] = error.args[1][::-1]  # from who needs to what is needed
        start = circle.index(min(circle))
        shown = [*circle[start:-1], *circle[:start], circle[start]]
        use = next(use for use in uses if (use.user, use.reference.stack) == (shown[0], shown[1]))
        yield use.complaint("the stacks need each other: " + " -> ".join(shown))
