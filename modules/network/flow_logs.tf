# What was accepted and rejected in the network, in a log group of its own.

locals {
  has_flow_logs = var.flow_log_days > 0
}

resource "aws_cloudwatch_log_group" "flow" {
  count = local.has_flow_logs ? 1 : 0

  name              = "/network/${var.name}/flow"
  retention_in_days = var.flow_log_days

  tags = local.tags
}

data "aws_iam_policy_document" "flow_trust" {
  count = local.has_flow_logs ? 1 : 0

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["vpc-flow-logs.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "flow" {
  count = local.has_flow_logs ? 1 : 0

  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
    resources = ["${aws_cloudwatch_log_group.flow[0].arn}:*"]
  }
}

resource "aws_iam_role" "flow" {
  count = local.has_flow_logs ? 1 : 0

  name               = "${var.name}-flow-logs"
  assume_role_policy = data.aws_iam_policy_document.flow_trust[0].json

  tags = local.tags
}

resource "aws_iam_role_policy" "flow" {
  count = local.has_flow_logs ? 1 : 0

  name   = "write-flow-logs"
  role   = aws_iam_role.flow[0].id
  policy = data.aws_iam_policy_document.flow[0].json
}

resource "aws_flow_log" "this" {
  count = local.has_flow_logs ? 1 : 0

  vpc_id          = aws_vpc.this.id
  traffic_type    = "ALL"
  log_destination = aws_cloudwatch_log_group.flow[0].arn
  iam_role_arn    = aws_iam_role.flow[0].arn

  tags = merge(local.tags, { Name = var.name })
}
