"""The files of a rendered root."""

from collections.abc import Mapping

from tfops.dataclass import dataclass

# The files of a rendered root.
MAIN_FILE = "main.tf.json"
BACKEND_FILE = "backend.tf.json"
VALUES_FILE = "terraform.tfvars.json"
ENCRYPTION_FILE = "encryption.tf.json"
LOCK_FILE = ".terraform.lock.hcl"


@dataclass(frozen=True, slots=True)
class RenderedRoot:
    """The generated root module of a stack: file name to text. Same commit, same bytes."""

    files: Mapping[str, str]
    digest: str
