output "image" {
  description = "What runs."
  value       = var.image
}

output "security_group_id" {
  description = "The instances' security group, to let others in."
  value       = aws_security_group.this.id
}

output "role_arn" {
  description = "The instances' role, to give it more rights."
  value       = aws_iam_role.this.arn
}

output "launch_template_id" {
  description = "The launch template, for an Auto Scaling group."
  value       = aws_launch_template.this.id
}

output "log_group" {
  description = "Where the service logs."
  value       = aws_cloudwatch_log_group.this.name
}
