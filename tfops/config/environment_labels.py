"""The labels in an environment's files."""

from tfops.config.inherit import read_inherited
from tfops.config.labels import label_complaints, labels_of
from tfops.config.stacks import stack_files
from tfops.errors import ConfigError
from tfops.records.names import EnvName
from tfops.system.trees import Tree


def labels_in_files(tree: Tree, env: EnvName, base: EnvName | None) -> dict[str, str]:
    """What an environment's files say, laid over those of its `base`. Raises ConfigError where they can't be read."""
    paths = [*stack_files(tree, base)[0].values()] if base else []
    paths += stack_files(tree, env)[0].values()
    found: dict[str, str] = {}
    for path in paths:
        document = read_inherited(tree, path)
        complaints = [*document.complaints, *label_complaints(document, ("labels",), labels_of(document))]
        if complaints:
            raise ConfigError(complaints)
        found |= {key: value for key, value in labels_of(document).items() if isinstance(value, str)}
    return found
