"""Terragrunt's units, by what `terragrunt find` and `terragrunt render` print."""

import posixpath
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tfops.commands.peer_references import References
from tfops.commands.peer_units import NotTaken, Unit, UnitBackend, Units, asked, json_of, place_of, why_in_a_line
from tfops.config.modules.hcl import Block, read_blocks
from tfops.dataclass import dataclass
from tfops.errors import Refused
from tfops.system import environ
from tfops.system.parallel import in_parallel
from tfops.system.workspace import write_file

PROGRAM = "terragrunt"
_QUIET = {"TG_NON_INTERACTIVE": "true", "TG_NO_COLOR": "true", "TG_LOG_LEVEL": "error", "TG_TF_FORWARD_STDOUT": "true"}
_ALWAYS = ("--no-color", "--non-interactive", "--log-level", "error")
# What Terragrunt does with a bucket by itself: none of it is a setting of Terraform's backend.
_ITS_OWN = re.compile(
    r"skip_bucket_.*|skip_credentials_validation_on_bucket|s3_bucket_tags|dynamodb_table_tags|accesslogging_.*"
    r"|bucket_sse_.*|enable_lock_table_ssencryption|disable_(bucket_update|aws_client_checksums|init)|disable_init"
    r"|project|location|gcs_bucket_labels|skip_bucket_creation|enable_bucket_policy_only"
)
# Blocks of a configuration that say how Terragrunt runs: attribute of `terraform` to what it is called.
_HOOKS = {
    "before_hook": "what is run before the engine",
    "after_hook": "what is run after the engine",
    "error_hook": "what is run when the engine fails",
}
_EXTRA = ("arguments", "env_vars", "required_var_files", "optional_var_files")
_SETTINGS = {
    "prevent_destroy": "`protected: true` of the environment, or `protect:` in tfops.yaml, says that",
    "iam_role": "`assume_role` of the environment says that for provider aws",
    "errors": "there are no retries by pattern",
    "exclude": "leave it out of what is applied: --env, --label",
    "engine": "the engine is chosen in tfops.yaml: `engine`",
    "feature": "give the value as an input",
}


@dataclass(frozen=True, slots=True)
class Terragrunt:
    """Terragrunt in a clone. `below` is the folder to look into, `engine` the program that it is to run, `scratch` a
    folder for what stands in for that, and `known` what units gave when they were asked."""

    program: str
    top: Path
    below: str
    engine: str
    scratch: Path
    known: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)

    def read(self) -> Units:
        """Every unit below the folder; those that Terragrunt itself can't evaluate are said to be such."""
        found = Units()
        words = ("find", "--json", "--dependencies", "--include")
        listed = json_of(self._asked(self.top / self.below, words), f"{PROGRAM} find --json")
        marking = self._marking()
        units = in_parallel(lambda one: self._listed(one, marking, found), listed)
        found.units = [unit for unit in units if unit is not None]
        found.not_taken.sort(key=lambda one: (one.path, one.line, one.text))
        return found

    def _listed(self, one: Mapping[str, Any], marking: str, found: Units) -> Unit | None:
        path = posixpath.normpath(posixpath.join(self.below, one["path"]))
        files = (f"{path}/terragrunt.hcl", *one.get("include", {}).values())
        if one["type"] != "unit":
            text = "a stack of Terragrunt's: its units are generated; run `terragrunt stack generate`, commit them"
            found.not_taken.append(NotTaken(f"{path}/terragrunt.stack.hcl", 0, text))
            return None
        try:
            return self._unit(path, files, marking, found)
        except Refused as error:
            text = f"Terragrunt can't evaluate it: {why_in_a_line(error)}"
            found.not_taken.append(NotTaken(files[0], 0, text))
            return None

    def state(self, unit: Unit) -> str:
        """As `terragrunt state pull` prints it."""
        return self._asked(self.top / unit.path, ("run", "--", "state", "pull"))

    def _outputs(self, path: str) -> dict[str, Any]:
        """What a unit gives, as `output -json` says it; empty where it was never applied."""
        if path not in self.known:
            try:
                text = self._asked(self.top / path, ("run", "--", "output", "-json"))
            except Refused:
                text = ""
            self.known[path] = json_of(text or "{}", f"{PROGRAM} run -- output -json")
        return self.known[path]

    def _asked(self, folder: Path, words: Sequence[str], engine: str = "") -> str:
        env = {**environ.everything(), **_QUIET, "TG_TF_PATH": engine or self.engine}
        return asked([self.program, words[0], *_ALWAYS, *words[1:]], folder=folder, env=env, hides=_ALWAYS)

    def _marking(self) -> str:
        """A program that is the engine, and marks what it says of outputs."""
        path = self.scratch / "marking-engine"
        python = f'"{sys.executable}" -P -m tfops.engine.marked_outputs'
        write_file(path, f'#!/bin/sh\nexec {python} "{self.engine}" "$@"\n')
        path.chmod(0o700)
        return str(path)

    def _unit(self, path: str, files: Sequence[str], marking: str, found: Units) -> Unit | None:
        words = ("render", "--json")
        body = json_of(self._asked(self.top / path, words), f"{PROGRAM} render --json")
        reader = _Reader(self.top, path, files, found)
        terraform = body.get("terraform") or {}
        source = reader.source(str(terraform.get("source") or ""))
        if source is None:
            return None
        blocks = {name: one for name, one in (body.get("dependency") or {}).items() if one.get("enabled") is not False}
        targets = {name: reader.unit_at(one["config_path"]) for name, one in blocks.items()}
        outputs = {name: self._outputs(targets[name]) for name, one in blocks.items() if not one.get("skip")}
        mocked = [name for name, given in outputs.items() if not given and blocks[name].get("mock_outputs")]
        for name in mocked:
            reader.tell(f'"{name}"', f"dependency `{name}` has no outputs yet: what the unit gets of it are mocks")
        if mocked:
            return None
        inputs = dict(body.get("inputs") or {})
        if outputs:
            again = json_of(self._asked(self.top / path, words, marking), f"{PROGRAM} render --json")
            references = References.of({targets[name]: one for name, one in outputs.items()})
            seen = again.get("inputs") or {}
            inputs = {name: reader.input(name, value, seen.get(name), references) for name, value in inputs.items()}
        plain = (reader.unit_at(one) for one in (body.get("dependencies") or {}).get("paths") or ())
        reader.say_what_is_left(body, terraform)
        address, version, is_local = source
        backend = _backend(body.get("remote_state") or {})
        return Unit(
            path, address, version, is_local, "", inputs, backend, tuple(dict.fromkeys([*targets.values(), *plain])),
            reader.providers(body.get("generate") or {}),
        )  # fmt: skip


