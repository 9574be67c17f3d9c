"""What every command stands on: the project, who holds it, what is aimed at, the engines of its stacks."""
