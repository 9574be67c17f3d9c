"""The story of each command, straight-line: read facts, decide, render, run, record, return a result.

Input: a request from the command line or the agent. Output: a frozen result that `report` can show. Nothing here
prints; what happens on the way goes to a `Ui`. A command is a module here; all changes take the `road`; commands and
road stand on the `ground`.
"""
