"""The last lines of a tag's or an event's message, read by tfops itself.

Git reads trailers by a person's settings (`trailer.*`, `core.commentChar`), and its versions don't agree about
signed tags and about lines of dashes.
"""

_PREFIX = "Tfops-"
_SIGNATURE = "\n-----BEGIN "  # OpenPGP, X.509 or SSH; no line of a card begins like that


def split_signed(message: str) -> str:
    """The message without the signature that stands below it in a signed tag."""
    return message.partition(_SIGNATURE)[0]


def trailers_of(message: str) -> dict[str, str]:
    """The `Tfops-` lines of the last paragraph, by what follows that prefix; empty where there are none."""
    # Only "\n" ends a line for Git: a name with U+2028 in it must not begin another one.
    lines = split_signed(message).rstrip("\n").rpartition("\n\n")[2].split("\n")
    pairs = (line.removeprefix(_PREFIX).partition(": ") for line in lines if line.startswith(_PREFIX))
    return {name: value.strip() for name, _, value in pairs}


def has_trailers(message: str) -> bool:
    """Whether tfops wrote it, whatever has become of it since."""
    return f"\n{_PREFIX}" in message
