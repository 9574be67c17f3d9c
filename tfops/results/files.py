"""The ends of commands about a project's files, its modules, and this machine."""

from collections.abc import Mapping
from typing import Any

from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.records.commit import Commit
from tfops.records.complaint import Mark
from tfops.records.names import EnvName, StackName
from tfops.records.version import Version
from tfops.results.facts import Finding


@dataclass(frozen=True, slots=True)
class RenderResult:
    """The end of `render`: the files of the rendered root."""

    env: EnvName
    commit: Commit | None
    digest: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RenderDiffResult:
    """The end of `render --diff`: the lines of a unified diff, none when both render to the same."""

    env: EnvName
    version: Version
    commit: Commit | None
    diff: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InitResult:
    """The end of `init`. `roots` are Terraform folders that could be adopted."""

    folder: str
    written: tuple[str, ...]
    kept: tuple[str, ...]
    commit: str
    environment: str
    roots: tuple[str, ...] = ()
    needs_values: bool = False


@dataclass(frozen=True, slots=True)
class DoctorResult:
    """The end of `doctor`."""

    findings: tuple[Finding, ...]

    @property
    def exit_code(self) -> Exit:
        return Exit.BAD_PROJECT if any(finding.is_problem for finding in self.findings) else Exit.DONE


@dataclass(frozen=True, slots=True)
class VersionResult:
    """The end of `version`; `installed` says by what and from where."""

    version: str
    installed: str


@dataclass(frozen=True, slots=True)
class DocumentsResult:
    """The end of `docs`: the name of each page, and its title."""

    pages: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DocumentResult:
    """The end of `docs PAGE`: its Markdown."""

    page: str
    text: str


@dataclass(frozen=True, slots=True)
class Converted:
    """An input that becomes something else than what is written: `"80"` becomes 80, left-out attributes appear."""

    module: str
    input: str
    given: Any
    becomes: Any


@dataclass(frozen=True, slots=True)
class ValidateResult:
    """The end of `validate` when nothing is wrong. `values` are what the engine makes of one environment's inputs."""

    environments: tuple[EnvName, ...]
    modules: int
    is_committed: bool
    is_deep: bool
    unseen: tuple[str, ...]
    values: Mapping[str, Mapping[str, Any]]
    converted: tuple[Converted, ...]


@dataclass(frozen=True, slots=True)
class InputFact:
    """An input of a module in a developer's words. `default` is JSON or, where only Terraform can tell, its text."""

    name: str
    type: str
    is_required: bool
    default: str
    description: str
    is_sensitive: bool
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OutputFact:
    """What a module gives to others."""

    name: str
    description: str
    is_sensitive: bool


@dataclass(frozen=True, slots=True)
class ExplainResult:
    """The end of `explain MODULE`; `example` is YAML to paste."""

    module: str
    inputs: tuple[InputFact, ...]
    outputs: tuple[OutputFact, ...]
    example: str


@dataclass(frozen=True, slots=True)
class ModuleFact:
    """One line of `explain` without a module."""

    name: str
    required: tuple[str, ...]
    optional: int
    outputs: int
    used_by: tuple[EnvName, ...]


@dataclass(frozen=True, slots=True)
class ModulesResult:
    """The end of `explain` without a module."""

    modules: tuple[ModuleFact, ...]


@dataclass(frozen=True, slots=True)
class SchemaResult:
    """The end of `schema`: file name to JSON Schema, and the folder that they were written to, if any."""

    folder: str
    schemas: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class ConfigLine:
    """A line of the merged configuration. Without `mark` it only opens what follows; `is_default` of tfops.yaml."""

    text: str
    path: tuple[str | int, ...]
    value: Any
    mark: Mark | None
    is_default: bool


@dataclass(frozen=True, slots=True)
class StackLines:
    """One stack's merged configuration."""

    stack: StackName
    lines: tuple[ConfigLine, ...]


@dataclass(frozen=True, slots=True)
class ConfigResult:
    """The end of `config show`."""

    env: EnvName
    digest: str
    stacks: tuple[StackLines, ...]
    shows_sources: bool


@dataclass(frozen=True, slots=True)
class NewResult:
    """The end of `new environment` and `new module`. `branch` is what the environment is bound to."""

    kind: str
    name: str
    written: tuple[str, ...]
    changed: tuple[str, ...]
    branch: str
