"""`POST /cancels`: an array of cancels in, an array of verdicts out; HTTP 200 for whatever became
of them. Run it with `python -m examples.wallet_http`."""

import base64
import hmac
import json
import time
from collections.abc import Mapping, Sequence

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from examples.wallet_http.cancels import Cancels, Item, NotNowError, Verdict

MAX_BYTES = 1 << 20
MAX_AGE_S = 300


def make_app(cancels: Cancels, secrets: Sequence[str]) -> Starlette:
    """`secrets` are those that are good at present: two while one replaces the other."""

    async def decide(request: Request) -> Response:
        if int(request.headers.get("content-length", MAX_BYTES + 1)) > MAX_BYTES:
            return JSONResponse({"error": "too long"}, 413)
        body = await request.body()
        if not is_signed(request.headers, body, secrets):
            return JSONResponse({"error": "not signed"}, 401)
        try:
            documents = json.loads(body)
            items = [item_of(one) for one in documents]
            dry_run = any(one.get("dry_run") for one in documents)
        except (KeyError, TypeError, ValueError):
            return JSONResponse({"error": "not an array of cancels"}, 400)
        try:
            act = cancels.dry_run if dry_run else cancels.decide
            verdicts = await run_in_threadpool(act, items)
        except NotNowError:
            return JSONResponse({"error": "not now"}, 503, {"Retry-After": "1"})
        return JSONResponse([document_of(verdict) for verdict in verdicts])

    return Starlette(routes=[Route("/cancels", decide, methods=["POST"])])


def item_of(document: Mapping[str, object]) -> Item:
    """Raises `KeyError` or `TypeError`. Fields that are not known are left alone."""
    item = Item(*(document[field] for field in Item._fields))  # type: ignore[arg-type]
    if not all(isinstance(value, str) for value in item):
        raise TypeError("a field is no text")
    return item


def document_of(verdict: Verdict) -> dict[str, object]:
    """Cash goes as text: a JSON number would be read as a float."""
    cash = None if verdict.cash is None else format(verdict.cash, "f")
    return verdict._asdict() | {"cash": cash}


def is_signed(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
    """By Standard Webhooks (standardwebhooks.com), which has libraries in most languages."""
    name, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > MAX_AGE_S:
        return False
    given = headers.get("webhook-signature", "").split()
    content = f"{name}.{timestamp}.".encode() + body
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        right = "v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode()
        if any(hmac.compare_digest(right.encode(), one.encode()) for one in given):
            return True
    return False
