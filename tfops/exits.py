"""The exit codes, each in one place. What they mean to a user: `docs/reference/exit-codes.md`."""

import enum


class Exit(enum.IntEnum):
    """How a command ends. 2 means "changes" in this field, so that what doesn't make sense is 64 (EX_USAGE)."""

    DONE = 0
    BUG = 1
    CHANGES = 2
    BAD_PROJECT = 10
    REFUSED = 11
    LOCKED = 12
    NOT_PASSED = 13
    ENGINE_FAILED = 20
    STOPPED_PART_WAY = 21
    NOT_RECORDED = 22
    USAGE = 64
    ANSWER_LOST = 74
    INTERRUPTED = 130
