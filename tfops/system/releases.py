"""Which releases there are: tags of any Git repository, versions in a registry.

The registry's protocol: https://developer.hashicorp.com/terraform/internals/module-registry-protocol and
https://developer.hashicorp.com/terraform/internals/provider-registry-protocol
"""

import json
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tfops.system import environ
from tfops.system.git import GitFailed, GitRunner
from tfops.system.http import Answer, NoAnswer, Question, ask

_TIMEOUT_S = 20
_MOST_BYTES = 10_000_000  # a provider with 500 versions for 15 platforms each says 3 MB
_TAGS = "refs/tags/"


class NotAsked(Exception):
    """There was no answer to go by; the text says why, on one line."""


def _ask(question: Question) -> Answer:
    return ask(question, timeout_s=_TIMEOUT_S, most_bytes=_MOST_BYTES)


class Registries:
    """Asked by host; what a host offers is asked once."""

    def __init__(self, answer: Callable[[Question], Answer] = _ask) -> None:
        self._answer = answer
        self._services: dict[str, dict[str, Any]] = {}

    def module_versions(self, host: str, path: str) -> list[str]:
        """Of `terraform-aws-modules/vpc/aws`. Raises NotAsked."""
        found = self._get(host, "modules.v1", f"{path}/versions")
        try:
            return [str(one["version"]) for one in found["modules"][0]["versions"]]
        except (KeyError, IndexError, TypeError) as error:
            raise NotAsked(f"{host} answered something else than versions") from error

    def provider_versions(self, host: str, path: str) -> list[str]:
        """Of `hashicorp/aws`. Raises NotAsked."""
        found = self._get(host, "providers.v1", f"{path}/versions")
        try:
            return [str(one["version"]) for one in found["versions"]]
        except (KeyError, TypeError) as error:
            raise NotAsked(f"{host} answered something else than versions") from error

    def _get(self, host: str, service: str, path: str) -> Any:
        if host not in self._services:
            self._services[host] = self._json(host, f"https://{host}/.well-known/terraform.json")
        base = self._services[host].get(service)
        if not isinstance(base, str):
            raise NotAsked(f"{host} is no registry for that ({service})")
        return self._json(host, urllib.parse.urljoin(f"https://{host}/", f"{base.rstrip('/')}/{path}"))

    def _json(self, host: str, url: str) -> Any:
        token = environ.variable(f"TF_TOKEN_{host.replace('-', '__').replace('.', '_')}")
        headers = {"Authorization": f"Bearer {token}"} if token and url.startswith("https://") else {}
        try:
            answer = self._answer(Question("GET", url, headers=headers))
            found = json.loads(answer.text) if answer.status == 200 else None
        except NoAnswer as error:
            raise NotAsked(f"{host}: {error}") from error
        except ValueError as error:
            raise NotAsked(f"{host} answered something that is no JSON") from error
        if not isinstance(found, dict):
            raise NotAsked(f"{host} answered {answer.status} to {urllib.parse.urlsplit(url).path}")
        return found


def repository_tags(root: Path, url: str) -> dict[str, str]:
    """Tag to the commit that it names, of any repository; Git runs in `root`. Raises NotAsked, without the address."""
    try:
        done = GitRunner(root).over_network("ls-remote", "--tags", "--end-of-options", url)
    except GitFailed as error:
        lines = error.stderr.replace(url, "the repository").splitlines()
        said = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[-1] if lines else "")
        raise NotAsked(said or f"git ended with {error.code}") from error
    found: dict[str, str] = {}
    for line in done.text.splitlines():
        commit, _, name = line.partition("\t")
        if name.startswith(_TAGS):  # an annotated tag comes twice, then with what it names
            found[name.removeprefix(_TAGS).removesuffix("^{}")] = commit
    return found
