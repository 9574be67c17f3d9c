"""Modules' files, read by the engine: what it can't read is a mistake at its line and column."""

import json
import re
from collections.abc import Iterator, Sequence

from tfops.change.project import Project
from tfops.change.reading import Read
from tfops.config.modules.files import ModuleFile, read_modules
from tfops.config.names import is_local_source
from tfops.engine.environment import bare_environment
from tfops.engine.locate import Engine
from tfops.engine.trial import misread
from tfops.records.complaint import Complaint
from tfops.records.rendered import MAIN_FILE
from tfops.system.trees import GitTree
from tfops.system.workspace import unpack

_ANY = re.compile("")


def misread_files(project: Project, tree: GitTree, found: Sequence[Read], engine: Engine) -> Iterator[Complaint]:
    """What is wrong with the syntax of modules' files, in the engine's words."""
    sources = {source for read in found for source in read.sources if is_local_source(source)}
    files = {file.path: file for file in read_modules(tree, sources, is_tofu=engine.is_tofu, about=_ANY)}
    native = {path: file.text for path, file in files.items() if not file.is_json}
    for path in sorted(files.keys() - native.keys()):
        yield from _no_json(files[path])
    with project.workspace.scratch() as folder:
        unpack(folder, {MAIN_FILE: "{}", **native})
        for said in misread(engine, folder, sorted(native), env=bare_environment()):
            path, _, line = said.where.rpartition(":")
            if path in native:
                yield files[path].complaint_at(int(line), said.column, said.text, "the engine's word")


def _no_json(file: ModuleFile) -> Iterator[Complaint]:
    error = file.mistake.__cause__ if file.mistake else None
    if isinstance(error, json.JSONDecodeError):
        yield file.complaint_at(error.lineno, error.colno, f"not valid JSON: {error.msg}")
