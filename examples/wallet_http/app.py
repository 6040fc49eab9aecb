"""`POST /cancels`: an array of cancels in, an array of verdicts out; HTTP 200 for whatever became
of them."""

import base64
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse

from examples.casino.database import BusyError, NotNowError
from examples.wallet_http.cancels import Cancels, Item, Verdict

MAX_BYTES = 1 << 20
MAX_AGE_S = 300


def make_app(cancels: Cancels, secrets: Sequence[str]) -> FastAPI:
    """`secrets` are those that are good at present: two while one replaces the other."""
    app = FastAPI(title="An operator's wallet")

    async def signed(request: Request) -> bytes:
        """The body as it came: it is what was signed, and no float is made of it."""
        if int(request.headers.get("content-length", MAX_BYTES + 1)) > MAX_BYTES:
            raise HTTPException(413, "too long")
        body = await request.body()
        if not is_signed(request.headers, body, secrets):
            raise HTTPException(401, "not signed")
        return body

    @app.post("/cancels")
    def decide(body: Annotated[bytes, Depends(signed)]) -> JSONResponse:
        try:
            documents = json.loads(body)
            items = [item_of(one) for one in documents]
            dry_run = any(one.get("dry_run") for one in documents)
        except (KeyError, TypeError, ValueError):
            raise HTTPException(400, "not an array of cancels") from None
        try:
            act = cancels.dry_run if dry_run else cancels.decide
            return JSONResponse([document_of(verdict) for verdict in act(items)])
        except BusyError:
            busy = {"undecided": "busy", "detail": "the rows are locked"}
            return JSONResponse([{"request_id": item.request_id} | busy for item in items])
        except NotNowError:
            raise HTTPException(503, "not now", {"Retry-After": "1"}) from None

    return app


def item_of(document: Mapping[str, object]) -> Item:
    """Raises `KeyError` or `TypeError`. Fields that are not known are left alone, and the amount is
    there only where the provider says it."""
    values = [document[field] for field in Item._fields[:-1]]
    values.append(document.get("amount"))
    for field, value in zip(Item._fields, values, strict=True):
        is_left_out = value is None and field in ("player", "currency", "amount")
        if not (isinstance(value, str) or is_left_out):
            raise TypeError("a field is no text")
    return Item(*values)  # type: ignore[arg-type]


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
