"""Runs without a person: `reconcile` (one turn) and `agent` (the loop around it).

Input: what the remote has. Output: environments that are what their branches say, or a named reason why not.
It decides by `commands.reconcile_facts`, and acts only by starting `tfops` in processes of their own; it serves HTTP,
and touches nothing else.
"""
