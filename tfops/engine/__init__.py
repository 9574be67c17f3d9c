"""The only place that knows Terraform.

Input: a rendered root on disk and an `Engine`. Output: `Plan`, `Applied`, `StackState`, or an error
with the engine's own words and advice. It starts the engine's processes and writes into the root's
`.terraform` and into the run's private folder; nothing else.
"""
