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
