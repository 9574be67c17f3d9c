"""A Terraform root module of its own becomes a module: without backend, providers that tfops.yaml has, and values."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from typing import Any

from tfops import exact
from tfops.config.document import Document
from tfops.config.lines import config_lines
from tfops.config.modules.hcl import Block, HclExpression, as_list, read_attributes, read_blocks
from tfops.config.modules.module import Variable, is_override, module_files, read_interface
from tfops.config.modules.structure import Part, Span, read_structure
from tfops.config.values import escaped
from tfops.dataclass import dataclass
from tfops.errors import Refused
from tfops.records.addresses import without_keys

_VALUES = re.compile(r"terraform\.tfvars(\.json)?|.*\.auto\.tfvars(\.json)?")
_ANY_VALUES = re.compile(r".*\.tfvars(\.json)?")


@dataclass(frozen=True, slots=True)
class OldBackend:
    """Where the folder keeps its state: the kind of backend, and the block to reach it with."""

    kind: str = "local"
    text: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """What the folder becomes: the module's files, what tfops.yaml says of providers, the inputs."""

    files: Mapping[str, str]
    backend: OldBackend
    providers: Mapping[str, Mapping[str, Any]]
    kept_providers: tuple[str, ...]
    inputs: Mapping[str, Any]
    secrets: tuple[str, ...]


Evaluate = Callable[[Iterable[str], Mapping[str, str]], Mapping[str, Any]]
"""What variables of these names become by these files of values, as the engine says. Raises ValueError."""


def backend_of(files: Mapping[str, str], *, is_tofu: bool = False) -> OldBackend:
    """Where the folder says that its state is; what an override file says counts, and for OpenTofu a `.tofu` file
    in the place of its namesake."""
    return _backend([block for name in _top(files, is_tofu=is_tofu) for block in _blocks(name, files[name])])


def draft_of(
    files: Mapping[str, str],
    *,
    known: Mapping[str, Mapping[str, Any]],
    held: frozenset[str] = frozenset(),
    evaluate: Evaluate | None = None,
    is_tofu: bool = False,
) -> Draft:
    """The draft of a folder's files, by path. `known` are the providers that tfops.yaml has.

    A provider block goes to tfops.yaml where it says plain values and nothing there contradicts; every
    other one stays in the module. `held` are the addresses in the state, without keys: an `import` block for one of
    them has done its work, and goes. Raises Refused (guard `adopt`) for what can't be read or taken over.
    """
    top = {name: files[name] for name in _top(files, is_tofu=is_tofu)}
    found = {name: _blocks(name, text) for name, text in top.items()}
    every = [block for blocks in found.values() for block in blocks]
    _require_fit_for_a_module(found, held)
    providers, kept = _providers(every, known=known)
    drop = set(providers)
    texts = {name: _without(text, name, drop) if _matters(found[name]) else text for name, text in top.items()}
    rest = {name: text for name, text in files.items() if name not in top and not is_values_file(name)}
    inputs, secrets = _inputs(files, read_interface(top, is_tofu=is_tofu).variables, evaluate)
    return Draft(rest | texts, _backend(every), providers, kept, inputs, secrets)


def is_values_file(path: str) -> bool:
    return _ANY_VALUES.fullmatch(path) is not None


def _top(files: Mapping[str, str], *, is_tofu: bool) -> list[str]:
    """The files of the root module, in the engine's order: what overrides comes last."""
    names = module_files((name for name in files if "/" not in name), is_tofu=is_tofu)
    return sorted(names, key=lambda name: (is_override(name), name))


def _require_fit_for_a_module(found: Mapping[str, list[Block]], held: frozenset[str]) -> None:
    """Raises Refused for blocks that count in a root module only."""
    for name, blocks in found.items():
        for block in blocks:
            if block.kind == "import":
                target = without_keys(block.attributes["to"].text) if "to" in block.attributes else ""
                if target not in held:
                    raise Refused(
                        "adopt",
                        f"`{name}` imports {target}, which isn't in the state yet",
                        hint="terraform apply   in that folder first",
                    )
            if block.kind == "terraform" and block.inner("encryption"):
                raise Refused(
                    "adopt",
                    f"`{name}` encrypts the state: in a module that block would be ignored silently",
                    hint="take the encryption off first: https://opentofu.org/docs/language/state/encryption",
                )


