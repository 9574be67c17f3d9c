"""The labels of environments, as the files of a commit have them: remembered, as reading YAML is slow."""

from __future__ import annotations

import json
import re
from dataclasses import field
from typing import TYPE_CHECKING, Any

from tfops.dataclass import dataclass
from tfops.errors import ConfigError
from tfops.system.workspace import read_json, write_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tfops.change.project import Project
    from tfops.config.project import ProjectConfig
    from tfops.records.names import EnvName
    from tfops.system.trees import Tree

# A file with labels, or one that may have another's: no other needs to be parsed.
_MAY_HAVE_LABELS = re.compile(r"""^\s*["']?(labels|extends)["']?\s*:|^\s*[{&!?%]""", re.MULTILINE)


@dataclass(slots=True)
class Labels:
    """The labels at a commit, read as far as somebody asks. Where tfops.yaml has a label too, that counts."""

    tree: Tree
    rules: ProjectConfig
    memory: Path
    _known: dict[str, Any] | None = None
    _read: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def here(cls, project: Project, rules: ProjectConfig, *, worktree: bool = False) -> Labels:
        """Those of the checked-out commit, or of the files as they lie here."""
        return cls(project.tree(worktree=worktree), rules, project.workspace.labels)

    def of(self, env: EnvName) -> dict[str, str]:
        """Raises ConfigError where a file can't be read that may have some."""
        return self._in_files(env) | dict(self.rules.environments[env].labels)

    def readable(self, env: EnvName) -> dict[str, str]:
        """The same for who only shows them: of files that can't be read none."""
        try:
            return self.of(env)
        except ConfigError:
            return dict(self.rules.environments[env].labels)

    def save(self) -> None:
        if self._read:
            labels = {**(self._known or {}), **self._read}
            write_file(
                self.memory, json.dumps({"folder": self.tree.digest(self.tree.folders.environments), "labels": labels})
            )

    def _in_files(self, env: EnvName) -> dict[str, str]:
        if not any(_MAY_HAVE_LABELS.search(self.tree.read(path) or "") for path in self._paths(env)):
            return {}
        if self._known is None:
            kept = read_json(self.memory)
            is_same = isinstance(kept, dict) and kept.get("folder") == self.tree.digest(self.tree.folders.environments)
            self._known = dict(kept["labels"]) if is_same else {}
        base = self.rules.base_of(env)
        key = f"{base or ''}/{env}"
        if key not in self._known and key not in self._read:
            from tfops.config.environment_labels import labels_in_files  # noqa: PLC0415 - YAML: where it isn't remembered

            self._read[key] = labels_in_files(self.tree, env, base)
        return dict(self._read.get(key) or self._known.get(key, {}))

    def _paths(self, env: EnvName) -> Iterator[str]:
        folder = self.tree.folders.environments
        for name in filter(None, (self.rules.base_of(env), env)):
            yield f"{folder}/{name}.yaml"
            yield from (f"{folder}/{name}/{file}" for file in self.tree.names(f"{folder}/{name}"))
