mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::shop-test" }
  }
}

variables {
  name = "shop-test"
}

run "a_site_is_closed_but_for_cloudfront_over_https" {
  assert {
    condition     = aws_s3_bucket_public_access_block.this.block_public_policy
    error_message = "the bucket is closed"
  }
  assert {
    condition     = one(aws_cloudfront_distribution.this.origin).origin_access_control_id == aws_cloudfront_origin_access_control.this.id
    error_message = "CloudFront signs its requests"
  }
  assert {
    condition     = aws_cloudfront_distribution.this.default_cache_behavior[0].viewer_protocol_policy == "redirect-to-https"
    error_message = "no plain HTTP"
  }
}

run "domains_come_with_a_certificate" {
  variables {
    domains         = ["www.example.com"]
    certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
  }
  assert {
    condition     = aws_cloudfront_distribution.this.viewer_certificate[0].minimum_protocol_version == "TLSv1.2_2021"
    error_message = "current TLS only"
  }
}

run "domains_without_a_certificate_are_refused" {
  command = plan
  variables {
    domains = ["www.example.com"]
  }
  expect_failures = [aws_cloudfront_distribution.this]
}

run "wrong_inputs_are_refused" {
  command = plan
  variables {
    name            = "Shop"
    certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/1"
    price_class     = "cheap"
  }
  expect_failures = [var.name, var.certificate_arn, var.price_class]
}