def _blocks(name: str, text: str) -> list[Block]:
    try:
        return read_blocks(text, is_json=name.endswith(".json"))
    except ValueError as error:
        raise Refused(
            "adopt", f"`{name}` can't be read: {error}", hint="terraform validate   in that folder"
        ) from error


def _matters(blocks: list[Block]) -> bool:
    return any(block.kind in ("terraform", "provider", "import") for block in blocks)


def _providers(
    blocks: list[Block], *, known: Mapping[str, Mapping[str, Any]]
) -> tuple[dict[str, Mapping[str, Any]], tuple[str, ...]]:
    ours = [block for block in blocks if block.kind == "provider" and block.labels]
    names = [block.labels[0] for block in ours]
    lifted: dict[str, Mapping[str, Any]] = {}
    for block in ours:
        name = block.labels[0]
        settings = _plain(block)
        fits = settings is not None and known.get(name, settings) == settings
        if settings is not None and fits and names.count(name) == 1:
            lifted[name] = settings
    return lifted, tuple(sorted({name for name in names if name not in lifted}))


def _plain(block: Block) -> dict[str, Any] | None:
    """A provider's settings when all of them are plain values."""
    if block.blocks or "alias" in block.attributes:
        return None
    try:
        return {name: expression.literal() for name, expression in block.attributes.items()}
    except ValueError:
        return None


def _backend(blocks: list[Block]) -> OldBackend:
    """The last one counts: an override file replaces what the others say."""
    found = OldBackend()
    for block in blocks:
        if block.kind != "terraform":
            continue
        for inner in block.blocks:
            if inner.kind in ("backend", "cloud"):
                kind = inner.labels[0] if inner.labels else "cloud"
                found = OldBackend(kind, f"terraform {{\n{inner.text}\n}}\n", _plain(inner) or {})
        for key in ("backend", "cloud"):
            for written in as_list(_json_value(block, key)):
                kind, settings = next(iter(written.items())) if key == "backend" else ("cloud", written)
                text = exact.dumps({"terraform": {key: {kind: settings} if key == "backend" else settings}})
                found = OldBackend(kind, text, as_list(settings)[0] if settings else {})
    return found


def _json_value(block: Block, name: str) -> Any:
    try:
        return block.attributes[name].literal() if name in block.attributes else None
    except ValueError:
        return None


def _without(text: str, name: str, providers: set[str]) -> str:
    """The file without its backend, and without the providers that tfops.yaml has now."""
    if name.endswith(".json"):
        return _json_without(text, providers)
    cuts = sorted(_cuts(read_structure(text), providers), key=lambda span: span.start, reverse=True)
    for span in cuts:
        text = text[: span.start].rstrip(" \t") + text[span.end :].removeprefix("\r").removeprefix("\n")
    return text


def _cuts(body: Part, providers: set[str]) -> Iterator[Span]:
    for part in body.parts:
        if (part.kind == "provider" and part.labels[0] in providers) or part.kind == "import":
            yield part.span
        elif part.kind == "terraform":
            yield from (inner.span for inner in part.parts if inner.kind in ("backend", "cloud"))


def _json_without(text: str, providers: set[str]) -> str:
    whole = exact.loads(text)
    for body in as_list(whole):
        body.pop("import", None)
        for name in providers:
            for block in as_list(body.get("provider")):
                block.pop(name, None)
        for block in as_list(body.get("terraform")):
            for key in ("backend", "cloud"):
                block.pop(key, None)
    return exact.dumps(whole, indent=2) + "\n"


