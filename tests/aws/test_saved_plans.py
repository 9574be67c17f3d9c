"""Saved plans with the real AWS provider: tfops reads in them what `show -json` says, at a thousandth of its cost."""

from pathlib import Path

import pytest

from tests.support.engines import all_engines, require_compared
from tests.support.moto import REGION, Moto
from tests.support.saved_plans import Workbench

_ROOT = """\
terraform {{
  required_providers {{
    aws = {{ source = "hashicorp/aws" }}
  }}
}}
provider "aws" {{
  region = "{region}"
  default_tags {{ tags = {{ Owner = "ann" }} }}
}}
variable "secret" {{
  default   = "hunter-{secret}"
  sensitive = true
}}
data "aws_iam_policy_document" "trust" {{
  statement {{
    actions = ["sts:AssumeRole"]
    principals {{
      type        = "Service"
      identifiers = ["ec2.amazonaws.com", "lambda.amazonaws.com"]
    }}
  }}
}}
data "aws_ssm_parameter" "read" {{ name = aws_ssm_parameter.secret.name }}
resource "aws_ssm_parameter" "secret" {{
  name  = "/{name}/secret"
  type  = "SecureString"
  value = var.secret
}}
resource "aws_ssm_parameter" "open" {{
  name           = "/{name}/open"
  type           = "String"
  insecure_value = "{secret}"
  tags           = {{ Name = "open", Rate = "0.1" }}
}}
resource "aws_secretsmanager_secret" "one" {{
  name                    = "{name}-one"
  recovery_window_in_days = 0
}}
resource "aws_secretsmanager_secret_version" "one" {{
  secret_id     = aws_secretsmanager_secret.one.id
  secret_string = jsonencode({{ password = var.secret }})
}}
resource "aws_iam_role" "one" {{
  name               = "{name}"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}}
resource "aws_security_group" "one" {{
  name        = "{name}"
  description = "{name}"
  ingress {{
    from_port   = 80
    to_port     = {port}
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8", "192.168.0.0/16"]
  }}
  ingress {{
    from_port = 443
    to_port   = 443
    protocol  = "tcp"
    self      = true
  }}
}}
resource "aws_dynamodb_table" "one" {{
  name         = "{name}"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  attribute {{
    name = "id"
    type = "S"
  }}
  ttl {{
    attribute_name = "ends"
    enabled        = true
  }}
}}
resource "aws_launch_template" "one" {{
  name      = "{name}"
  user_data = base64encode(var.secret)
  block_device_mappings {{
    device_name = "/dev/sda1"
    ebs {{
      volume_size = 20
      encrypted   = true
    }}
  }}
  tag_specifications {{
    resource_type = "instance"
    tags          = {{ Port = "{port}" }}
  }}
}}
output "arn" {{ value = aws_dynamodb_table.one.arn }}
output "read" {{
  value     = data.aws_ssm_parameter.read.value
  sensitive = true
}}
"""


@pytest.mark.timeout(900)  # four plans, as often `show`, one apply with a provider of 700 MB
@pytest.mark.parametrize("engine", all_engines())
def test_the_file_says_what_the_engine_shows(tmp_path: Path, moto: Moto, aws_env: dict[str, str], engine: str) -> None:
    require_compared(engine)
    bench = Workbench(tmp_path, engine, aws_env)
    name = f"read-{engine}"

    def compare(*flags: str, secret: str, port: int = 80, named: str = name) -> str:
        bench.write(_ROOT.format(region=REGION, name=named, secret=secret, port=port))
        bench.plan(*flags)
        found = bench.read()
        assert found == bench.show()
        return str(found.plan)

    bench.write(_ROOT.format(region=REGION, name=name, secret="one", port=80))
    bench.init()
    assert "hunter" not in compare(secret="one")
    bench.apply()
    moto.ssm().put_parameter(Name=f"/{name}/open", Value="by hand", Overwrite=True)
    changed = compare(secret="two", port=81)
    assert "'update'" in changed and "hunter" not in changed
    replaced = compare(secret="two", named=f"{name}-2")
    assert "'replace'" in replaced and "hunter" not in replaced
    compare("-destroy", secret="one")
