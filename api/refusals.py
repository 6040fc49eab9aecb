"""Refuses requests that are no valid Cancel.

A caller that knows a secret tries three times and stops. So each of its refused requests is logged
in full and counted by reason; a person can correct it and have it decided later: `unbet replay`.
"""

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

import structlog
from starlette.types import Receive, Scope, Send

from api.pages import ALIVE
from unbet.dialects import DIALECTS
from unbet.dialects.body import MAX_BODY_LENGTH, kept_of
from unbet.dialects.raw import RawRequest
from unbet.runtime import metrics
from unbet.runtime.endpoint_registry import (
    Endpoint,
    WrongSecrets,
    find_by_secret,
    may_ask,
    sender_of,
)
from unbet.runtime.http import UnreadableError, read_body, respond
from unbet.runtime.settings import ReceiverSettings

LOGGED_BYTES: Final = 16 * 1024
"""No body that can be read is longer."""

_PATHS: Final = tuple(
    dialect.path.rpartition("}")[2] or dialect.path for dialect in DIALECTS.values()
)
"""What a Cancel's path ends with."""

log = structlog.get_logger("receiver")


def report(
    reason: str,
    problem: str,
    *,
    endpoint: Endpoint,
    received_at: datetime,
    sender: str,
    body: bytes,
    query: bytes,
    values: Mapping[str, str],
) -> None:
    """Log and count a refusal. `reason` is a label of the metric, `problem` a sentence. Of `body`
    and `query` that is logged which the endpoint's dialect reads; `values` are those in its path.
    """
    metrics.REFUSED.labels(reason=reason).inc()
    kept = kept_of(RawRequest(body, query), endpoint.dialect)[:LOGGED_BYTES]
    auth, keys = endpoint.dialect.auth, endpoint.keys
    try:
        content = {"body": auth.redacted(kept.decode(), keys)}
    except UnicodeDecodeError:
        hidden = auth.redacted(kept.decode("latin-1"), keys).encode("latin-1")
        content = {"body_base64": base64.b64encode(hidden).decode()}
    log.warning(
        "refused",
        reason=reason,
        problem=problem,
        provider=endpoint.config.provider,
        dialect=endpoint.dialect.name,
        received_at=received_at.isoformat(),
        received_from=sender,
        **content,
        **_of_path(values, endpoint),
    )


def _of_path(values: Mapping[str, str], endpoint: Endpoint) -> dict[str, dict[str, str]]:
    """What is no text is left as it was sent, percent-encoded."""
    if not values:
        return {}
    told = {}
    for name, value in values.items():
        sent = value.encode(errors="surrogateescape")
        try:
            told[name] = endpoint.dialect.auth.redacted(sent.decode(), endpoint.keys)
        except UnicodeDecodeError:
            told[name] = quote(sent, safe="")
    return {"path_values": told}


class Refusals:
    """Answers what leads to no endpoint, or comes to one in a wrong way."""

    def __init__(self, settings: ReceiverSettings, endpoints: Sequence[Endpoint]) -> None:
        self._settings = settings
        self._endpoints = endpoints
        self._wrong_secrets = WrongSecrets()

    def takes(self, scope: Scope) -> bool:
        """Whether a request that leads to no endpoint is refused here: it has a Cancel's path, it
        has a secret in its path (such a caller is never refused in silence), or its sender may see
        no page (it may be a guess)."""
        path = scope["path"]
        is_page = path == ALIVE or may_ask(scope, self._settings)
        return (
            path.endswith(_PATHS)
            or not is_page
            or find_by_secret(self._endpoints, path) is not None
        )

    async def reject(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what leads to no endpoint."""
        sender = sender_of(scope, self._settings.trusted_proxies)
        endpoint = find_by_secret(self._endpoints, scope["path"])
        if endpoint is not None:
            problem = "the path after the secret is not the endpoint's"
            await log_refusal("path", problem, endpoint, sender, {}, scope, receive)
            await respond(send, 404)
            return
        # The same answer as for any unknown path, and not sooner than for the right secret.
        metrics.WRONG_SECRETS.inc()
        if self._wrong_secrets.too_many(sender):
            await respond(send, 429, more={b"connection": b"close"})
            return
        log.warning("a wrong secret", received_from=sender)
        await _read_any(receive)
        await respond(send, 404)

    async def refuse(
        self,
        endpoint: Endpoint,
        sender: str,
        values: Mapping[str, str],
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        expired: bool = False,
    ) -> None:
        """Answer what comes to an endpoint whose secret has expired, or by another method."""
        more: Mapping[bytes, bytes]
        if expired:
            reason, problem, status, more = "expired", "the secret has expired", 404, {}
        else:
            method = endpoint.dialect.method
            reason, problem, status = "method", f"the method is not {method}", 405
            more = {b"allow": method.encode()}
        await log_refusal(reason, problem, endpoint, sender, values, scope, receive)
        await respond(send, status, more=more)


async def log_refusal(
    reason: str,
    problem: str,
    endpoint: Endpoint,
    sender: str,
    values: Mapping[str, str],
    scope: Scope,
    receive: Receive,
) -> None:
    """Refuse an invalid Cancel and log it in full."""
    body = await _read_any(receive)
    report(
        reason,
        problem,
        endpoint=endpoint,
        received_at=datetime.now(UTC),
        sender=sender,
        body=body,
        query=scope.get("query_string", b""),
        values=values,
    )


async def _read_any(receive: Receive) -> bytes:
    """As much of a body as arrives; nothing is checked."""
    try:
        return await read_body(receive, MAX_BODY_LENGTH)
    except UnreadableError as error:
        return error.read
