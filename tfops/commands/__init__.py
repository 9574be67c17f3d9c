"""One module per command that makes no change of its own: read facts, decide, return a result.

Input: a request from the command line or the agent. Output: a frozen result of `views`, which can show it. Nothing here
prints; what happens on the way goes to a `Ui`. Commands that change an environment take `change/`.
"""
