"""The one comment of tfops on a merge request: made once, kept up to date in place.

No forge keeps comments unique, and anybody may copy our marker or delete the comment. So it is ours when it has the
marker *and* our account wrote it; of several the one with the lowest id stays, as every pipeline sees it the same way.
"""

import contextlib

from tfops.forge.asking import TRIES, ForgeFailed, Gone
from tfops.forge.base import Client, Comment

MARKER = "<!-- tfops: review -->"


def keep_comment(client: Client, number: int, text: str) -> None:
    """Make `text`, which begins with the marker, our only comment on the merge request. Raises ForgeFailed.

    One list and one write where there is one already.
    """
    if not text.startswith(MARKER):
        raise ValueError("a comment that can't be found again")
    me = client.me().id
    ours = _ours(client, number, me)
    if not ours or not _edited(client, number, ours, text):
        _create(client, number, text, me=me)


def _ours(client: Client, number: int, me: int) -> list[Comment]:
    found = (comment for comment in client.comments(number) if comment.author.id == me)
    return sorted((comment for comment in found if comment.text.startswith(MARKER)), key=lambda comment: comment.id)


def _edited(client: Client, number: int, ours: list[Comment], text: str) -> bool:
    """False when it was deleted since it was seen. The others of ours go: two pipelines began at once."""
    first, *others = ours
    for other in others:
        _delete(client, number, other)
    if first.text.split() == text.split():  # a forge may write line ends in its own way
        return True
    try:
        client.edit_comment(number, first.id, text)
    except Gone:
        return False
    return True


def _create(client: Client, number: int, text: str, *, me: int) -> None:
    """Written, then looked at: another pipeline may have done the same meanwhile, or no answer may have come.

    After a write without an answer it is looked for, and written again only when it isn't there.
    """
    for tried in range(1, TRIES + 1):
        lost = _written(client, number, text)
        ours = _ours(client, number, me)
        if ours and _edited(client, number, ours, text):
            return
        if lost is not None:
            client.asking.pause(lost, tried=tried)
    raise ForgeFailed("the comment can't be written", why="whenever it was written, it was gone when looked for")


def _written(client: Client, number: int, text: str) -> ForgeFailed | None:
    """What went wrong in a way that may pass; None when it was taken."""
    try:
        client.add_comment(number, text)
    except ForgeFailed as failure:
        if not failure.passes:
            raise
        return failure
    return None


def _delete(client: Client, number: int, comment: Comment) -> None:
    with contextlib.suppress(Gone):  # the other pipeline did it
        client.delete_comment(number, comment.id)
