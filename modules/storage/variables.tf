variable "name" {
  description = "What everything is called: the bucket exactly so, tables with it as their prefix. Bucket names are unique in all of AWS."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "name must have 3 to 63 lower-case letters, digits and dashes."
  }
}

variable "old_version_days" {
  description = "How long overwritten and deleted objects are kept, in days."
  type        = number
  default     = 90

  validation {
    condition     = var.old_version_days >= 1
    error_message = "old_version_days must be at least 1."
  }
}

variable "tables" {
  description = "DynamoDB tables by name: the keys' attributes and their types (S, N or B), and the attribute with the time to live, if any."
  type = map(object({
    hash_key  = string
    range_key = optional(string)
    types     = optional(map(string), {})
    ttl       = optional(string)
  }))
  default = {}

  validation {
    condition     = alltrue(flatten([for table in var.tables : [for type in values(table.types) : contains(["S", "N", "B"], type)]]))
    error_message = "the type of a key must be S, N or B."
  }
}

variable "protected" {
  description = "Whether the tables are protected from deletion, and a bucket that isn't empty too."
  type        = bool
  default     = true
}

variable "tags" {
  description = "Tags for everything, besides `Module`."
  type        = map(string)
  default     = {}
}
