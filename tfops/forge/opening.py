"""A merge request that tfops opens: one for each pair of branches, however often it is asked for."""

from tfops.forge.asking import TRIES, ForgeFailed
from tfops.forge.base import Client, NewRequest, OpenRequest


def keep_request(client: Client, wanted: NewRequest) -> OpenRequest:
    """The open merge request between the two branches: the one that is there, else a new one. Raises ForgeFailed.

    After a write without an answer it is looked for, and written again only when it isn't there.
    """
    for tried in range(1, TRIES + 1):
        there = client.open_request(wanted.branch, wanted.base)
        if there is not None:
            return there
        try:
            return client.add_request(wanted)
        except ForgeFailed as failure:
            if not failure.passes:
                raise
            client.asking.pause(failure, tried=tried)
    raise ForgeFailed(f"the merge request into {wanted.base} can't be opened", why="it was never there when looked for")
