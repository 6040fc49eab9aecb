"""JSON as the dialects write and read it: no number becomes a float."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, TypeGuard

_MARK: Final = "\ue000number:"
_MARKED: Final = re.compile(rb'"\\ue000number:([0-9.]+)"')


def written(fields: object) -> bytes:
    """JSON; a Decimal is a number with all its digits."""
    return _MARKED.sub(rb"\1", json.dumps(fields, default=_number).encode())


def _number(value: object) -> str:
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} is not written")
    return f"{_MARK}{value:f}"


def object_of(body: bytes) -> Mapping[str, Any] | None:
    """The JSON object in a body; None if there is none."""
    try:
        document = json.loads(body, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _no_number(name: str) -> None:
    raise ValueError(name)


def shown(body: bytes) -> str:
    """The start of a body."""
    text = body.decode(errors="replace")
    return repr(text if len(text) <= 100 else f"{text[:100]}…")


def is_integer(value: object) -> TypeGuard[int]:
    """Whether it is a whole number; true is none."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> TypeGuard[Decimal | int]:
    """Whether it is a number, not text."""
    return isinstance(value, Decimal) or is_integer(value)


def decimal_at(document: Mapping[str, Any], name: str) -> Decimal | None:
    """The number of that name; None if it is missing or no number."""
    value = document.get(name)
    return Decimal(value) if is_number(value) else None


def wrong_echo(document: Mapping[str, Any], asked: Mapping[str, Any], *names: str) -> str | None:
    """What is not repeated as it was sent, if it is repeated."""
    for name in names:
        if name in document and name in asked and document[name] != asked[name]:
            return f"{name} is not the one that was sent"
    return None


def missing(document: Mapping[str, Any], *names: str) -> str | None:
    """What is not there."""
    return next((f"{name} is missing" for name in names if name not in document), None)
