"""What tfops remembers in Git: versions as annotated tags with identity cards, and locks.

Input: a finished change. Output: a version that nobody else has. It writes tag objects and refs
(first on the remote, then here) and lock files below `.git/tfops/`; nothing is ever moved or deleted.
"""
