"""Policy tools that judge a plan: `use:` of a required check.

One file for each tool: how it is called, and what its answer means. `known.py` is their list, `base.py` what they have
in common. An answer that isn't understood is an error (`NotUnderstood`), never a plan without findings. `rego_process`
is a program of ours; no other file here starts or writes anything.
"""
