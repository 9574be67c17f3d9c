"""What environments, stacks and commits are called."""

from typing import NewType

EnvName = NewType("EnvName", str)
StackName = NewType("StackName", str)
CommitSha = NewType("CommitSha", str)
# An environment that is one file has one stack; the name is part of paths and of `{stack}`.
MAIN_STACK = StackName("main")
