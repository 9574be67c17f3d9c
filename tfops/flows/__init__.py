"""The story of each command, straight-line: read facts, decide, render, run, record, return a result.

Input: a request from the command line (later: the agent). Output: a frozen result that `report` can
show. Nothing here prints; what happens on the way goes to a `Ui`.
"""
