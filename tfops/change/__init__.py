"""Everything that changes an environment: what it is aimed at, plan, consent, lease, apply, record, recovery.

`story.py` has the steps in their order. What commands that change nothing need too (the project, its secrets, the
engines of its stacks) is here as well: a change is made of it.
"""
