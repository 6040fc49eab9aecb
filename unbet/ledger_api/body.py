"""Reads a request: its JSON object, and the `Idempotency-Key` that must fit it."""

import json
import re
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from starlette.requests import Request

from unbet.dialects.body import MAX_BODY_LENGTH
from unbet.ledger_api.problems import Problem, ProblemError, invalid
from unbet.runtime.http import UnreadableError, read_body

KEY: Final = "Idempotency-Key"

_QUOTED: Final = re.compile(rb'"((?:[^"\\]|\\["\\])*)"')
_ESCAPED: Final = re.compile(rb'\\(["\\])')


async def read_object(request: Request) -> dict[str, Any]:
    """The body's fields, each once. Raises `ProblemError`."""
    try:
        body = await read_body(request.receive, MAX_BODY_LENGTH)
    except UnreadableError as error:
        problem = {408: Problem.SLOW, 413: Problem.TOO_LONG}.get(error.status, Problem.INVALID)
        raise ProblemError(problem, f"At most {MAX_BODY_LENGTH} bytes are read.") from None
    try:
        values = json.loads(body.decode(), object_pairs_hook=_each_name_once)
    except UnicodeDecodeError:
        raise invalid(("body", "not UTF-8")) from None
    except (ValueError, RecursionError):
        raise invalid(("body", "not JSON")) from None
    if not isinstance(values, dict):
        raise invalid(("body", "expected a JSON object"))
    return values


def require_key(request: Request, reference: str) -> None:
    """The key of a request is the reference that the ledger keeps for ever: it must be the same.
    Where a header cannot carry the reference, the key is in quotation marks or percent-encoded.
    Raises `ProblemError`."""
    given = request.headers.getlist(KEY)
    if len(given) != 1:
        raise invalid((KEY, "expected once, with the operation's reference"))
    key, expected = given[0].encode("latin-1"), reference.encode()
    if expected not in (key, unquote_to_bytes(key), _unquoted(key)):
        raise invalid((KEY, "is not the operation's reference"))


def _unquoted(key: bytes) -> bytes:
    """What a string of structured fields (RFC 9651) says; what is none says itself."""
    inner = _QUOTED.fullmatch(key)
    return _ESCAPED.sub(rb"\1", inner[1]) if inner else key


def _each_name_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values: dict[str, object] = {}
    for name, value in pairs:
        if name in values:
            raise invalid((name, "given twice"))
        values[name] = value
    return values
