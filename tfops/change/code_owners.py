"""`review: {from: codeowners}`: whose approval counts is what CODEOWNERS says of an environment's files.

The forge whose job runs us reads it in its own way; elsewhere the remote's name, or the folder that it lies in, says
which forge's it is.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from tfops.change.own_reach import tree_for
from tfops.change.project import Project
from tfops.config.codeowners.dialects import dialect_in, dialect_of, owners_of
from tfops.config.environment import read_environment
from tfops.config.project import Owners, ProjectConfig, ReviewRule
from tfops.config.source import LocalSource
from tfops.config.stacks import stack_files
from tfops.errors import ConfigError, Refused, in_a_line
from tfops.forge.known import forge_here
from tfops.records.names import EnvName
from tfops.system.trees import GitTree

_HOST = re.compile(r"(?:\w[\w+.-]*://)?(?:[^@/]*@)?(?P<host>[^:/@]+)[:/].*")
_READ_BY_ENGINES = (".tf", ".tofu", ".tf.json", ".tofu.json")
_VALUES = (".tfvars", ".tfvars.json")


def with_owners(
    project: Project, rules: ProjectConfig, env: EnvName, rule: ReviewRule, *, tree: GitTree, named_in: GitTree
) -> ReviewRule:
    """The rule with the owners of the environment's files in `tree`: its own, and those of the modules of this
    repository that it uses. `named_in` has the CODEOWNERS that counts. Nobody is an owner where something is wrong.
    """
    try:
        paths = list(_files(tree, env, rules.base_of(env)))
        owners = owners_of(named_in, _dialect(project, named_in), paths)
    except (ConfigError, Refused) as error:
        owners = Owners(problem=in_a_line(error))
    return replace(rule, owners=owners)


def _files(tree: GitTree, env: EnvName, base: EnvName | None) -> Iterator[str]:
    """Only what an engine reads: whoever owns a module's documents doesn't own what it does. Of roots that somebody
    wrote by hand, all of that which they can reach."""
    for one in (env, base) if base else (env,):
        yield from stack_files(tree, one)[0].values()
    environment = read_environment(tree, env, base=base)
    if environment.own_roots:
        own = tree_for(tree, environment)
        names = sorted(str(entry.path) for entry in own.entries(own.folders.modules))
        yield from (name for name in names if name.endswith((*_READ_BY_ENGINES, *_VALUES)))
        return
    used = (source.path for source in environment.sources if isinstance(source, LocalSource))
    for folder in sorted(f"{tree.folders.modules}/{path}" for path in used):
        names = sorted(str(entry.path) for entry in tree.entries(folder))
        yield from (f"{folder}/{name}" for name in names if name.endswith(_READ_BY_ENGINES))


def _dialect(project: Project, tree: GitTree) -> str:
    forge = forge_here()
    return forge.name if forge else dialect_of(_host(project)) or dialect_in(tree)


def _host(project: Project) -> str:
    """The remote's server, empty for a folder."""
    repository = project.repository
    found = _HOST.fullmatch(repository.settings.get(f"remote.{repository.remote}.url", ""))
    return found["host"] if found else ""