def _inputs(
    files: Mapping[str, str], variables: Mapping[str, Variable], evaluate: Evaluate | None
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The values of the folder's variables; secrets as references."""
    values = {name: value for name, value in _given(files, variables, evaluate).items() if name in variables}
    secrets = [name for name in values if variables[name].sensitive or variables[name].ephemeral]
    missing = [name for name, variable in variables.items() if not variable.has_default and name not in values]
    if missing:
        raise Refused(
            "adopt",
            f"no file says what these variables are: {', '.join(missing)}",
            why="they come from -var, -var-file or TF_VAR_… where the folder is applied today",
            hint="write them into terraform.tfvars in that folder; a secret as any text: its value isn't taken over",
        )
    for name in secrets:
        _require_one_secret(variables[name], values[name])
    return escaped(values) | {name: {"from": f"env:{name.upper()}"} for name in secrets}, tuple(secrets)


def _require_one_secret(variable: Variable, value: Any) -> None:
    """Raises Refused where the type doesn't say that the text of a secret is JSON."""
    if variable.type.kind == "any" and not isinstance(value, str | None):
        raise Refused(
            "adopt",
            f"the secret `{variable.name}` isn't text, and its variable has no type",
            why="a secret is one text: only the variable's type says that it stands for something else",
            hint=f"give variable `{variable.name}` its type in that folder, for instance map(string)",
        )


def _given(files: Mapping[str, str], names: Iterable[str], evaluate: Evaluate | None) -> dict[str, Any]:
    """In the engine's order of precedence; what isn't plainly a value is evaluated by the engine."""
    given = sorted((name for name in files if _VALUES.fullmatch(name)), key=lambda name: (".auto." in name, name))
    written, values = dict[str, Any](), dict[str, Any]()
    file = ""
    try:
        for file in given:
            written |= _attributes(file, files[file])
        for name, value in written.items():
            values[name] = value.literal() if isinstance(value, HclExpression) else value
    except ValueError as error:
        if evaluate is not None and len(written) > len(values):
            return _evaluated(
                [name for name in written if name in set(names)], {name: files[name] for name in given}, evaluate
            )
        raise Refused(
            "adopt", f"`{file}` can't be read: {error}", hint="terraform plan   in that folder says the same"
        ) from error
    return values


def _evaluated(names: list[str], files: Mapping[str, str], evaluate: Evaluate) -> dict[str, Any]:
    try:
        found = evaluate(names, files)
        return {name: found[name] for name in names}
    except ValueError as error:
        hint = "terraform plan   in that folder says the same"
        raise Refused("adopt", f"`{', '.join(files)}` can't be read: {error}", hint=hint) from error


def _attributes(name: str, text: str) -> dict[str, Any]:
    if not name.endswith(".json"):
        return dict(read_attributes(text))
    found: dict[str, Any] = exact.loads(text)
    return found


def local_calls(name: str, text: str) -> dict[str, str]:
    """The modules that a file calls by a relative path, name to source. Raises Refused where it can't be read."""
    calls: dict[str, str] = {}
    for block in _blocks(name, text):
        if block.kind != "module" or len(block.labels) != 1 or "source" not in block.attributes:
            continue
        try:
            source = block.attributes["source"].literal()
        except ValueError:
            continue
        if isinstance(source, str) and source.startswith(("./", "../", "/")):
            calls[block.labels[0]] = source
    return calls


def with_sources(name: str, text: str, sources: Mapping[str, str]) -> str:
    """The same file, with other sources for some of the modules that it calls."""
    if name.endswith(".json"):
        whole = exact.loads(text)
        for body in as_list(whole):
            for modules in as_list(body.get("module")):
                for call in modules.keys() & sources.keys():
                    for block in as_list(modules[call]):
                        block["source"] = sources[call]
        return exact.dumps(whole, indent=2) + "\n"
    parts = [part for part in read_structure(text).parts if part.kind == "module" and part.labels[0] in sources]
    for part in sorted(parts, key=lambda part: part.span.start, reverse=True):
        span = part.attributes["source"]
        text = text[: span.start] + json.dumps(sources[part.labels[0]]) + text[span.end :]
    return text


def environment_text(env: str, module: str, inputs: Mapping[str, Any]) -> str:
    """The file of an environment that is one module."""
    document = Document("")
    document.data = {"modules": {module: {"source": module} | ({"inputs": dict(inputs)} if inputs else {})}}
    lines = "\n".join(line.text for line in config_lines(document))
    return f"# What `{env}` is made of: taken over from a Terraform folder.\n{lines}\n"


def moved_sources(state: Mapping[str, Any]) -> list[str]:
    """What has to move below the module: the state's own resources, and its modules as a whole."""
    found: set[str] = set()
    for resource in state.get("resources") or []:
        module = str(resource.get("module") or "")
        if module:
            found.add(re.match(r"module\.[^.\[]+", module)[0])  # type: ignore[index]
        elif resource.get("mode") == "managed":
            found.add(f"{resource['type']}.{resource['name']}")
    return sorted(found)
