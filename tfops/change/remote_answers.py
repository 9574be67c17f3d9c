"""What a remote that gave no usable answer comes to for a user: it said no (and why), or it said nothing."""

from tfops.errors import Refused
from tfops.system.remote import RemoteRefused, RemoteUnreachable

PUSH_REFUSED, FETCH_REFUSED, UNREACHABLE = "push-refused", "fetch-refused", "remote-unreachable"


def refusal(error: RemoteUnreachable, remote: str, consequence: str) -> Refused:
    """The refusal for it. `consequence` is what could not be done, after a colon."""
    if not isinstance(error, RemoteRefused):
        what = f"the remote `{remote}` does not answer: {consequence}"
        return Refused(UNREACHABLE, what, why=str(error), hint="check the network and your access: git fetch")
    guard, wish = (PUSH_REFUSED, "the push") if error.is_push else (FETCH_REFUSED, "to be read")
    what = f"the remote `{remote}` refuses {wish} ({error.answer.why.text}): {consequence}"
    return Refused(guard, what, why=error.answer.text, hint=error.answer.why.hint)


def in_a_line(error: RemoteUnreachable) -> str:
    """The same for a warning: the command goes on."""
    first = next(iter(str(error).splitlines()), "no answer")
    if isinstance(error, RemoteRefused):
        return f"the remote says no, {error.answer.why.text} ({first})"
    return f"the remote does not answer ({first})"
