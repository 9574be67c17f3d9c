"""Secrets become values: late, in memory, each place asked once, all that can't be had named together."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tfops.config.project import ProjectConfig
from tfops.config.values import Secret, is_sops_mapping
from tfops.engine.environment import base_environment
from tfops.errors import Refused
from tfops.model import EnvName
from tfops.render.root import provider_settings
from tfops.system import secret_stores, vault
from tfops.system.aws import Access, access_of
from tfops.system.secret_stores import Found, Unavailable
from tfops.system.trees import Tree

# Linux takes no longer text in a process's environment (MAX_ARG_STRLEN), the name included.
_MOST_BYTES = 130_000


@dataclass(frozen=True, slots=True)
class SecretSource:
    """Where one environment's secrets are looked up: today's rules, the commit's files, our own credentials."""

    rules: ProjectConfig
    env: EnvName
    tree: Tree

    def read(self, wanted: Mapping[str, Secret]) -> dict[str, str]:
        """Variable name to value. Raises Refused (guard `secret`) naming every secret that can't be had, and why."""
        found = self._values(wanted.values())
        unavailable = {secret.text: value for secret, value in found.items() if isinstance(value, Unavailable)}
        if unavailable:
            raise _refusal(self.env, unavailable)
        return {variable: str(found[secret]) for variable, secret in wanted.items()}

    def _values(self, secrets: Iterable[Secret]) -> dict[Secret, str | Unavailable]:
        names: dict[str, dict[str, None]] = {}
        wanted = sorted(set(secrets), key=lambda secret: secret.text)
        for secret in wanted:
            names.setdefault(secret.scheme, {})[secret.name] = None
        readers = self._readers()
        contents = {scheme: readers[scheme](list(named)) for scheme, named in names.items()}
        return {secret: _value(contents[secret.scheme][secret.name], secret.key) for secret in wanted}

    def _readers(self) -> Mapping[str, Callable[[Sequence[str]], Mapping[str, Found]]]:
        return {
            "env": secret_stores.read_variables,
            "ssm": lambda names: secret_stores.read_parameters(self._aws(), names),
            "secretsmanager": lambda names: secret_stores.read_managed_secrets(self._aws(), names),
            "sops": lambda names: secret_stores.each(names, self._decrypt),
            "vault": vault.read_vault,
            "exec": lambda names: secret_stores.each(names, self._run),
        }

    def _aws(self) -> Access:
        """As the environment's AWS provider works, unless tfops.yaml says otherwise."""
        own = self.rules.secrets.aws
        return access_of(provider_settings(self.rules, self.env).get("aws", {}) if own is None else own)

    def _decrypt(self, path: str) -> Found:
        text = self.tree.read(path)
        if text is None:
            return Unavailable("the file is not in the commit", "commit it, encrypted")
        as_mapping = is_sops_mapping(path)
        return secret_stores.decrypt_file(path, text, as_mapping=as_mapping, env=self._environment())

    def _run(self, name: str) -> Found:
        argv = self.rules.secrets.commands.get(name)
        if argv is None:
            return Unavailable("tfops.yaml has no such command", "operations name commands there: secrets.exec")
        return secret_stores.run_command(argv, env=self._environment())

    def _environment(self) -> dict[str, str]:
        return base_environment((*self.rules.engine.env, "SOPS_*", "GNUPGHOME", "DBUS_SESSION_BUS_ADDRESS"))


def _value(content: Found, key: str) -> str | Unavailable:
    """The text that a reference means, inside of what its place holds."""
    if isinstance(content, Unavailable):
        return content
    value: Any = content
    if key:
        data = _parsed(content) if isinstance(content, str) else content
        if not isinstance(data, dict):
            return Unavailable("it is not a JSON object, so it has no keys", "leave `#key` out, or store an object")
        value = _at(data, key)
        if value is None:
            return Unavailable(f"there is no key `{key}` in it", "look for a typing mistake")
    return _usable(value)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _at(data: Mapping[str, Any], key: str) -> Any:
    """A key as it is written, else as steps separated by dots; None when it isn't there."""
    if key in data:
        return data[key]
    value: Any = data
    for step in key.split("."):
        if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict):
            value = value.get(step)
        else:
            return None
    return value


def _usable(value: Any) -> str | Unavailable:
    if isinstance(value, dict | list):
        return Unavailable("it holds several values", "name one of them: #key")
    text = value if isinstance(value, str) else json.dumps(value)
    if "\0" in text:
        return Unavailable("it holds a NUL character, which no environment variable can")
    if len(text.encode("utf-8", "surrogateescape")) > _MOST_BYTES:
        return Unavailable(f"it is longer than {_MOST_BYTES // 1000} kB")
    return text


def _refusal(env: EnvName, unavailable: Mapping[str, Unavailable]) -> Refused:
    count = "a secret" if len(unavailable) == 1 else f"{len(unavailable)} secrets"
    hints = list(dict.fromkeys(problem.hint for problem in unavailable.values() if problem.hint))
    more = "" if len(hints) < 2 else f"   (and {len(hints) - 1} more)"
    return Refused(
        "secret",
        f"{env} needs {count} that can't be had",
        why="\n".join(f"{text}: {problem.why}" for text, problem in unavailable.items()),
        hint=hints[0] + more if hints else "",
    )
