"""What a version did to a thing."""

import enum


class BlameKind(enum.StrEnum):
    """Of a resource: made, made anew, moved, its module's code or inputs changed, gone. Of an input: set, changed."""

    CREATED = "created"
    REPLACED = "replaced"
    MOVED = "moved"
    CODE = "module changed"
    INPUTS = "inputs changed"
    REMOVED = "removed"
    SET = "set"
    CHANGED = "changed"
