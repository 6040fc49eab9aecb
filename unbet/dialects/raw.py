"""A request as it came, and how its parts are found."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

Document = Mapping[str, Any]
"""What a request says, by the provider's names; nothing of it is checked."""

MAX_FIELDS = 200
"""Of a form or a query."""

_AS_SENT = "surrogateescape"
"""Another charset in a field that nobody reads is no reason to refuse a request."""


class BadRequestError(Exception):
    """The request is no valid Cancel. The text names the field; `reference` is set if it was
    valid."""

    def __init__(self, problem: str, reference: str | None = None) -> None:
        super().__init__(problem)
        self.reference = reference


class GivenTwiceError(BadRequestError):
    """A name is there twice in one object. Which one only the dialect can repeat."""

    def __init__(self, name: str) -> None:
        super().__init__("a field is given more than once")
        self.name = name


class RawRequest(NamedTuple):
    """One HTTP request, nothing of it decoded."""

    body: bytes
    query: bytes = b""
    """After the question mark; percent-encoded."""
    path: str = ""
    """As it was sent, the secret included; percent-encoded, a character for each byte."""
    headers: Iterable[tuple[bytes, bytes]] = ()
    """Names in lower case."""
    method: str = "POST"

    def header(self, name: str) -> str | None:
        """The header's value, a character for each byte; None if it is not there exactly once."""
        wanted = name.lower().encode()
        found = [value for key, value in self.headers if key == wanted]
        return found[0].decode("latin-1") if len(found) == 1 else None

    def parameter(self, name: str) -> str | None:
        """The query's value of that name; None if it is not there exactly once."""
        found = [value for key, value in pairs_of(self.query) if key == name]
        return found[0] if len(found) == 1 else None


def pairs_of(encoded: bytes) -> list[tuple[str, str]]:
    """The names and values of a form or a query, in their order. What is no UTF-8 has surrogates,
    of which `bytes_sent` makes the same bytes. Raises `BadRequestError`."""
    text = encoded.decode("utf-8", _AS_SENT)
    try:
        return parse_qsl(text, keep_blank_values=True, errors=_AS_SENT, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise BadRequestError("the form is not readable") from None


def bytes_sent(text: str) -> bytes:
    """Those of which `pairs_of` has made `text`."""
    return text.encode("utf-8", _AS_SENT)
