"""A file of the project held against its model, and what is wrong with it in a developer's words."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tfops.config.document import Document
from tfops.config.names import did_you_mean
from tfops.config.schema import (
    AgentBlock,
    AllowBlock,
    CheckBlock,
    DenyBlock,
    EncryptionBlock,
    EngineBlock,
    EnvironmentBlock,
    ImportBlock,
    LedgerBlock,
    LogsBlock,
    ModuleBlock,
    MovedBlock,
    PathsBlock,
    PlanFilesBlock,
    PromoteBlock,
    RequireBlock,
    ReviewBlock,
    RootBlock,
    SecretAwsBlock,
    SecretsBlock,
    SecretVaultBlock,
    TellBlock,
    VaultAppRoleBlock,
    VaultJwtBlock,
)
from tfops.config.work_schema import RetryBlock, block_of_hooks
from tfops.records.complaint import Complaint

_Model = TypeVar("_Model", bound=BaseModel)


def parse(model: type[_Model], document: Document) -> tuple[_Model | None, list[Complaint]]:
    """The document as `model`, or None and every complaint about it."""
    if document.data is None:
        return None, [document.complaint((), "the file is empty")]
    try:
        return model.model_validate(document.data), []
    except ValidationError as error:
        found = error.errors()
        misspelt = _misspelt(found)
        kept = [item for item in found if not (item["type"] == "missing" and item["loc"] in misspelt)]
        return None, [_complaint(document, model, details) for details in kept]


def _misspelt(found: Sequence[Any]) -> set[tuple[str | int, ...]]:
    """Missing keys that stand there under a similar name: one mistake, one complaint."""
    missing = {item["loc"] for item in found if item["type"] == "missing"}
    unknown = [item["loc"] for item in found if item["type"] == "extra_forbidden"]
    pairs = (
        (loc, difflib.get_close_matches(str(loc[-1]), [str(m[-1]) for m in missing if m[:-1] == loc[:-1]], n=1))
        for loc in unknown
    )
    return {(*loc[:-1], match[0]) for loc, match in pairs if match}


def _complaint(document: Document, model: type[BaseModel], details: Any) -> Complaint:
    path = tuple(details["loc"])
    match details["type"]:
        case "extra_forbidden":
            known = _fields_at(model, path[:-1])
            return document.complaint(path, f"unknown key `{path[-1]}`", did_you_mean(str(path[-1]), known))
        case "missing":
            return document.complaint(path[:-1], f"`{path[-1]}` is missing")
        case "literal_error":
            return document.complaint(path, f"`{path[-1]}` must be {details['ctx']['expected']}")
        case "greater_than_equal":
            return document.complaint(path, f"`{path[-1]}` must be at least {details['ctx']['ge']}")
        case "less_than_equal":
            return document.complaint(path, f"`{path[-1]}` must be at most {details['ctx']['le']}")
    return document.complaint(path, _expectation(path, details))


_EXPECTED = {
    "string_type": "must be text (put it in quotes)",
    "list_type": "must be a list (`- item` lines)",
    "bool_type": "must be true or false",
    "int_type": "must be a number",
    "dict_type": "must be a mapping (`key: value` lines)",
    "model_type": "must be a mapping (`key: value` lines)",
    "model_attributes_type": "must be a mapping (`key: value` lines)",
}


def _expectation(path: Sequence[str | int], details: Mapping[str, Any]) -> str:
    what = f"`{path[-1]}`" if path else "the file"
    return f"{what} {_EXPECTED.get(details['type'], details['msg'].lower())}"


_SECRETS: Mapping[str, type[BaseModel]] = {
    "secrets/aws": SecretAwsBlock,
    "secrets/vault": SecretVaultBlock,
    "secrets/vault/approle": VaultAppRoleBlock,
    "secrets/vault/jwt": VaultJwtBlock,
}


def _fields_at(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """The keys that a model allows at a path; names chosen by the user are skipped over."""
    blocks: dict[str, type[BaseModel]] = {
        "engine": EngineBlock,
        "encryption": EncryptionBlock,
        "ledger": LedgerBlock,
        "logs": LogsBlock,
        "paths": PathsBlock,
        "plan_files": PlanFilesBlock,
        "require": RequireBlock,
        "environments": EnvironmentBlock,
        "modules": ModuleBlock,
        "imports": ImportBlock,
        "moved": MovedBlock,
        "verify": CheckBlock,
        "review": ReviewBlock,
        "promote": PromoteBlock,
        "checks": CheckBlock,
        "allow": AllowBlock,
        "deny_modules": DenyBlock,
        "roots": RootBlock,
        "retry": RetryBlock,
        "agent": TellBlock if tuple(path[:2]) == ("agent", "tell") else AgentBlock,
        "secrets": _SECRETS.get("/".join(map(str, path)), SecretsBlock),
    }
    steps = [*path[:1], *path[2:]]  # without the name of an environment or a module
    inner = ("checks", "promote", "verify", "review", "roots")
    block = next((name for name in inner if name in steps), str(next(iter(path), "")))
    found = block_of_hooks(tuple(path)) or blocks.get(block, model)
    return [field.alias or name for name, field in found.model_fields.items()]
