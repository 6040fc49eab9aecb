"""Text from elsewhere, made safe to show."""


def plain(text: str) -> str:
    """`text` on one line: what a provider sends must not steer the terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
