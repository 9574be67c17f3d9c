"""JSON Schemas of the project's files, for editors: completion, descriptions, squiggles.

The models of `schema.py` say which keys there are; the modules say what their inputs take.
"""

from collections.abc import Collection, Mapping
from typing import Any

from tfops.config.modules.json_schema import DIALECT, Schema, inputs_schema
from tfops.config.modules.module import Interface
from tfops.config.schema import EnvironmentFile, ProjectFile
from tfops.config.shared_schema import with_shared_parts


def project_schema(roots: Mapping[str, Interface] | None = None) -> Schema:
    """The schema of `tfops.yaml`; `roots` are root modules that it names, by their paths as they are written there."""
    schema: Schema = {"$schema": DIALECT, **ProjectFile.model_json_schema()}
    if not roots:
        return schema
    defs: dict[str, Any] = schema["$defs"]
    for block, key in (("EnvironmentBlock", "root"), ("RootBlock", "path")):
        defs[block]["properties"][key]["examples"] = list(roots)
        defs[block]["allOf"] = [_inputs_of(path, key) for path in roots]
    defs |= {_definition(path): inputs_schema(interface, is_strict=False) for path, interface in roots.items()}
    return with_shared_parts(schema)


def environment_schema(
    modules: Mapping[str, Interface], *, is_strict: bool, defaults: Mapping[str, Collection[str]] | None = None
) -> Schema:
    """The schema of a file in `environments/`. Without `is_strict` nothing is required: it is for what others extend.

    A file that extends another is never held to what is required: the rest may stand in the other. Nor is an
    input required that tfops.yaml has a default for; `defaults` are their names by module.
    """
    schema: Schema = {"$schema": DIALECT, **EnvironmentFile.model_json_schema()}
    properties: dict[str, Any] = schema["properties"]
    properties["extends"] = {"type": "string", "description": "A file in environments/ that this one is laid over."}
    block: dict[str, Any] = schema["$defs"]["ModuleBlock"]
    block["properties"]["source"] |= {"description": "A folder below modules/, or any other source of Terraform."}
    block["properties"]["source"]["examples"] = list(modules)
    block["allOf"] = [_inputs_of(name) for name in modules]
    block.pop("required", None)
    schema.pop("required", None)
    defs: dict[str, Any] = schema["$defs"]
    defs |= {_definition(name): inputs_schema(interface, is_strict=False) for name, interface in modules.items()}
    if is_strict:
        needed = [_required_of(name, interface, (defaults or {}).get(name, ())) for name, interface in modules.items()]
        whole = {"properties": {"modules": {"additionalProperties": {"allOf": needed, "required": ["source"]}}}}
        schema |= {"if": {"required": ["extends"]}, "else": {"required": ["modules"], **whole}}
    return with_shared_parts(schema)


def _definition(module: str) -> str:
    return f"inputs-of-{module}"


def _reference(module: str) -> str:
    """A JSON pointer: https://www.rfc-editor.org/rfc/rfc6901#section-3"""
    return f"#/$defs/{_definition(module).replace('~', '~0').replace('/', '~1')}"


def _uses(module: str, key: str = "source") -> Schema:
    return {"properties": {key: {"const": module}}, "required": [key]}


def _inputs_of(module: str, key: str = "source") -> Schema:
    return {"if": _uses(module, key), "then": {"properties": {"inputs": {"$ref": _reference(module)}}}}


def _required_of(module: str, interface: Interface, given: Collection[str]) -> Schema:
    """The inputs that must be there, unless it is switched off; attributes of objects are left to `tfops validate`."""
    variables = interface.variables.values()
    required = [item.name for item in variables if not item.has_default and item.name not in given]
    then: Schema = {"required": ["inputs"], "properties": {"inputs": {"required": required}}} if required else {}
    off = {"properties": {"enabled": {"const": False}}, "required": ["enabled"]}
    return {"if": {**_uses(module), "not": off}, "then": then}
