"""moto's server with one thing set right: `python -m tests.support.moto_server PORT`.

moto takes a `Deny` as met whatever its condition says, so a bucket that is open over TLS only would be
closed to everyone. Requests over loopback stand for requests over TLS here.
"""

import sys
from typing import Any

from moto.iam.access_control import IAMPolicyStatement, PermissionResult
from moto.server import main

_original = IAMPolicyStatement.is_action_permitted


def _is_action_permitted(statement: IAMPolicyStatement, *args: Any, **options: Any) -> PermissionResult:
    if "aws:SecureTransport" in str(statement._statement.get("Condition")):
        return PermissionResult.NEUTRAL
    return _original(statement, *args, **options)


if __name__ == "__main__":
    IAMPolicyStatement.is_action_permitted = _is_action_permitted  # type: ignore[method-assign, assignment]
    main(["-H", "127.0.0.1", "-p", sys.argv[1]])
