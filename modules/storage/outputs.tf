output "bucket" {
  description = "The bucket's name."
  value       = aws_s3_bucket.this.id
}

output "bucket_arn" {
  description = "The bucket's ARN, for policies."
  value       = aws_s3_bucket.this.arn
}

output "key_arn" {
  description = "The ARN of the key that everything is encrypted with."
  value       = aws_kms_key.this.arn
}

output "tables" {
  description = "The tables' ARNs by name."
  value       = { for name, table in aws_dynamodb_table.this : name => table.arn }
}
