"""`secrets:` of tfops.yaml: which kinds may be used, the commands behind `exec:`, and what they say about a file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tfops.config.backend import ROLE, ROLE_HINT
from tfops.config.document import Document, Path
from tfops.config.names import did_you_mean, shown
from tfops.config.schema import SecretsBlock
from tfops.config.values import SCHEMES, FormError, Secret, parse_form, walk
from tfops.model import Complaint
from tfops.system.trees import Tree


@dataclass(frozen=True, slots=True)
class SecretRules:
    """What operations allow. `aws` replaces what provider `aws` is told, in the words of its settings."""

    allowed: tuple[str, ...] = tuple(SCHEMES)
    commands: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    aws: Mapping[str, Any] | None = None


def to_secret_rules(block: SecretsBlock) -> SecretRules:
    return SecretRules(
        allowed=tuple(SCHEMES) if block.allow is None else tuple(block.allow),
        commands={name: tuple(argv) for name, argv in block.exec.items()},
        aws=_to_aws(block) if block.aws else None,
    )


def _to_aws(block: SecretsBlock) -> dict[str, Any]:
    assert block.aws is not None
    settings: dict[str, Any] = {"region": block.aws.region, "profile": block.aws.profile}
    if block.aws.assume_role:
        settings["assume_role"] = {"role_arn": block.aws.assume_role}
    if block.aws.endpoint:
        settings["endpoints"] = dict.fromkeys(("ssm", "secretsmanager", "sts"), block.aws.endpoint)
    return settings


def check_secrets(document: Document, data: Mapping[str, Any]) -> Iterator[Complaint]:
    """What a schema can't say about `secrets:`."""
    block = data.get("secrets")
    if not isinstance(block, dict):
        return
    allow, commands, aws = block.get("allow"), block.get("exec"), block.get("aws")
    for index, kind in enumerate(allow if isinstance(allow, list) else []):
        if isinstance(kind, str) and kind not in SCHEMES:
            message = f"there are no secrets of the kind {shown(kind)}"
            yield document.complaint(("secrets", "allow", index), message, did_you_mean(kind, SCHEMES))
    for name, argv in commands.items() if isinstance(commands, dict) else ():
        yield from _command_complaints(document, ("secrets", "exec", name), name, argv)
    role = aws.get("assume_role") if isinstance(aws, dict) else None
    if isinstance(role, str) and role and not ROLE.fullmatch(role):
        yield document.complaint(("secrets", "aws", "assume_role"), f"{shown(role)} is not a role's ARN", ROLE_HINT)


def _command_complaints(document: Document, where: Path, name: str, argv: Any) -> Iterator[Complaint]:
    scheme = SCHEMES["exec"]
    if not scheme.name.fullmatch(name):
        yield document.complaint(where, f"{shown(name)} can't name a command", "letters, digits, `_` and `-`")
    if argv == [] or (isinstance(argv, list) and argv[0] == ""):
        yield document.complaint(where, "a command needs a program", 'for instance: ["pass", "show", "shop/db"]')
    elif isinstance(argv, list) and isinstance(argv[0], str) and "/" in argv[0] and not argv[0].startswith("/"):
        message = f"{shown(argv[0])} would be looked for in whatever is checked out"
        yield document.complaint(where, message, "write a program's name, or its path from /")


def secret_complaints(document: Document, tree: Tree, rules: SecretRules | None) -> Iterator[Complaint]:
    """Secrets of an environment's file that are not allowed, or name what isn't there. Other mistakes are others'."""
    modules = document.data.get("modules") if isinstance(document.data, dict) else None
    for name, block in modules.items() if isinstance(modules, dict) else ():
        inputs = block.get("inputs") if isinstance(block, dict) else None
        for path, value in walk(inputs, ("modules", name, "inputs")) if isinstance(inputs, dict) else ():
            secret = _secret(value)
            if secret is None:
                continue
            if rules is not None:
                yield from _rule_complaints(document, path, secret, rules)
            if secret.scheme == "sops" and tree.read(secret.name) is None:
                yield document.complaint(
                    path, f"there is no file `{secret.name}` in the commit", "commit it, encrypted"
                )


def _secret(value: Any) -> Secret | None:
    try:
        form = parse_form(value) if isinstance(value, dict) else None
    except FormError:
        return None
    return form if isinstance(form, Secret) else None


def _rule_complaints(document: Document, path: Path, secret: Secret, rules: SecretRules) -> Iterator[Complaint]:
    if secret.scheme not in rules.allowed:
        hint = f"tfops.yaml allows: {', '.join(rules.allowed) or 'none'}   (secrets.allow)"
        yield document.complaint(path, f"secrets of the kind `{secret.scheme}:` are not allowed here", hint)
    elif secret.scheme == "exec" and secret.name not in rules.commands:
        hint = did_you_mean(secret.name, rules.commands) or "operations name commands in tfops.yaml: secrets.exec"
        yield document.complaint(path, f"there is no command `{secret.name}` for secrets", hint)
