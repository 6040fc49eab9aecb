"""PROTOCOL's limits, read a second time; and when each refusal is true."""

import json
import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import orjson

from tests.operating import PROVIDER

MAX_LENGTHS: Final = {
    "userId": 32,
    "providerId": 32,
    "gameName": 32,
    "gameId": 32,
    "currency": 4,
    "reference": 36,
    "uuid": 36,
    "sessionId": 256,
    "roundId": 256,
}
CURRENCY: Final = re.compile(r"[A-Za-z0-9]{3,4}")
_KNOWN: Final = {*MAX_LENGTHS, "gamename"}
_NOT_NAMED: Final = "a field"
_NAME: Final = f"(?P<name>{'|'.join([*_KNOWN, _NOT_NAMED])})"
_SURELY_READ: Final = 500
"""Levels of nesting; how many more depends on the stack."""
_MAX_DIGITS: Final = re.compile(r"\d{4301}")
"""More in one number is refused, since reading it takes quadratic time."""


def is_text(value: object) -> bool:
    return isinstance(value, str) and not re.search("[\ud800-\udfff]", value)


def is_blank_or_has_nul(value: str) -> bool:
    # Python takes four control characters for white space that Unicode does not.
    return "\0" in value or not re.sub(r"[\x1c-\x1f]", "x", value).strip()


def is_valid(name: str, value: object) -> bool:
    return (
        isinstance(value, str)
        and is_text(value)
        and len(value) <= MAX_LENGTHS[name]
        and not is_blank_or_has_nul(value)
        and (name != "currency" or CURRENCY.fullmatch(value) is not None)
    )


def may_be_a_cancel(body: bytes) -> bool:
    """False for what is none by any reading; true also for some that are not."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return False
    if not isinstance(document, dict):
        return False
    named = {"gameName": document.get("gamename")} | document
    return all(is_valid(name, named.get(name)) for name in MAX_LENGTHS if name != "roundId")


def given_twice(text: str) -> set[str]:
    """The names that any object of `text` has more than once."""
    twice: set[str] = set()

    def look(pairs: list[tuple[str, Any]]) -> None:
        if len(dict(pairs)) < len(pairs):
            twice.update(name for name, times in Counter(n for n, _ in pairs).items() if times > 1)

    # An inner object is looked at before the rest is read: that may be no JSON any more.
    with suppress(ValueError, RecursionError):
        json.loads(text, object_pairs_hook=look)
    return twice


def _is_twice(text: str, name: str) -> bool:
    twice = given_twice(text)
    return name in twice if name != _NOT_NAMED else bool(twice - _KNOWN)


def is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def is_plain_json(text: str) -> bool:
    """By another reader's opinion, and without what is refused for the time that it takes."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return text.count("[") + text.count("{") < _SURELY_READ and not _MAX_DIGITS.search(text)


def _field(check: Callable[[str, Any], bool]) -> Callable[..., bool]:
    """Of the named field's value; `gameName` may be there by its other spelling."""

    def is_true(_body: bytes, _text: str, document: Any, name: str) -> bool:
        other = document.get("gamename") if name == "gameName" else None
        return check(name, document.get(name, other))

    return is_true


FORMS: Final[dict[re.Pattern[str], Callable[..., bool]]] = {
    # Of the body, its text, the document read from it, and the field that is named.
    re.compile("the body is not UTF-8"): lambda body, *_: not is_utf8(body),
    re.compile("the body is not JSON"): lambda _, text, *__: not is_plain_json(text),
    re.compile("the body is not a JSON object"): lambda _, __, doc, ___: not isinstance(doc, dict),
    re.compile(f"{_NAME} is given more than once"): lambda _, text, __, n: _is_twice(text, n),
    re.compile(f"{_NAME} is missing"): lambda _, __, doc, n: (
        n not in doc and (n != "gameName" or "gamename" not in doc)
    ),
    re.compile(f"{_NAME} is not a string"): _field(lambda _, value: not is_text(value)),
    re.compile(rf"{_NAME} is longer than \d+ characters"): _field(
        lambda name, value: len(value) > MAX_LENGTHS[name]
    ),
    re.compile(f"{_NAME} is blank or has a character that is not allowed"): _field(
        lambda _, value: is_blank_or_has_nul(value)
    ),
    re.compile("(?P<name>currency) is not 3 or 4 letters or digits"): _field(
        lambda name, value: not is_valid(name, value)
    ),
    re.compile("gameName and gamename differ"): lambda _, __, doc, ___: (
        doc["gameName"] != doc["gamename"]
    ),
    re.compile("(?P<name>providerId) is not this endpoint's"): _field(
        lambda _, value: value.casefold() != PROVIDER.casefold()
    ),
}
