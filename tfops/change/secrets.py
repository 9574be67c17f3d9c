"""Secrets become values: late, in memory, each place asked once, all that can't be had named together."""

import contextlib
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

from tfops.change.secret_values import is_in_clear, texts_in, value_in
from tfops.change.snapshot import Snapshot
from tfops.config.project import ProjectConfig, SecretRules
from tfops.config.secrets import refusal
from tfops.config.values import Secret, is_sops_mapping
from tfops.dataclass import dataclass
from tfops.engine.environment import base_environment
from tfops.errors import ConfigError, ProjectError, Refused
from tfops.records.names import EnvName
from tfops.render.providers import provider_settings
from tfops.system import secret_stores, vault
from tfops.system.aws import Access, access_of
from tfops.system.secret_stores import Found, Unavailable
from tfops.system.trees import Tree

_MERGE_FIRST = "let operations merge the change of tfops.yaml first"


@dataclass(frozen=True, slots=True)
class SecretSource:
    """Where one environment's secrets are looked up: today's rules, the commit's files, our own credentials.

    `reviewed` is what the environment's branch allows: a commit elsewhere, in a merge request, can't allow itself more.
    `decoded` are the variables whose secrets hold JSON.
    """

    rules: ProjectConfig
    env: EnvName
    tree: Tree
    reviewed: SecretRules | None = None
    decoded: frozenset[str] = frozenset()

    def read(self, wanted: Mapping[str, Secret]) -> dict[str, str]:
        """Variable name to value. Raises Refused (guard `secret`) naming every secret that can't be had, and why."""
        compound = {secret for variable, secret in wanted.items() if variable in self.decoded}
        found = self._values(wanted.values(), compound)
        unavailable = {secret.text: value for secret, value in found.items() if isinstance(value, Unavailable)}
        if unavailable:
            raise _refusal(self.env, unavailable)
        return {variable: str(found[secret]) for variable, secret in wanted.items()}

    def texts_in(self, values: Mapping[str, str]) -> Iterator[str]:
        """Everything that must be masked: the values, and the texts in those that are JSON."""
        yield from values.values()
        for variable in values.keys() & self.decoded:
            yield from texts_in(values[variable])

    def _values(self, secrets: Iterable[Secret], compound: Container[Secret]) -> dict[Secret, str | Unavailable]:
        names: dict[str, dict[str, None]] = {}
        wanted = sorted(set(secrets), key=lambda secret: secret.text)
        refused = {secret: why for secret in wanted if (why := self._refusal(secret)) is not None}
        for secret in wanted:
            if secret not in refused:
                names.setdefault(secret.scheme, {})[secret.name] = None
        readers = self._readers()
        contents = {scheme: readers[scheme](list(named)) for scheme, named in names.items()}
        return {
            secret: refused[secret]
            if secret in refused
            else self._found(contents[secret.scheme][secret.name], secret, is_compound=secret in compound)
            for secret in wanted
        }

    def _refusal(self, secret: Secret) -> Unavailable | None:
        """Why a secret isn't even asked for: tfops.yaml here, or as it was reviewed, doesn't let it through."""
        env, own = self.rules.files_of(self.env), self.rules.secrets
        found = refusal(own, secret, env)
        if found is None and self.reviewed is not None:
            is_other = secret.scheme == "exec" and own.commands[secret.name] != self.reviewed.commands.get(secret.name)
            found = refusal(self.reviewed, secret, env)
            if found is None and is_other:
                found = f"the command `{secret.name}` is another one there", ""
            found = found and (f"the environment's branch doesn't allow it: {found[0]}", _MERGE_FIRST)
        return found and Unavailable(*found)

    def _found(self, content: Found, secret: Secret, *, is_compound: bool) -> str | Unavailable:
        is_kept = secret.scheme == "sops" and secret.key and not isinstance(content, Unavailable)
        if is_kept and is_in_clear(secret.name, self.tree.read(secret.name) or "", secret.key):
            return Unavailable(
                "its value is not encrypted: it stands in clear in the repository",
                f"change the secret, and encrypt it: sops edit {secret.name}   (see unencrypted_suffix)",
            )
        return value_in(content, secret.key, is_compound=is_compound)

    def _readers(self) -> Mapping[str, Callable[[Sequence[str]], Mapping[str, Found]]]:
        return {
            "env": secret_stores.read_variables,
            "ssm": lambda names: secret_stores.read_parameters(self._aws(), names),
            "secretsmanager": lambda names: secret_stores.read_managed_secrets(self._aws(), names),
            "sops": lambda names: secret_stores.each(names, self._decrypt),
            "vault": self._read_vault,
            "exec": lambda names: secret_stores.each(names, self._run),
        }

    def _aws(self) -> Access:
        """As the environment's AWS provider works, unless tfops.yaml says otherwise."""
        own = self.rules.secrets.aws
        return access_of(provider_settings(self.rules, self.env).get("aws", {}) if own is None else own)

    def _read_vault(self, names: Sequence[str]) -> Mapping[str, Found]:
        rules, reviewed = self.rules.secrets, self.reviewed or self.rules.secrets
        mounts = set(rules.vault_mounts) & set(reviewed.vault_mounts)
        return vault.read_vault(names, mounts=mounts, login=rules.vault_login)

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


def reviewed_rules(facts: Snapshot, rules: ProjectConfig) -> SecretRules | None:
    """What the environment's branch allows, as the remote has it; of a preview, the remote's default branch.

    The branch is the one of the latest version: a mapping in the checked-out commit could point anywhere. None where
    nobody reviews: without a remote, or when the branch can't be told.
    """
    rule, repository, latest = rules.environments.get(facts.env), facts.project.repository, facts.listing.latest
    if rule is None or not repository.remote:
        return None
    branches = ["HEAD"] if rule.preview else [latest.branch if latest else "", rule.branch]
    heads = (repository.branch_head(name) for name in branches if name and "*" not in name)
    for head in filter(None, heads):
        with contextlib.suppress(ConfigError, ProjectError):  # a broken file there is for others to say
            return facts.project.config_at(head).secrets
    return None


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