def _backend(remote: Mapping[str, Any]) -> UnitBackend:
    settings = {key: value for key, value in (remote.get("config") or {}).items() if not _ITS_OWN.fullmatch(key)}
    return UnitBackend(str(remote.get("backend") or "local"), {k: v for k, v in settings.items() if v is not None})


@dataclass(frozen=True, slots=True)
class _Reader:
    """One unit: where it is, which files say what it is, and where to tell what can't be taken over."""

    top: Path
    path: str
    files: Sequence[str]
    found: Units

    def tell(self, pattern: str, text: str) -> None:
        name, line = place_of(self.top, self.files, pattern)
        self.found.not_taken.append(NotTaken(name, line, text))

    def unit_at(self, config_path: str) -> str:
        """A unit's folder from the repository's top, as another one names it."""
        folder = Path(config_path) if Path(config_path).is_absolute() else self.top / self.path / config_path
        folder = Path(posixpath.normpath(folder))
        return folder.relative_to(self.top).as_posix() if folder.is_relative_to(self.top) else str(folder)

    def source(self, text: str) -> tuple[str, str, bool] | None:
        """Address, version, and whether it is a folder of the repository; None where nobody else could use it."""
        if not text or text == ".":
            return self.path, "", True
        if text.startswith("tfr:"):
            parts = urlsplit(text)
            host = "" if parts.netloc in ("", "registry.terraform.io") else f"{parts.netloc}/"
            return f"{host}{parts.path.strip('/')}", parse_qs(parts.query).get("version", [""])[0], False
        if not text.startswith((".", "/", "file://")):
            return text, "", False
        path = self.unit_at(re.sub(r"/+", "/", text.removeprefix("file://")))
        if not (self.top / path).is_dir() or Path(path).is_absolute():
            self.tell("source", f"its source `{text}` isn't a folder of this repository")
            return None
        return path, "", True

    def input(self, name: str, real: Any, seen: Any, references: References) -> Any:
        def tell(text: str) -> None:
            self.tell(rf"\b{re.escape(name)}\b\s*=", f"input `{name}` {text}")

        return references.put_into(real, seen, tell)

    def providers(self, generated: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        """Provider blocks with plain values; what else is generated is told."""
        found: dict[str, Mapping[str, Any]] = {}
        for name, block in generated.items():
            try:
                blocks = read_blocks(str(block.get("contents") or ""), is_json=str(block["path"]).endswith(".json"))
            except ValueError as error:
                self.tell(f'generate "{name}"', f"what `{name}` generates can't be read: {error}")
                continue
            for one in blocks:
                plain = _plain(one) if one.kind == "provider" and one.labels else None
                if plain is not None and one.labels[0] not in found:
                    found[one.labels[0]] = plain
                elif one.kind != "terraform":
                    what = " ".join((one.kind, *one.labels))
                    self.tell(f'generate "{name}"', f"`{what}` in {block['path']}: write it into the module, or a root")
        return found

    def say_what_is_left(self, body: Mapping[str, Any], terraform: Mapping[str, Any]) -> None:
        for kind, what in _HOOKS.items():
            for name in terraform.get(kind) or {}:
                self.tell(f'{kind} "{name}"', f"{kind} `{name}`, {what}")
        for name, block in (terraform.get("extra_arguments") or {}).items():
            given = [
                key for key in ("arguments", "env_vars", "required_var_files", "optional_var_files") if block.get(key)
            ]
            self.tell(
                f'extra_arguments "{name}"', f"extra_arguments `{name}` ({', '.join(given)}): give values as inputs"
            )
        for key, instead in _SETTINGS.items():
            if body.get(key):
                self.tell(key, f"`{key}`: {instead}")


def _plain(block: Block) -> dict[str, Any] | None:
    if "alias" in block.attributes:
        return None
    try:
        found: dict[str, Any] = {name: value.literal() for name, value in block.attributes.items()}
        for inner in block.blocks:
            plain = _plain(inner)
            if plain is None:
                return None
            found[inner.kind] = plain
    except ValueError:
        return None
    return found
