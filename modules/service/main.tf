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
