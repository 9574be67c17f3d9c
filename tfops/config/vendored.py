"""The small file beside a module that was copied from elsewhere: where it is from, and what was fetched."""

from tfops.config.document import read_document
from tfops.config.lines import scalar_text
from tfops.dataclass import dataclass

SOURCE_FILE = ".tfops-source.yaml"
_HEAD = "# Written by `tfops vendor`. `tfops vendor --check` says whether this folder still is what was fetched.\n"


@dataclass(frozen=True, slots=True)
class Vendored:
    """`version` is the registry's, `commit` what Git had; `digest` is the sha256 over names and content of all files
    but this one."""

    source: str
    version: str
    commit: str
    digest: str

    @property
    def file(self) -> str:
        """What stands in the file."""
        said = {"source": self.source, "version": self.version, "commit": self.commit, "digest": self.digest}
        return _HEAD + "".join(f"{key}: {scalar_text(value)}\n" for key, value in said.items() if value)


def read_vendored(path: str, text: str) -> Vendored | None:
    """None for a file that doesn't say it."""
    document = read_document(path, text)
    data = document.data if isinstance(document.data, dict) and not document.complaints else {}
    said = {key: data.get(key, "") for key in ("source", "version", "commit", "digest")}
    if not all(isinstance(value, str) for value in said.values()) or not (said["source"] and said["digest"]):
        return None
    return Vendored(**said)
