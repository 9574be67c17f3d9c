variable "name" {
  description = "What everything in the network is called, for instance `shop-dev`."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}[a-z0-9]$", var.name))
    error_message = "name must have 3 to 32 lower-case letters, digits and dashes, beginning with a letter."
  }
}

variable "cidr" {
  description = "The network's IPv4 range. A /16 to /24: each subnet gets a sixteenth of it."
  type        = string

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && can(regex("/(1[6-9]|2[0-4])$", var.cidr))
    error_message = "cidr must be an IPv4 range from /16 to /24, like 10.20.0.0/16."
  }
}

variable "zones" {
  description = "The availability zones. Each gets a public and a private subnet; add new ones at the end."
  type        = list(string)

  validation {
    condition     = length(var.zones) >= 1 && length(var.zones) <= 8 && length(distinct(var.zones)) == length(var.zones)
    error_message = "zones must be 1 to 8 different zones, like [\"eu-west-1a\", \"eu-west-1b\"]."
  }
}

variable "nat" {
  description = "How private subnets reach the internet: `none`, `single` (one gateway for all zones), or `zonal` (one in each)."
  type        = string
  default     = "single"

  validation {
    condition     = contains(["none", "single", "zonal"], var.nat)
    error_message = "nat must be none, single or zonal."
  }
}

variable "flow_log_days" {
  description = "How long flow logs are kept, in days; 0 turns them off."
  type        = number
  default     = 30

  validation {
    condition     = contains([0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.flow_log_days)
    error_message = "flow_log_days must be 0 or one of CloudWatch's periods: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731."
  }
}

variable "tags" {
  description = "Tags for everything, besides `Name` and `Module`."
  type        = map(string)
  default     = {}
}
