"""The files of a rendered root."""

from collections.abc import Mapping

from tfops.dataclass import dataclass

# The files of a rendered root.
MAIN_FILE = "main.tf.json"
BACKEND_FILE = "backend.tf.json"
VALUES_FILE = "terraform.tfvars.json"
ENCRYPTION_FILE = "encryption.tf.json"
LOCK_FILE = ".terraform.lock.hcl"

# A root that somebody wrote by hand: what tfops.yaml says of it, and the name by which cards call its code.
ROOT_FILE = "root.json"
ROOT_MODULE = "root"


# The variable of a generated root that has what only a run knows, and a root's own file what it was given of that.
RUN_VARIABLE = "run"


@dataclass(frozen=True, slots=True)
class RenderedRoot:
    """What tfops writes of a stack's root module: file name to text. Same commit, same bytes.

    Of a generated root that is the whole; of one that somebody wrote by hand, what is laid over it.
    """

    files: Mapping[str, str]
    digest: str


@dataclass(frozen=True, slots=True)
class RootLayout:
    """By which names the engine's folder has tfops' files: `backend`, and `values` in the order of their precedence.

    `is_own`: the rest of the root is somebody's own, and its outputs are those of the code itself. `code` names that
    code by its content. `commit` is the one that stands in its values (`${git.commit}`): two plans are the same
    whichever it is.
    """

    backend: str = BACKEND_FILE
    values: tuple[str, ...] = (VALUES_FILE,)
    is_own: bool = False
    code: str = ""
    commit: str = ""


# Terraform reads override files in the order of their names, and the last one counts.
OWN_BACKEND_FILE = "zz_tfops_backend_override.tf.json"
# Provider blocks that the code no longer has, and what they require; laid beside it, and no part of what is rendered.
KEPT_PROVIDERS = "tfops_kept_providers"
KEPT_REQUIREMENTS_FILE = "zz_tfops_providers_override.tf.json"
# What OpenTofu must know of providers for `import` blocks, those of a bridge and those of the environment's file.
BRIDGE_REQUIREMENTS_FILE = "zz_tfops_bridge_override.tf.json"
IMPORT_REQUIREMENTS_FILE = "zz_tfops_imports_override.tf.json"
OWN_VALUES_FILE = "tfops-inputs.tfvars.json"


def inputs_variable(module: str) -> str:
    """The variable with a module's literals; prefixed, because Terraform keeps some names for itself."""
    return f"inputs_{module}"
