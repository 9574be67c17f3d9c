mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-west-1:123456789012:key/1" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::shop-test" }
  }
}

variables {
  name = "shop-test"
}

run "a_bucket_is_versioned_closed_encrypted_and_kept" {
  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "old objects must be kept"
  }
  assert {
    condition     = aws_s3_bucket_public_access_block.this.restrict_public_buckets
    error_message = "nothing may be public"
  }
  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.this.rule).bucket_key_enabled
    error_message = "the key is asked per bucket, not per object"
  }
  assert {
    condition     = aws_kms_key.this.enable_key_rotation && !aws_s3_bucket.this.force_destroy
    error_message = "the key rotates, and a bucket with objects isn't deleted"
  }
}

run "tables_get_their_keys_recovery_and_protection" {
  variables {
    tables = {
      orders   = { hash_key = "customer", range_key = "at", types = { at = "N" } }
      sessions = { hash_key = "id", ttl = "expires" }
    }
  }
  assert {
    condition     = { for item in aws_dynamodb_table.this["orders"].attribute : item.name => item.type } == { customer = "S", at = "N" }
    error_message = "only the keys are attributes; text unless a type is named"
  }
  assert {
    condition     = aws_dynamodb_table.this["sessions"].ttl[0].attribute_name == "expires"
    error_message = "the time to live is on"
  }
  assert {
    condition     = alltrue([for table in aws_dynamodb_table.this : table.deletion_protection_enabled && table.point_in_time_recovery[0].enabled])
    error_message = "tables are protected and can be brought back"
  }
}

run "an_unprotected_one_can_go" {
  variables {
    protected = false
    tables    = { orders = { hash_key = "id" } }
  }
  assert {
    condition     = aws_s3_bucket.this.force_destroy && !aws_dynamodb_table.this["orders"].deletion_protection_enabled
    error_message = "neither bucket nor table is protected"
  }
}

run "wrong_inputs_are_refused" {
  command = plan
  variables {
    name             = "Shop_Test"
    old_version_days = 0
    tables           = { orders = { hash_key = "id", types = { id = "string" } } }
  }
  expect_failures = [var.name, var.old_version_days, var.tables]
}
