"""What came back of a message."""

from typing import NamedTuple, TypeAlias

from testbed.provider.connection import PLAIN

Code: TypeAlias = int | str
"""A dialect's own; a number and its digits as text are two codes."""


class Answer(NamedTuple):
    """What came back; `code` is None for a temporary error, which `text` describes."""

    code: Code | None
    text: str
    status: int | None = None
    """HTTP's; None if nothing came back, or if it did not come by HTTP."""
    seconds: float | None = None
    """From the request's last byte to the answer's; None if it did not come by HTTP."""
    client: str = PLAIN
    """How the caller behaved towards the connection."""
