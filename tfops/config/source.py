"""Where a module comes from: the project's `modules/`, or any other source that Terraform knows."""

import re
from collections.abc import Sequence

from tfops.config.names import did_you_mean, is_local_source, shown
from tfops.dataclass import dataclass

# https://developer.hashicorp.com/terraform/language/modules/sources
_REGISTRY = re.compile(r"([A-Za-z0-9.-]+\.[A-Za-z0-9-]+/)?[A-Za-z0-9_-]+/[A-Za-z0-9_-]+/[a-z0-9]+(//.*)?")
_ADDRESS = re.compile(r"(git|hg|s3|gcs)::\S+|(https?|oci)://\S+|(github\.com|bitbucket\.org)/\S+|git@\S+:\S+")
_GIT = re.compile(r"git::|git@|github\.com/|bitbucket\.org/")


@dataclass(frozen=True, slots=True)
class LocalSource:
    """A folder below `modules/`."""

    path: str

    @property
    def text(self) -> str:
        return self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class RootSource(LocalSource):
    """A root module of the repository, by its folder (`.` for the top). It is a folder below `modules/` only in a
    `RootTree`, where the repository lies there."""

    @property
    def text(self) -> str:
        return f"./{self.path}"


@dataclass(frozen=True, slots=True)
class RemoteSource:
    """An address that the engine downloads from; `version` is for registries."""

    address: str
    version: str = ""

    @property
    def text(self) -> str:
        return f"{self.address} {self.version}".strip()


def is_oci(source: str) -> bool:
    """Whether a source names an OCI registry, which OpenTofu alone (1.10 and later) fetches modules from.

    https://opentofu.org/docs/language/modules/sources/#oci-distribution-repository
    """
    return source.startswith("oci://")


class SourceError(ValueError):
    """A source that can't be used, with what to write instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def parse_source(text: str, version: str | None, local_modules: Sequence[str]) -> LocalSource | RemoteSource:
    """Raises SourceError for an unknown module and for a path that leaves the repository."""
    if is_local_source(text) and text.split("/", maxsplit=1)[0] in local_modules:
        if version:
            raise SourceError("a module of this repository takes no `version`", "its version is the commit")
        return LocalSource(text)
    if _ADDRESS.fullmatch(text):
        if version:
            hint = "name it in the address: ?ref=v1.2.3" if _GIT.match(text) else "the address says which one it is"
            raise SourceError("only a module of a registry takes a `version`", hint)
        return RemoteSource(text)
    if _REGISTRY.fullmatch(text):
        return RemoteSource(text, version or "")
    if text.startswith((".", "/", "~")) or ".." in text:
        raise SourceError(
            f"{shown(text)} points outside of `modules/`", "write the module's name, a folder below modules/"
        )
    raise SourceError(f"there is no module {shown(text)} in `modules/`", did_you_mean(text, local_modules))
