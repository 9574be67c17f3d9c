"""The files of a new project: small, commented, and working with the built-in provider alone."""

from collections.abc import Mapping

from tfops.config.example import example_yaml
from tfops.config.modules.module import Interface
from tfops.system.project_folders import USUAL_FOLDERS, ProjectFolders

SCHEMAS = ".schemas"

_TFOPS_YAML = """\
# yaml-language-server: $schema=.schemas/tfops.schema.json
# What operations decide: branches, backend, engine, providers.
version: 1
project: {project}

# Where Terraform keeps its state. `local` needs no account and stays in this clone (.git/tfops/state).
# To share it:  s3: {{bucket: my-tfstate, region: eu-west-1, lock: native}}
backend:
{backend}
# Which branch is which environment. A commit on that branch is what `tfops apply` makes real.
environments:
  dev: {{branch: {branch}}}
  # prod: {{branch: production, protected: true}}
"""

_FOLLOWS = "# yaml-language-server: $schema={up}.schemas/environment.schema.json\n"

_DEV_YAML = """\
# What development wishes for `dev`: modules and their inputs.
modules:
  network:
    source: network                                 # modules/network
    inputs:
      cidr: 10.10.0.0/16
      zones: [a, b]
  service:
    source: service
    inputs:
      subnets: ${module.network.subnets}            # an output of the module above
      image: shop:1.4.2
"""

_NETWORK_TF = """\
# An example that needs no provider and no account: `terraform_data` only remembers what it is given.

variable "cidr" {
  description = "The network's address range."
  type        = string

  validation {
    condition     = can(cidrhost(var.cidr, 0))
    error_message = "cidr must be an address range like 10.0.0.0/16."
  }
}

variable "zones" {
  description = "One subnet is made in each zone."
  type        = list(string)
  default     = ["a"]
}

resource "terraform_data" "network" {
  input = { cidr = var.cidr }
}

resource "terraform_data" "subnet" {
  for_each = { for index, zone in var.zones : zone => cidrsubnet(var.cidr, 8, index) }

  input = { network = terraform_data.network.id, zone = each.key, cidr = each.value }
}

output "subnets" {
  description = "Zone to address range."
  value       = { for zone, subnet in terraform_data.subnet : zone => subnet.output.cidr }
}
"""

_SERVICE_TF = """\
variable "subnets" {
  description = "Zone to address range, one instance is made in each."
  type        = map(string)
}

variable "image" {
  description = "What the instances run, `name:tag`."
  type        = string
}

resource "terraform_data" "instance" {
  for_each = var.subnets

  input = { zone = each.key, subnet = each.value, image = var.image }
}

output "image" {
  description = "What runs now."
  value       = var.image
}
"""

_MAKEFILE = """\
# The same commands for people and for CI:  make plan ENV=dev
ENV ?=
TFOPS ?= tfops

.PHONY: help plan apply rollback status history schema destroy doctor
help: ## show this help
\t@awk -F':.*## ' '/^[a-z]+:.*## / {printf "%-10s %s\\n", $$1, $$2}' $(MAKEFILE_LIST)
plan: ## show what applying this commit would do
\t$(TFOPS) plan $(ENV)
apply: ## make this commit the running environment
\t$(TFOPS) apply $(ENV) $(ARGS)
rollback: ## back to the previous version, or VERSION=v3
\t$(TFOPS) rollback $(ENV) $(VERSION) $(ARGS)
status: ## every environment
\t$(TFOPS) status
history: ## the versions of an environment
\t$(TFOPS) history $(ENV)
schema: ## tell editors about changed modules
\t$(TFOPS) schema --write .schemas
destroy: ## take an environment down
\t$(TFOPS) destroy $(ENV) $(ARGS)
doctor: ## check this machine and this project
\t$(TFOPS) doctor
"""

_GITIGNORE = """\
.terraform/
*.tfstate
*.tfstate.*
*.tfplan
crash.log
"""


_MODULE = {
    "main.tf": """\
resource "terraform_data" "main" {{
  input = {{ name = var.name }}
}}
""",
    "variables.tf": """\
variable "name" {{
  description = "What the {name} is called."
  type        = string
}}
""",
    "outputs.tf": """\
output "id" {{
  description = "The id of the {name}."
  value       = terraform_data.main.id
}}
""",
}


def module_files(name: str) -> dict[str, str]:
    """File name to text of a new module."""
    return {file: text.format(name=name) for file, text in _MODULE.items()}


LOCAL_BACKEND = "  local: {}\n"


def starter_files(
    project: str,
    branch: str,
    *,
    backend: str,
    modules: Mapping[str, Interface],
    folders: ProjectFolders = USUAL_FOLDERS,
) -> dict[str, str]:
    """Path to text of every file of a new project; where there are modules, they take the examples' place."""
    dev = f"{folders.environments}/dev.yaml"
    follows = _FOLLOWS.format(up="../" * dev.count("/"))
    examples = {
        dev: follows + _DEV_YAML,
        f"{folders.modules}/network/main.tf": _NETWORK_TF,
        f"{folders.modules}/service/main.tf": _SERVICE_TF,
    }
    return {
        "tfops.yaml": _TFOPS_YAML.format(project=project, branch=branch, backend=backend),
        **({dev: follows + _dev_yaml(modules)} if modules else examples),
        "Makefile": _MAKEFILE,
        ".gitignore": _GITIGNORE,
    }


def _dev_yaml(modules: Mapping[str, Interface]) -> str:
    """The first module with the inputs that it needs, the others to choose from."""
    first, *others = (example_yaml(name, interface).partition("\n")[2] for name, interface in modules.items())
    more = "".join(f"  # {line[2:]}\n" for block in others for line in block.splitlines())
    return f"# What development wishes for `dev`. The values are examples: write yours.\nmodules:\n{first}{more}"
