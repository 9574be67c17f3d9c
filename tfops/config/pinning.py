"""Whether the source of a module from elsewhere says one content for ever, or may give another tomorrow."""

import re
import urllib.parse

from tfops.config.source import is_oci

_EXACT = re.compile(r"=?\s*v?\d+\.\d+\.\d+\S*")
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
# A tag by its look: nothing here can ask the remote. `v1.2.3`, `2024-11-30`, `release-7.1`.
_TAG = re.compile(r"([A-Za-z][A-Za-z_-]*[-_]?)?v?\d+([._-]\d+)*([._+-][0-9A-Za-z.+-]+)?")
_GIT = re.compile(r"git::|git@|(github\.com|bitbucket\.org)/|.*\.git(//|\?|$)")


def why_unpinned(source: str, version: str = "") -> str:
    """Why the content behind a source may change without a commit here; empty when it is pinned.

    `source` is what a `module` block says; a version may follow it after a space. A commit, a ref that looks like a
    tag, an exact version and a checksum pin.
    """
    address, _, constraint = source.partition(" ")
    constraint = version or constraint
    place, _, query = address.partition("?")
    said = dict(urllib.parse.parse_qsl(query))
    # A root of the repository has the commit for its version.
    if "checksum" in said or "digest" in said or source.startswith("./"):
        return ""
    if is_oci(address):
        return _why_unpinned_tag(said.get("tag", "latest"))
    if _GIT.match(address):
        return _why_unpinned_ref(said.get("ref", ""))
    if "::" in place or "://" in place:
        is_said = any(key in said for key in ("rev", "version", "versionId", "generation"))
        return "" if is_said else "what lies at an address can be exchanged"
    if not constraint:
        return "no `version`: it is the newest one there"
    return "" if _EXACT.fullmatch(constraint) else f"`{constraint}` fits more than one version"


def _why_unpinned_ref(ref: str) -> str:
    if not ref:
        return "no `ref`: it is whatever the default branch holds"
    return "" if _COMMIT.fullmatch(ref) or _TAG.fullmatch(ref) else f"`{ref}` looks like a branch, and moves"


def _why_unpinned_tag(tag: str) -> str:
    """Of an OCI registry, where no `tag` means `latest`."""
    return "" if _TAG.fullmatch(tag) else f"the tag `{tag}` is set again and again; name a `digest` or a release"
