"""moto's server with one thing set right: `python -m tests.support.moto_server PORT`."""

import sys
from typing import Any

from moto.ec2.models.launch_templates import LaunchTemplateVersion
from moto.server import main

_new_version = LaunchTemplateVersion.__init__


def _init(self: LaunchTemplateVersion, template: Any, number: int, data: dict[str, Any], description: str) -> None:
    """A template's own tags are no part of what it launches; moto gives them back there."""
    own = [item for item in data.get("TagSpecifications", []) if item.get("ResourceType") != "launch-template"]
    _new_version(self, template, number, data | {"TagSpecifications": own}, description)


if __name__ == "__main__":
    LaunchTemplateVersion.__init__ = _init  # type: ignore[method-assign]
    main(["-H", "127.0.0.1", "-p", sys.argv[1]])
