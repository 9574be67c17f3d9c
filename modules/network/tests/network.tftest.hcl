mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:flow" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/flow" }
  }
}

variables {
  name  = "shop-test"
  cidr  = "10.10.0.0/16"
  zones = ["eu-west-1a", "eu-west-1b"]
}

run "each_zone_has_two_subnets_that_do_not_overlap" {
  assert {
    condition     = aws_subnet.public["eu-west-1b"].cidr_block == "10.10.16.0/20"
    error_message = "the second public subnet is the second sixteenth"
  }
  assert {
    condition     = aws_subnet.private["eu-west-1a"].cidr_block == "10.10.128.0/20"
    error_message = "private subnets begin in the second half"
  }
  assert {
    condition     = length(output.private_subnet_ids) == 2
    error_message = "one private subnet in each zone"
  }
  assert {
    condition     = alltrue([for subnet in aws_subnet.public : !subnet.map_public_ip_on_launch])
    error_message = "nothing gets a public address by accident"
  }
}

run "one_gateway_serves_all_zones_by_default" {
  assert {
    condition     = keys(aws_nat_gateway.this) == ["eu-west-1a"] && length(aws_route.nat) == 2
    error_message = "both private subnets route to the one gateway"
  }
}

run "without_nat_there_is_no_way_out" {
  variables {
    nat = "none"
  }
  assert {
    condition     = length(aws_nat_gateway.this) == 0 && length(aws_route.nat) == 0 && length(aws_eip.nat) == 0
    error_message = "no gateway, no address, no route"
  }
}

run "a_new_zone_at_the_end_leaves_the_others_alone" {
  variables {
    zones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
    nat   = "zonal"
  }
  assert {
    condition     = aws_subnet.public["eu-west-1b"].cidr_block == "10.10.16.0/20" && length(aws_nat_gateway.this) == 3
    error_message = "ranges of existing subnets must not move"
  }
}

run "flow_logs_can_be_turned_off" {
  variables {
    flow_log_days = 0
  }
  assert {
    condition     = length(aws_flow_log.this) == 0 && length(aws_iam_role.flow) == 0
    error_message = "neither log nor role"
  }
}

run "wrong_inputs_are_refused" {
  command = plan
  variables {
    name          = "Shop"
    cidr          = "10.10.0.0/28"
    zones         = ["eu-west-1a", "eu-west-1a"]
    nat           = "some"
    flow_log_days = 31
  }
  expect_failures = [var.name, var.cidr, var.zones, var.nat, var.flow_log_days]
}
