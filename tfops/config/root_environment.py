"""An environment of root modules that somebody wrote by hand, as tfops.yaml describes it, with all that is wrong."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import field

from tfops.config.calls import FunctionCall
from tfops.config.document import Document, Path
from tfops.config.inputs import InputCheck
from tfops.config.limits import limit_complaints
from tfops.config.own_backend import backend_complaints
from tfops.config.own_roots import RootConfig, missing_complaints, root_document, roots_of
from tfops.config.project import SecretRules
from tfops.config.project_file import project_document
from tfops.config.repeats import repeat_complaints
from tfops.config.root_values import given_names, tfvars_complaints
from tfops.config.secrets import secret_complaints
from tfops.config.source import RootSource
from tfops.config.stacks import reference_complaints
from tfops.config.values import FormError, LocalReference, StackReference, forms_in, input_complaints, parsed_forms
from tfops.dataclass import dataclass
from tfops.records.complaint import Complaint
from tfops.records.names import EnvName, StackName
from tfops.records.rendered import ROOT_MODULE
from tfops.system.trees import Tree


@dataclass(frozen=True, slots=True)
class ReadRoots:
    """The roots by stack, each with what tfops.yaml says of it as a document, or what is wrong with them."""

    roots: Mapping[StackName, RootConfig]
    documents: Mapping[StackName, Document]
    complaints: list[Complaint] = field(default_factory=list)


def read_roots(
    tree: Tree, env: EnvName, base: EnvName, check: InputCheck | None, secrets: SecretRules | None
) -> ReadRoots:
    """Those of `base`, whose roots they are; with `check`, their inputs are held against their variables."""
    rules, place = project_document(tree), env if env != base else ""
    complaints = [
        *missing_complaints(tree, rules, base, place),
        *backend_complaints(tree, rules, base),
        *_complaints_of_two(tree, base, rules),
    ]
    roots = roots_of(rules.data, base, place)
    documents = {stack: root_document(rules, base, stack, place) for stack in roots}
    for stack, document in documents.items():
        where: Path = ("modules", ROOT_MODULE, "inputs")
        complaints += input_complaints(document, where, document.data["modules"][ROOT_MODULE]["inputs"], known=[])
        complaints += [*repeat_complaints(document), *_call_complaints(document, where)]
        complaints += secret_complaints(document, tree, secrets, base)
        if check is not None and not complaints:
            given = given_names(tree, roots[stack])
            source = {ROOT_MODULE: RootSource(path=roots[stack].path)}
            complaints += check.complaints(document, (env, stack), source, given=given)
            complaints += tfvars_complaints(tree, roots[stack], document, check, (env, stack))
            complaints += limit_complaints(document, rules)
    if not complaints:
        complaints += _between_roots(documents, roots, env, check)
    return ReadRoots(roots, documents, complaints)


def _call_complaints(document: Document, where: Path) -> Iterator[Complaint]:
    """No root calls such a one: what the engine would have to work out, nobody does."""
    for key, value in document.data["modules"][ROOT_MODULE]["inputs"].items():
        with contextlib.suppress(FormError):
            for path, form in forms_in(parsed_forms(value), (*where, key)):
                if isinstance(form, FunctionCall | LocalReference):
                    what = "functions and locals are for generated roots"
                    yield document.complaint(path, what, "write it into the root's own code")


def _complaints_of_two(tree: Tree, env: EnvName, rules: Document) -> Iterator[Complaint]:
    folder = tree.folders.environments
    for path in (f"{folder}/{env}.yaml", f"{folder}/{env}"):
        if tree.digest(path):
            what = f"`root` here and `{path}` both describe {env}"
            yield rules.complaint(("environments", env), what, "keep one of the two")


def _between_roots(
    documents: Mapping[StackName, Document],
    roots: Mapping[StackName, RootConfig],
    env: EnvName,
    check: InputCheck | None,
) -> Iterator[Complaint]:
    order = list(roots)

    def outputs_of(stack: StackName, module: str) -> frozenset[str] | None:
        return check.outputs(env, stack, module, RootSource(path=roots[stack].path)) if check else None

    yield from reference_complaints(documents, outputs_of)
    where: Path = ("modules", ROOT_MODULE, "inputs")
    for stack, document in documents.items():
        inputs = document.data["modules"][ROOT_MODULE]["inputs"]
        for path, form in forms_in({key: parsed_forms(value) for key, value in inputs.items()}):
            if isinstance(form, StackReference) and form.stack in order[order.index(stack) + 1 :]:
                what = f"root `{form.stack}` comes after `{stack}`: it has nothing to give yet"
                yield document.complaint((*where, *path), what, "put it before, in `roots:`")
