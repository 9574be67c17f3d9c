"""moto's server with two things set right: `python -m tests.support.moto_server PORT`."""

import sys
from typing import Any

from moto.ec2.models.launch_templates import LaunchTemplateVersion
from moto.iam.access_control import IAMPolicyStatement, PermissionResult
from moto.server import main

_may = IAMPolicyStatement.is_action_permitted
_new_version = LaunchTemplateVersion.__init__


def _is_action_permitted(statement: IAMPolicyStatement, *args: Any, **options: Any) -> PermissionResult:
    """moto takes a `Deny` as met whatever its condition says: a bucket for TLS only would be closed to all.

    Requests over loopback stand for requests over TLS.
    """
    if "aws:SecureTransport" in str(statement._statement.get("Condition")):
        return PermissionResult.NEUTRAL
    return _may(statement, *args, **options)


def _init(self: LaunchTemplateVersion, template: Any, number: int, data: dict[str, Any], description: str) -> None:
    """A template's own tags are no part of what it launches; moto gives them back there."""
    own = [item for item in data.get("TagSpecifications", []) if item.get("ResourceType") != "launch-template"]
    _new_version(self, template, number, data | {"TagSpecifications": own}, description)


if __name__ == "__main__":
    IAMPolicyStatement.is_action_permitted = _is_action_permitted  # type: ignore[method-assign, assignment]
    LaunchTemplateVersion.__init__ = _init  # type: ignore[method-assign]
    main(["-H", "127.0.0.1", "-p", sys.argv[1]])
