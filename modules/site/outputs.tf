output "bucket" {
  description = "Where the pages go: `aws s3 sync site s3://BUCKET`."
  value       = aws_s3_bucket.this.id
}

output "address" {
  description = "The site's address at CloudFront, for its domains' DNS records."
  value       = aws_cloudfront_distribution.this.domain_name
}

output "distribution_id" {
  description = "The distribution, to invalidate what it has cached."
  value       = aws_cloudfront_distribution.this.id
}
