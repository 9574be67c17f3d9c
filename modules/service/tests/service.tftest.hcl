mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { name = "eu-west-1" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_resource "aws_iam_instance_profile" {
    defaults = { arn = "arn:aws:iam::123456789012:instance-profile/shop-test" }
  }
}

variables {
  name   = "shop-test"
  vpc_id = "vpc-0123456789abcdef0"
  image  = "1.4.2"
}

run "nobody_may_connect_unless_named" {
  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.port) == 0
    error_message = "no rule without allowed_cidrs"
  }
}

run "a_range_may_connect_to_the_port_only" {
  variables {
    allowed_cidrs = ["10.0.0.0/8"]
    port          = 443
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.port["10.0.0.0/8"].from_port == 443 && aws_vpc_security_group_ingress_rule.port["10.0.0.0/8"].to_port == 443
    error_message = "exactly the port"
  }
}

run "instances_need_a_token_and_encrypt_their_disk" {
  assert {
    condition     = aws_launch_template.this.metadata_options[0].http_tokens == "required"
    error_message = "IMDSv2 only"
  }
  assert {
    condition     = tobool(aws_launch_template.this.block_device_mappings[0].ebs[0].encrypted)
    error_message = "the disk is encrypted"
  }
}

run "the_image_is_a_parameter_beside_the_others" {
  variables {
    parameters = { color = "green" }
  }
  assert {
    condition     = { for key, item in aws_ssm_parameter.this : item.name => item.insecure_value } == { "/shop-test/color" = "green", "/shop-test/image" = "1.4.2" }
    error_message = "both under the service's path"
  }
}

run "wrong_inputs_are_refused" {
  command = plan
  variables {
    name          = "S"
    image         = " "
    ami           = "latest"
    port          = 70000
    allowed_cidrs = ["everyone"]
    log_days      = 2
  }
  expect_failures = [var.name, var.image, var.ami, var.port, var.allowed_cidrs, var.log_days]
}
