"""A request as it came, and how its parts are found."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

Document = Mapping[str, Any]
"""What a request says, by the provider's names; nothing of it is checked."""

MAX_FIELDS = 200
"""Of a form or a query."""


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
    """As it was sent, the secret included; percent-encoded."""
    headers: Iterable[tuple[bytes, bytes]] = ()
    """Names in lower case."""
    method: str = "POST"

    def header(self, name: str) -> str | None:
        """The header's value; None if it is not there exactly once."""
        wanted = name.lower().encode()
        found = [value for key, value in self.headers if key == wanted]
        return found[0].decode("latin-1") if len(found) == 1 else None

    def parameter(self, name: str) -> str | None:
        """The query's value of that name; None if it is not there exactly once."""
        found = [value for key, value in pairs_of(self.query) if key == name]
        return found[0] if len(found) == 1 else None


def pairs_of(encoded: bytes) -> list[tuple[str, str]]:
    """The names and values of a form or a query, in their order. Raises `BadRequestError`."""
    try:
        text = encoded.decode("utf-8")
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        raise BadRequestError("the form is not readable") from None
