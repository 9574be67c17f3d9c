variable "name" {
  description = "What everything is called, for instance `shop-dev`; the path of its parameters and logs too."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}[a-z0-9]$", var.name))
    error_message = "name must have 3 to 32 lower-case letters, digits and dashes, beginning with a letter."
  }
}

variable "vpc_id" {
  description = "The network that the service runs in."
  type        = string
}

variable "image" {
  description = "What runs: the version that instances read at their start, from the parameter `image`."
  type        = string

  validation {
    condition     = length(trimspace(var.image)) > 0
    error_message = "image must not be empty."
  }
}

variable "ami" {
  description = "The machine image: an id, or `resolve:ssm:` and a public parameter."
  type        = string
  default     = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"

  validation {
    condition     = can(regex("^(ami-[0-9a-f]{8,17}|resolve:ssm:.+)$", var.ami))
    error_message = "ami must be an id like ami-0abc1234, or begin with resolve:ssm:."
  }
}

variable "instance_type" {
  description = "The instances' type."
  type        = string
  default     = "t3.micro"
}

variable "port" {
  description = "The TCP port that the service listens on."
  type        = number
  default     = 8080

  validation {
    condition     = var.port >= 1 && var.port <= 65535 && floor(var.port) == var.port
    error_message = "port must be a whole number from 1 to 65535."
  }
}

variable "allowed_cidrs" {
  description = "Who may connect to the port, as IPv4 ranges. Nobody by default."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.allowed_cidrs : can(cidrhost(cidr, 0))])
    error_message = "allowed_cidrs must be IPv4 ranges like 10.0.0.0/16."
  }
}

variable "parameters" {
  description = "Settings that the service reads from `/NAME/…` in the Parameter Store. No secrets: write those there by hand, as SecureString."
  type        = map(string)
  default     = {}
}

variable "log_days" {
  description = "How long logs are kept, in days."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_days)
    error_message = "log_days must be one of CloudWatch's periods: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731."
  }
}

variable "tags" {
  description = "Tags for everything, besides `Name` and `Module`."
  type        = map(string)
  default     = {}
}
