variable "name" {
  description = "The bucket's name, and what everything else is called. Bucket names are unique in all of AWS."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "name must have 3 to 63 lower-case letters, digits and dashes."
  }
}

variable "domains" {
  description = "The site's own domain names. They need `certificate_arn`."
  type        = list(string)
  default     = []
}

variable "certificate_arn" {
  description = "The certificate for `domains`, from ACM in us-east-1."
  type        = string
  default     = null

  validation {
    condition     = var.certificate_arn == null || can(regex("^arn:aws[a-z-]*:acm:us-east-1:[0-9]{12}:certificate/", var.certificate_arn))
    error_message = "certificate_arn must be a certificate in us-east-1: CloudFront takes no other."
  }
}

variable "index" {
  description = "The page of a folder."
  type        = string
  default     = "index.html"
}

variable "not_found" {
  description = "The page for what isn't there."
  type        = string
  default     = "404.html"
}

variable "price_class" {
  description = "Which of CloudFront's places serve the site: PriceClass_100, PriceClass_200 or PriceClass_All."
  type        = string
  default     = "PriceClass_100"

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.price_class)
    error_message = "price_class must be PriceClass_100, PriceClass_200 or PriceClass_All."
  }
}

variable "tags" {
  description = "Tags for everything, besides `Module`."
  type        = map(string)
  default     = {}
}
