"""Receivers that take what they must refuse, refuse what they must take, or answer wrongly."""

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from testbed.provider import DIALECTS
from tests.ops.conformance.casino import Casino
from tests.ops.conformance.serving import Handler, Right
from tests.ops.conformance.wire import ALLOWED, REFUSED, SECRET, Request, Response

SHORT_S = 1.0
"""How long the provider waits for an answer where one comes late on purpose."""

BOM = b"\xef\xbb\xbf"
LIMITS = {"userId": 32, "gameName": 32, "gameId": 32, "currency": 4, "reference": 36, "uuid": 36}


def changed(change: Callable[[Request], Request]) -> Handler:
    """Takes a request for another one."""

    async def handler(request: Request, right: Right, _casino: Casino) -> Response:
        return await right(change(request))

    return handler


def mending(mend: Callable[[dict[str, Any]], dict[str, Any]]) -> Handler:
    """Sets right the fields of a Cancel."""

    def change(request: Request) -> Request:
        fields = request.fields
        mended = fields | mend(fields) if fields else fields
        return request if mended == fields else request._replace(body=json.dumps(mended).encode())

    return changed(change)


def refusing(
    when: Callable[[dict[str, Any], Casino], object], code: int = 7, description: str = "No"
) -> Handler:
    """Refuses what must be taken."""

    async def handler(request: Request, right: Right, casino: Casino) -> Response:
        fields = request.fields
        if not fields or not when(fields, casino):
            return await right(request)
        said = {"error": code, "description": description, "reference": fields.get("reference")}
        return Response(200, json.dumps(said).encode())

    return handler


def failing(when: Callable[[Request], object], status: int = 500) -> Handler:
    """Has nothing but a status to say to a request."""

    async def handler(request: Request, right: Right, _casino: Casino) -> Response:
        return Response(status, b"") if when(request) else await right(request)

    return handler


def from_outside(status: int, body: bytes = b"") -> Handler:
    """Has nothing else to say to the address that it refuses."""

    async def handler(request: Request, right: Right, _casino: Casino) -> Response:
        return Response(status, body) if request.sender == REFUSED else await right(request)

    return handler


def on_success(**fields: object) -> Handler:
    """Says something else in the answer of a success; a field that is None is left out."""

    async def handler(request: Request, right: Right, _casino: Casino) -> Response:
        told = await right(request)
        document = json.loads(told.body or "{}")
        if document.get("error") != 0:
            return told
        document = {k: v for k, v in (document | fields).items() if v is not None}
        return told._replace(body=json.dumps(document).encode())

    return handler


async def without_the_name(request: Request, right: Right, _casino: Casino) -> Response:
    told = await right(request)
    if b"is missing" not in told.body:
        return told
    return told._replace(body=b'{"error": 7, "description": "Bad parameters"}')


async def racing(request: Request, right: Right, casino: Casino) -> Response:
    """Looks, waits, and only then writes: what comes in between is paid for as well."""
    stake = casino.bets.get(str(request.fields.get("reference")))
    if stake is None or stake.state != "placed":
        return await right(request)
    await asyncio.sleep(0.06)  # the second of eight at once has looked by then
    if stake.state == "reversed":
        casino.give_back(stake)
    return await right(request)


async def paying_what_is_asked(request: Request, right: Right, casino: Casino) -> Response:
    told = await right(request)
    stake, amount = (
        casino.bets.get(str(request.fields.get("reference"))),
        request.fields.get("amount"),
    )
    if stake and amount:
        casino.credit(stake.player, Decimal(amount) - stake.amount)
    return told


def yielding() -> Handler:
    """Says yes to what it has said no to before."""
    refused: set[bytes] = set()

    async def handler(request: Request, right: Right, _casino: Casino) -> Response:
        told = await right(request)
        if request.body in refused:
            return told.with_fields(error=0)
        if b'"error":0' not in told.body:
            refused.add(request.body)
        return told

    return handler


async def slow_over_a_bom(request: Request, right: Right, _casino: Casino) -> Response:
    if request.body.startswith(BOM):
        await asyncio.sleep(SHORT_S * 2)
    return await right(request)


def first_only(name: str, code: int) -> Handler:
    """Refuses a cancel of a reference in which field `name` is not what it was at first."""
    firsts: dict[object, object] = {}

    def is_other(fields: dict[str, Any], _casino: Casino) -> bool:
        reference = fields.get("reference")
        return bool(firsts.setdefault(str(reference), fields.get(name)) != fields.get(name))

    return refusing(is_other, code)


def once_for_each(name: str) -> Handler:
    """Takes the cancel of another bet for the first one's again if field `name` is the same."""
    firsts: dict[object, object] = {}

    async def handler(request: Request, right: Right, casino: Casino) -> Response:
        fields = request.fields
        reference = fields.get("reference")
        if str(reference) not in casino.bets:
            return await right(request)
        first = firsts.setdefault(fields.get(name), reference)
        if first == reference:
            return await right(request)
        told = await right(request.with_fields(reference=first))
        return told.with_fields(reference=reference) if "reference" in told.document else told

    return handler


def never_again(code: int) -> Handler:
    """Refuses a uuid that it has seen."""
    seen: set[str] = set()

    def again(fields: dict[str, Any], _casino: Casino) -> bool:
        uuid = str(fields.get("uuid"))
        was_seen = uuid in seen
        seen.add(uuid)
        return was_seen

    return refusing(again, code)


def with_strings(fields: dict[str, Any]) -> dict[str, Any]:
    return {k: "5" for k, value in fields.items() if value is None or isinstance(value, int)}


def without_blanks(fields: dict[str, Any]) -> dict[str, Any]:
    return {k: "x" for k, value in fields.items() if isinstance(value, str) and not value.strip()}


def shortened(fields: dict[str, Any]) -> dict[str, Any]:
    return {k: fields[k][:n] for k, n in LIMITS.items() if isinstance(fields.get(k), str)}


def last_of_two(request: Request) -> Request:
    fields = request.fields
    return request._replace(body=json.dumps(fields).encode()) if fields else request


def first_of_array(request: Request) -> Request:
    body = request.body.strip()
    return request._replace(body=body[1:-1]) if body.startswith(b"[{") else request


def before_the_rest(request: Request) -> Request:
    try:
        text = request.body.decode()
        _, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return request
    return request._replace(body=text[:end].encode())


def whatever_the_bytes(request: Request) -> Request:
    return request._replace(body=request.body.decode(errors="replace").encode())


def replacing(old: bytes, new: bytes) -> Callable[[Request], Request]:
    return lambda request: request._replace(body=request.body.replace(old, new))


def cut(request: Request) -> Request:
    """Without the field that makes it long."""
    fields = {name: value for name, value in request.fields.items() if name != "later"}
    is_long = len(request.body) > 16 * 1024 and fields
    return request._replace(body=json.dumps(fields).encode()) if is_long else request


def from_anywhere(request: Request) -> Request:
    return request._replace(sender=ALLOWED)


def at_any_path(request: Request) -> Request:
    return request._replace(path=f"/{SECRET}{DIALECTS['lucky-monaco-v4'].path}")
