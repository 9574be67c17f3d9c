"""The one comment of tfops on a merge request: made once, kept up to date in place.

No forge keeps comments unique, and anybody may copy our marker or delete the comment. So it is ours when it has the
marker *and* our account wrote it; of several the one with the lowest id stays, as every pipeline sees it the same way.
"""

import contextlib
import re

from tfops.forge.asking import TRIES, ForgeFailed, Gone
from tfops.forge.base import Client, Comment

MARKER = "<!-- tfops: review -->"
_END = "<!-- tfops: outcome ends -->"


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


def note_outcome(client: Client, number: int, name: str, text: str, *, most_bytes: int) -> None:
    """Put what became of one environment at the top of our comment; what is noted of others stays. Raises ForgeFailed.

    Several jobs may do so at once, and each writes the whole comment: so it is read again, and written again when what
    was noted isn't there.
    """
    note = f"{_begin(name)}\n{text}\n{_END}\n"
    for _ in range(TRIES):
        me = client.me().id
        before = next((one.text for one in _ours(client, number, me)), MARKER)
        if note.split() == "".join(_note_of(before, name)).split():
            return
        keep_comment(client, number, _with_note(before, name, note, most_bytes=most_bytes))


def _begin(name: str) -> str:
    return f"<!-- tfops: outcome {name} -->"


def _note_of(text: str, name: str) -> list[str]:
    return re.findall(re.escape(_begin(name)) + rf".*?{re.escape(_END)}", text, re.DOTALL)


def _with_note(before: str, name: str, note: str, *, most_bytes: int) -> str:
    """The review itself goes where both have no room: it is in the job's log, and what became of it isn't."""
    rest = before.removeprefix(MARKER).lstrip()
    for old in _note_of(rest, name):
        rest = rest.replace(old, "").lstrip()
    whole = f"{MARKER}\n{note}\n{rest}"
    if len(whole.encode()) <= most_bytes:
        return whole
    others = "\n".join(re.findall(rf"<!-- tfops: outcome .*?{re.escape(_END)}", rest, re.DOTALL))
    return f"{MARKER}\n{note}\n{others}\n\nThe review has no room here any more."


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
