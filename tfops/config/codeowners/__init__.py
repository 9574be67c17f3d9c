"""CODEOWNERS, as each forge reads it: where it lies, which lines are about a file, and whom they name.

In: a tree and paths of files. Out: accounts, addresses and teams. Nobody is asked anything here. What can't be read
as surely as the forge does it is refused by its line: else somebody else would be an owner.
"""
