"""An example of a module's use, as YAML that can be pasted into an environment's file."""

import json
from typing import Any

from tfops.config.modules.module import Interface, Variable
from tfops.config.modules.terraform_type import ANY, Type, short_type

_SAMPLES: dict[str, Any] = {"string": "text", "number": 1, "bool": True, "any": "anything"}


def example_yaml(module: str, interface: Interface) -> str:
    """The module with its required inputs; sensitive ones as references to secrets."""
    required = [variable for variable in interface.variables.values() if not variable.has_default]
    name = module.rpartition("/")[2]
    lines = ["modules:", f"  {name}:", f"    source: {module}"]
    if required:
        lines.append("    inputs:")
        lines += [f"      {variable.name}: {_value(variable)}" for variable in required]
    return "\n".join(lines) + "\n"


def _value(variable: Variable) -> str:
    if variable.sensitive or variable.ephemeral:
        return f'{{from: "env:{variable.name.upper()}"}}'
    comment = f"   # {short_type(variable.type)}" if variable.type.kind in ("any", "set", "tuple") else ""
    return json.dumps(sample(variable.type), ensure_ascii=False) + comment


def sample(found: Type) -> Any:
    """A value of the type: the shortest that shows its form. Optional attributes are left out."""
    if found.kind in ("list", "set"):
        return [sample(found.element or ANY)]
    if found.kind == "map":
        return {"key": sample(found.element or ANY)}
    if found.kind == "tuple":
        return [sample(item) for item in found.items]
    if found.kind == "object":
        return {name: sample(item.type) for name, item in found.attributes.items() if not item.is_optional}
    return _SAMPLES[found.kind]
