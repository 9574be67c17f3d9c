"""The forges: what a job's environment says, and what is told to a merge request.

`base.py` has what all have in common, one file for each forge what is different, `known.py` their list. `ci.py` answers
from the job's environment alone. The rest asks the forge's API through a `Client`: `comment.py` keeps the one comment,
`statuses.py` the statuses, `approvals.py` counts who approved. Nothing that tfops decides is read from a comment, and
what was approved in Git needs no forge.
"""
