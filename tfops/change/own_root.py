"""A root module that somebody wrote by hand, on its way to an engine: where it stands, and its variables."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from tfops import exact
from tfops.change.project import Project
from tfops.config.environment import EnvironmentConfig, StackConfig
from tfops.config.modules.interface import module_texts
from tfops.config.modules.module import Interface, Variable, is_override
from tfops.config.own_backend import read_own_backend
from tfops.config.own_roots import RootConfig
from tfops.config.values import RunValue, StackOutput, StackReference, forms_in
from tfops.dataclass import dataclass
from tfops.errors import Refused
from tfops.exact import number_text
from tfops.records.rendered import OWN_BACKEND_FILE, ROOT_MODULE
from tfops.render.escape import expression_text
from tfops.render.own_root import filled_in, literal_inputs, open_inputs
from tfops.render.root import secret_uses
from tfops.render.supply import Supply
from tfops.system.trees import GitTree

_STEP = re.compile(r'\.(?P<name>[A-Za-z_][\w-]*)|\[(?P<index>[0-9]+)\]|\["(?P<key>[^"]*)"\]')


def state_beside(project: Project, root: str, workspace: str) -> Path | None:
    """Where Terraform keeps the state of a root in the work tree, None where its code names another backend.

    https://developer.hashicorp.com/terraform/language/backend/local
    """
    top = project.repository.root
    folder = top / root
    texts = module_texts(folder) if folder.is_dir() else {}
    own = read_own_backend(texts)
    if own.kind != "local":
        return None
    if not workspace:
        return folder / str(own.settings.get("path") or "terraform.tfstate")
    return folder / str(own.settings.get("workspace_dir") or "terraform.tfstate.d") / workspace / "terraform.tfstate"


def told_path(path: Path, project: Project) -> str:
    """From the repository's top where it is below that."""
    top = project.repository.root
    return str(path.relative_to(top)) if path.is_relative_to(top) else str(path)


def holds_resources(state: Path) -> bool:
    """Whether a file is a state that isn't empty; one that can't be read may be."""
    try:
        text = state.read_text(encoding="utf-8")
        found = json.loads(text) if text.strip() else {}
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True
    return not isinstance(found, dict) or bool(found.get("resources")) or "encrypted_data" in found


def require_free_names(tree: GitTree, root: RootConfig, names: Iterable[str]) -> None:
    """Raises Refused (guard `root-names`) where a file of the root would stand in the place of one of tfops', or be
    read after the one that says where the state is: an override file counts in the order of the names."""
    there = tree.names(f"{tree.folders.modules}/{root.path}")
    taken = sorted(set(names) & set(there))
    later = [name for name in there if is_override(name) and name > OWN_BACKEND_FILE]
    for name, what in [(name, "is the name of a file of tfops'") for name in taken] + [
        (name, "would be read after tfops' own override file, which says where the state is") for name in later
    ]:
        raise Refused("root-names", f"`{root.path}/{name}` {what}", hint="give it another name")


@dataclass(slots=True)
class OwnVariables:
    """The variables of a root that can't stand in a file: secrets, what other roots give, what is ephemeral.

    They come to the engine by its environment. `secrets` are texts by the names that `secret_uses` gives them,
    `decoded` those of them that hold JSON. `run_values` are what only a run knows, by name.
    """

    environment: EnvironmentConfig
    stack: StackConfig
    interface: Interface | None
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    decoded: frozenset[str] = frozenset()
    supplies: dict[StackOutput, Any] = field(default_factory=dict, repr=False)
    run_values: Mapping[str, str] = field(default_factory=dict)

    def texts(self) -> dict[str, str]:
        """Variable to the text that the engine reads as its value; what isn't known yet is left out."""
        known = self._known()
        found = {
            name: self._text(name, filled_in(value, known, (name,)))
            for name, value in open_inputs(self.stack).items()
            if all((name, *path) in known for path, _ in forms_in(value))
        }
        ephemeral = {name for name, one in self._declared.items() if one.ephemeral}
        literal = literal_inputs(self.stack)
        return found | {name: self._text(name, literal[name]) for name in ephemeral & literal.keys()}

    @property
    def _declared(self) -> Mapping[str, Variable]:
        return self.interface.variables if self.interface else {}

    def _known(self) -> dict[tuple[str | int, ...], Any]:
        """What stands for each form, by its place among the inputs."""
        found: dict[tuple[str | int, ...], Any] = {}
        for variable, use in secret_uses(self.stack).items():
            if variable in self.secrets:
                text = self.secrets[variable]
                found[use.input, *use.inside] = exact.loads(text) if variable in self.decoded else text
        for path, form in forms_in(dict(self.stack.modules[ROOT_MODULE].inputs)):
            if isinstance(form, RunValue) and form.name in self.run_values:
                found[path] = self.run_values[form.name]
            if isinstance(form, StackReference):
                output, inside = self.environment.output(form)
                if output in self.supplies:
                    found[path] = _inside(self.supplies[output], inside)
        return found

    def _text(self, name: str, value: Any) -> str:
        """As Terraform reads it: a simple type as it is, every other one as an expression.

        https://developer.hashicorp.com/terraform/language/values/variables#complex-typed-values
        """
        variable = self._declared.get(name)
        is_simple = variable is None or variable.is_untyped or variable.type.kind in ("string", "number", "bool")
        if not is_simple:
            return expression_text(value)
        if isinstance(value, dict | list) or value is None:
            raise Refused(
                "variable-type",
                f"variable `{name}` says no type that its value fits: it would be read as text",
                hint=f"give variable `{name}` its type in the root, for instance map(string)",
            )
        if isinstance(value, bool):
            return "true" if value else "false"
        return value if isinstance(value, str) else number_text(value)

    def hidden(self, given: Mapping[str, Supply], takes: Mapping[str, StackOutput]) -> dict[str, Any]:
        """Blocks that make the variables sensitive that take something sensitive of another root."""
        secret = {takes[name] for name, supply in given.items() if not supply.is_public and name in takes}
        names = {
            name
            for name, value in open_inputs(self.stack).items()
            for _, form in forms_in(value)
            if isinstance(form, StackReference) and self.environment.output(form)[0] in secret
        }
        return {"variable": {name: {"sensitive": True} for name in sorted(names)}} if names else {}


def _inside(value: Any, steps: str) -> Any:
    """A part of an output: `.a[0]`. Null where it isn't there."""
    for step in _STEP.finditer(steps):
        try:
            value = value[int(step["index"])] if step["index"] else value[step["name"] or step["key"]]
        except (KeyError, IndexError, TypeError):
            return None
    return value
