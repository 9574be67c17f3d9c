"""`init --ci`: the pipeline of a project, as its forge runs it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from tfops.commands.missing_files import write_missing
from tfops.commands.pipeline import Pipeline, pipeline_of
from tfops.commands.pipeline_actions import GITEA, GITHUB, workflows
from tfops.commands.pipeline_gitlab import JOBS, MAIN, jobs
from tfops.config.environment import load_rules
from tfops.config.project import ProjectConfig
from tfops.dataclass import dataclass
from tfops.system.repository import Repository
from tfops.system.trees import GitTree
from tfops.system.workspace import in_work_tree

_HOSTS = {GITHUB.name: GITHUB, GITEA.name: GITEA}


@dataclass(frozen=True, slots=True)
class WrittenPipeline:
    """`to_do` are sentences: what no file can do. `environment` is the first one of a branch."""

    written: tuple[str, ...]
    kept: tuple[str, ...]
    to_do: tuple[str, ...]
    environment: str


def write_pipeline(folder: Path, forge: str) -> WrittenPipeline:
    """Write the files that are missing, for the environments of tfops.yaml as it lies there.

    Raises ProjectError and ConfigError, with nothing written, when tfops.yaml gives no pipeline.
    """
    rules = load_rules(GitTree.of_work_tree(Repository(folder)))
    host = _HOSTS.get(forge)
    pipeline = pipeline_of(rules, client=host.client if host else "forge")
    files = workflows(host, pipeline) if host else jobs(pipeline)
    written, kept = write_missing(folder, files)
    left = (*_other_than_written(folder, kept, files), *_backend(rules), *_settings(forge, pipeline))
    first = pipeline.branches[0]
    return WrittenPipeline(tuple(written), tuple(kept), left, (*first.environments, *first.waiting)[0])


def _other_than_written(folder: Path, kept: list[str], files: Mapping[str, str]) -> Iterator[str]:
    for path in kept:
        text = in_work_tree(folder, path).read_text(encoding="utf-8", errors="replace")
        if path == MAIN:
            if JOBS not in text:
                yield f"include it in {MAIN}: `include: [{{local: /{JOBS}}}]`"
        elif text != files[path]:
            yield f"{path} isn't what would be written now: to have it anew, delete it and run this again"


def _backend(rules: ProjectConfig) -> Iterator[str]:
    if any(backend.kind == "local" for env in rules.environments for backend in rules.backends_of(env)):
        yield "set a backend that jobs share in tfops.yaml: local states go with the clone: tfops docs share-state"


def _settings(forge: str, pipeline: Pipeline) -> Iterator[str]:
    """Variables and secrets that the files read, and what else is set in the forge."""
    waiting = [env for branch in pipeline.branches for env in branch.waiting]
    if waiting:
        yield f"{', '.join(waiting)}: reviewed, and applied or promoted by a person, as `sync` and `promote` say"
    if pipeline.tools:
        yield f"install what `required_checks` calls, in the jobs or on their runners: {', '.join(pipeline.tools)}"
    names = ["TFOPS_SOURCE", "TFOPS_COMMIT"]
    if pipeline.uses_aws and forge != GITEA.name:
        names += ["TFOPS_AWS_ROLE", "TFOPS_AWS_READ_ROLE", "AWS_REGION"]
    if forge == "gitlab":
        names += ["TFOPS_PUSH_TOKEN", "TFOPS_FORGE_TOKEN"]
    yield f"set the CI's variables {', '.join(names)}: tfops docs run-in-ci"
    if forge == "gitlab":
        yield "make a schedule with the variable TFOPS_DRIFT=1"
