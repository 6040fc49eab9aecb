"""When a refusal of a request is true, as another reader sees the request."""

import re
import sys
from collections.abc import Callable
from decimal import MIN_EMIN, Context, Decimal
from typing import Any, Final, NamedTuple

from tests.fuzz.reading import MAX_LENGTH, UnreadableError, found_at, read_again
from tests.fuzz.rules import CURRENCY, is_blank_or_has_nul, is_plain_json, is_text, is_utf8
from unbet.dialects.body import MAX_ITEMS
from unbet.dialects.codecs import NO_STAKE
from unbet.dialects.port import Dialect

MAX_FIELDS: Final = 200
MAX_XML_DEPTH: Final = 16
_AMOUNT: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,12})?", re.ASCII | re.IGNORECASE)
_UNIT: Final = Decimal("1E-18")
_WIDE: Final = Context(prec=20_000, Emin=MIN_EMIN)


class Sent(NamedTuple):
    """A request's body or query."""

    content: bytes
    dialect: Dialect
    document: dict[str, Any] | None
    """As another reader reads it; None if it cannot."""


def read_or_none(content: bytes, dialect: Dialect) -> dict[str, Any] | None:
    try:
        return read_again(content, dialect.codec.name, dialect.name)
    except UnreadableError:
        return None


def is_amount_of(amount: Decimal | None, value: object) -> bool:
    """Whether `value`, as it was sent, says `amount`."""
    text = value.strip() if isinstance(value, str) else value
    if text in (None, "", "null"):
        return amount is None
    is_number = isinstance(text, Decimal | int) and not isinstance(text, bool)
    if not is_number and not (isinstance(text, str) and _AMOUNT.fullmatch(text)):
        return amount == NO_STAKE
    sent = Decimal(str(text))
    if sent == 0:
        return amount is None
    if not 0 < sent < Decimal(10) ** 20:
        return amount == NO_STAKE
    # More decimals than are stored: it is another amount, and hardly.
    if amount is None:
        return False
    exponent = sent.normalize(_WIDE).as_tuple().exponent
    is_exact = isinstance(exponent, int) and exponent >= -18
    return amount == sent if is_exact else 0 < _WIDE.subtract(amount, sent).copy_abs() <= _UNIT


def _values(sent: Sent, name: str | None) -> list[Any]:
    return found_at(sent.document or {}, name or "")


def _is_unreadable(sent: Sent, _: str | None) -> bool:
    if sent.dialect.codec.name == "JSON":
        return not is_plain_json(sent.content.decode().removeprefix("\ufeff"))
    return sent.document is None or sent.content.count(b"&") >= MAX_FIELDS


def _is_twice(sent: Sent, _: str | None) -> bool:
    return sent.document is None


def _is_missing(sent: Sent, name: str | None) -> bool:
    return not _values(sent, name)


def _is_no_text(sent: Sent, name: str | None) -> bool:
    return any(not is_text(value) for value in _values(sent, name))


def _is_too_long(sent: Sent, name: str | None) -> bool:
    return any(len(value) > MAX_LENGTH for value in _values(sent, name))


def _is_blank(sent: Sent, name: str | None) -> bool:
    return any(is_blank_or_has_nul(value) for value in _values(sent, name))


def _is_no_currency(sent: Sent, name: str | None) -> bool:
    return not any(CURRENCY.fullmatch(value) for value in _values(sent, name))


def _is_no_object(sent: Sent, name: str | None) -> bool:
    return any(not isinstance(value, dict) for value in _values(sent, name))


def _is_no_list(sent: Sent, name: str | None) -> bool:
    return any(not isinstance(value, list) for value in _values(sent, name))


def _is_deep(sent: Sent, _: str | None) -> bool:
    if sent.document is None:  # too deep for the other reader as well
        return sent.content.count(b"</") > sys.getrecursionlimit() // 4
    return _depth(sent.document) > MAX_XML_DEPTH


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    deepest = max(map(_depth, inner), default=0)
    return deepest if isinstance(value, list) else deepest + isinstance(value, dict)


_NAME: Final = r"(?P<name>[A-Za-z_]+(\[\d+\])?(\.[A-Za-z_]+(\[\d+\])?)*)"

FORMS: Final[dict[re.Pattern[str], Callable[[Sent, str | None], bool]]] = {
    re.compile("the body is not UTF-8"): lambda sent, _: not is_utf8(sent.content),
    re.compile("the body is not (JSON|XML)|the form is not readable"): lambda sent, name: (
        not is_utf8(sent.content) or _is_unreadable(sent, name)
    ),
    re.compile("the body is not a JSON object"): lambda sent, _: sent.document is None,
    re.compile("the body is not the element cancelReserve"): lambda sent, _: (
        b"<cancelReserve>" not in sent.content
        or not re.match(
            rb"\s*(<!--.*?-->|<\?.*?\?>|\s)*<cancelReserve[\s>/]",
            sent.content.removeprefix(b"\xef\xbb\xbf"),
            re.S,
        )
    ),
    re.compile("cancelReserve has no elements"): lambda sent, _: sent.document is None,
    re.compile("the body's elements are more than 16 deep"): _is_deep,
    re.compile("the request has a NUL"): lambda sent, _: b"\0" in sent.content,
    re.compile(f"({_NAME}|a field) is given more than once"): _is_twice,
    re.compile(f"{_NAME} is missing"): _is_missing,
    re.compile(f"{_NAME} is not a string"): _is_no_text,
    re.compile(rf"{_NAME} is longer than {MAX_LENGTH} characters"): _is_too_long,
    re.compile(f"{_NAME} is blank or has a character that is not allowed"): _is_blank,
    re.compile(f"{_NAME} is not 3 or 4 letters or digits"): _is_no_currency,
    re.compile(f"{_NAME}: Input should be 'rollback'"): lambda sent, name: (
        _values(sent, name) != ["rollback"]
    ),
    re.compile(f"{_NAME} is not an object"): _is_no_object,
    re.compile(f"{_NAME} is not a list"): _is_no_list,
    re.compile(rf"{_NAME} has \d+ items"): (
        lambda sent, name: any(not 1 <= len(one) <= MAX_ITEMS for one in _values(sent, name))
    ),
}
"""The refusals there are, and when each is true."""
