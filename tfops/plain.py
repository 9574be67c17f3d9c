"""Text from anyone, made harmless for a terminal and a log."""


def plain(text: str) -> str:
    """One line that can't act on a terminal: names, subjects and messages come from anyone."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else " " for character in text)
