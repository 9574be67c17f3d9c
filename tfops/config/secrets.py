"""`secrets:` of tfops.yaml: which may be used, the commands behind `exec:`, and what they say about a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tfops.config.backend import ROLE, ROLE_HINT
from tfops.config.limits import fits
from tfops.config.names import did_you_mean, shown
from tfops.config.project import SecretRules
from tfops.config.values import SCHEMES, FormError, Path, Secret, parse_form, walk
from tfops.contacts import VaultLogin
from tfops.records.names import EnvName
from tfops.system.trees import Tree, is_link

if TYPE_CHECKING:
    from tfops.config.document import Document
    from tfops.config.schema import SecretsBlock
    from tfops.records.complaint import Complaint

# A parameter of SSM that is a secret of Secrets Manager:
# https://docs.aws.amazon.com/systems-manager/latest/userguide/integration-ps-secretsmanager.html
_MANAGED = "/aws/reference/secretsmanager/"


def refusal(rules: SecretRules, secret: Secret, env: EnvName) -> tuple[str, str] | None:
    """Why a secret may not be used for an environment, and what may be; None when it may."""
    meant = _meant(secret)
    if meant.scheme not in rules.allowed:
        hint = f"tfops.yaml allows: {', '.join(rules.allowed) or 'none'}   (secrets.allow)"
        return f"secrets of the kind `{meant.scheme}:` are not allowed here", hint
    if meant.scheme == "exec" and meant.name not in rules.commands:
        hint = did_you_mean(meant.name, rules.commands) or "operations name commands in tfops.yaml: secrets.exec"
        return f"there is no command `{meant.name}` for secrets", hint
    patterns = [pattern.replace("{env}", env) for pattern in rules.names.get(meant.scheme, ("*",))]
    if not any(fits(pattern, name) for pattern in patterns for name in _names(meant)):
        listed = ", ".join(f"{meant.scheme}:{pattern}" for pattern in patterns) or "none"
        return f"`{secret.scheme}:{secret.name}` may not be used for {env}", f"allowed: {listed}   (secrets.names)"
    return None


def _meant(secret: Secret) -> Secret:
    """What a reference leads to: one store of AWS gives what is kept in the other."""
    is_other = secret.scheme == "ssm" and secret.name.startswith(_MANAGED)
    return replace(secret, scheme="secretsmanager", name=secret.name.removeprefix(_MANAGED)) if is_other else secret


def _names(secret: Secret) -> tuple[str, ...]:
    """A version or label of a parameter is the same parameter."""
    return (secret.name, secret.name.partition(":")[0]) if secret.scheme == "ssm" else (secret.name,)


def to_secret_rules(block: SecretsBlock) -> SecretRules:
    return SecretRules(
        allowed=tuple(SCHEMES) if block.allow is None else tuple(block.allow),
        commands={name: tuple(argv) for name, argv in block.exec.items()},
        aws=_to_aws(block) if block.aws else None,
        names={kind: tuple(patterns) for kind, patterns in block.names.items()},
        vault_mounts=tuple(mount.strip("/") for mount in block.vault.mounts) if block.vault else (),
        vault_login=_to_login(block),
    )


def _to_login(block: SecretsBlock) -> VaultLogin | None:
    approle, jwt = (block.vault.approle, block.vault.jwt) if block.vault else (None, None)
    if jwt:
        return VaultLogin("jwt", jwt.mount, {"token": jwt.token_env}, role=jwt.role)
    if approle:
        return VaultLogin(
            "approle", approle.mount, {"role_id": approle.role_id_env, "secret_id": approle.secret_id_env}
        )
    return None


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
    yield from _names_complaints(document, block.get("names"))
    yield from _vault_complaints(document, block.get("vault"))
    for index, kind in enumerate(allow if isinstance(allow, list) else []):
        if isinstance(kind, str) and kind not in SCHEMES:
            message = f"there are no secrets of the kind {shown(kind)}"
            yield document.complaint(("secrets", "allow", index), message, did_you_mean(kind, SCHEMES))
    for name, argv in commands.items() if isinstance(commands, dict) else ():
        yield from _command_complaints(document, ("secrets", "exec", name), name, argv)
    role = aws.get("assume_role") if isinstance(aws, dict) else None
    if isinstance(role, str) and role and not ROLE.fullmatch(role):
        yield document.complaint(("secrets", "aws", "assume_role"), f"{shown(role)} is not a role's ARN", ROLE_HINT)


def _names_complaints(document: Document, names: Any) -> Iterator[Complaint]:
    for kind in names if isinstance(names, dict) else ():
        if kind not in SCHEMES:
            message = f"there are no secrets of the kind {shown(kind)}"
            yield document.complaint(("secrets", "names", kind), message, did_you_mean(kind, SCHEMES))


def _vault_complaints(document: Document, vault: Any) -> Iterator[Complaint]:
    if not isinstance(vault, dict):
        return
    if vault.get("approle") is not None and vault.get("jwt") is not None:
        message = "a run logs in one way: `approle` or `jwt`"
        yield document.complaint(("secrets", "vault", "jwt"), message, "take one of the two out")
    mounts = vault.get("mounts")
    for index, mount in enumerate(mounts if isinstance(mounts, list) else []):
        if isinstance(mount, str) and not _MOUNT.fullmatch(mount):
            hint = "without the path inside of it: database"
            yield document.complaint(("secrets", "vault", "mounts", index), f"{shown(mount)} names no mount", hint)


_MOUNT = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_.-]+)*/?")


def _command_complaints(document: Document, where: Path, name: str, argv: Any) -> Iterator[Complaint]:
    scheme = SCHEMES["exec"]
    if not scheme.name.fullmatch(name):
        yield document.complaint(where, f"{shown(name)} can't name a command", "letters, digits, `_` and `-`")
    if argv == [] or (isinstance(argv, list) and argv[0] == ""):
        yield document.complaint(where, "a command needs a program", 'for instance: ["pass", "show", "shop/db"]')
    elif isinstance(argv, list) and isinstance(argv[0], str) and "/" in argv[0] and not argv[0].startswith("/"):
        message = f"{shown(argv[0])} would be looked for in whatever is checked out"
        yield document.complaint(where, message, "write a program's name, or its path from /")


def secret_complaints(document: Document, tree: Tree, rules: SecretRules | None, env: EnvName) -> Iterator[Complaint]:
    """Secrets of an environment's file that are not allowed, or name what isn't there. Other mistakes are others'."""
    data = document.data if isinstance(document.data, dict) else {}
    modules = data.get("modules")
    places: list[tuple[Path, Any]] = [(("providers",), data.get("providers"))]
    for name, block in modules.items() if isinstance(modules, dict) else ():
        places.append((("modules", name, "inputs"), block.get("inputs") if isinstance(block, dict) else None))
    for where, values in places:
        for path, value in walk(values, where) if isinstance(values, dict) else ():
            secret = _secret(value)
            if secret is None:
                continue
            refused = refusal(rules, secret, env) if rules is not None else None
            if refused is not None:
                yield document.complaint(path, *refused)
            if secret.scheme == "sops" and tree.read(secret.name) is None:
                link = is_link(tree, secret.name)
                what = f"there is no file `{secret.name}` in the commit"
                what = f"`{secret.name}` is a link, and links aren't followed" if link else what
                yield document.complaint(path, what, "commit it, encrypted")


def _secret(value: Any) -> Secret | None:
    try:
        form = parse_form(value) if isinstance(value, dict) else None
    except FormError:
        return None
    return form if isinstance(form, Secret) else None
