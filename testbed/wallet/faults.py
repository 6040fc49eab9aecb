"""What the proxy does to a call or to its answer."""

import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final


class Fault(StrEnum):
    """In each but the last four the wallet has done what it was asked."""

    NONE = "none"
    DROPPED = "the connection is closed in place of an answer"
    RESET = "the connection is reset in place of an answer"
    HALF = "the connection is closed in the middle of the answer"
    SLOW = "the answer comes byte by byte"
    HUNG = "no answer comes"
    FLOOD = "the answer does not end"
    DOUBLED = "the wallet is asked twice, at once"
    OTHER = "the answer to the first request of all"
    HTML = "a proxy's page, with HTTP 200"
    BAD_GATEWAY = "a proxy's page, with HTTP 502"
    NOT_FOUND = "HTTP 404"
    FAILED = "HTTP 500"
    UNAVAILABLE = "HTTP 503 that does not say when to come again"
    BROKEN_JSON = "the answer is no JSON"
    NO_ARRAY = "the answer is an object"
    UNKNOWN_OUTCOME = "an outcome that nobody knows"
    PARKED = "an outcome that no wallet may tell"
    NO_OUTCOME = "a verdict without an outcome"
    MISSING = "a verdict is missing"
    TWICE = "a verdict is there twice"
    NUMBERS = "cash as a number"
    RESET_BEFORE = "the connection is reset before the wallet is asked"
    LOST = "the wallet is not asked, and no answer comes"
    BUSY = "HTTP 429 with Retry-After"
    AWAY = "HTTP 503 with Retry-After"


PAGE: Final = b"<html><body><h1>It works!</h1></body></html>"

REPLACED: Final[Mapping[Fault, tuple[str, bytes]]] = {
    Fault.HTML: ("200 OK", PAGE),
    Fault.BAD_GATEWAY: ("502 Bad Gateway", PAGE),
    Fault.NOT_FOUND: ("404 Not Found", b'{"outcome": "no_bet"}'),
    Fault.FAILED: ("500 Internal Server Error", b'{"error": "failed"}'),
    Fault.UNAVAILABLE: ("503 Service Unavailable", PAGE),
    Fault.BROKEN_JSON: ("200 OK", b'[{"request_id": "'),
}
"""In place of the wallet's answer."""

TURNED_AWAY: Final[Mapping[Fault, str]] = {
    Fault.BUSY: "429 Too Many Requests\r\nRetry-After: 1",
    Fault.AWAY: "503 Service Unavailable\r\nRetry-After: 1",
}
"""In place of asking the wallet."""


def _each(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[bytes], bytes]:
    return lambda body: json.dumps([change(one) for one in json.loads(body)]).encode()


CHANGED: Final[Mapping[Fault, Callable[[bytes], bytes]]] = {
    Fault.NO_ARRAY: lambda body: b'{"verdicts": ' + body + b"}",
    Fault.UNKNOWN_OUTCOME: _each(lambda one: one | {"outcome": "cancelled"}),
    Fault.PARKED: _each(lambda one: one | {"outcome": "parked"}),
    Fault.NO_OUTCOME: _each(lambda one: {"request_id": one["request_id"], "success": True}),
    Fault.MISSING: lambda body: json.dumps(json.loads(body)[1:]).encode(),
    Fault.TWICE: lambda body: json.dumps(json.loads(body) + json.loads(body)[:1]).encode(),
    Fault.NUMBERS: _each(lambda one: one | {"cash": 10.25}),
}
"""Made of the wallet's answer."""
