"""Which files in its folder an engine, or a program that picks its version, reads without being told to."""

_ENDINGS = (".tf", ".tf.json", ".tofu", ".tofu.json", ".auto.tfvars", ".auto.tfvars.json")
_NAMES = frozenset(
    {
        "terraform.tfvars", "terraform.tfvars.json", "terraform.tfstate", "terraform.tfstate.d", "terraform.d",
        ".terraform", ".terraform.lock.hcl", ".terraform-version", ".opentofu-version", ".tool-versions",
    }
)  # fmt: skip


def steers_engine(name: str) -> bool:
    """Whether a file or folder of this name would change what a plan in its folder says.

    https://developer.hashicorp.com/terraform/language/files,
    https://developer.hashicorp.com/terraform/language/values/variables#variable-definitions-tfvars-files
    """
    folded = name.lower()
    return folded in _NAMES or folded.endswith(_ENDINGS)
