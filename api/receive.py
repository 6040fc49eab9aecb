"""One Cancel, from the request to the answer: the receiver's ASGI application.

(Over 250 lines: what is on the way stands together, and so do the ports to what is not.)
"""

import asyncio
import time
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from hmac import compare_digest
from typing import Protocol

import structlog
import uuid_utils.compat
from starlette.types import ASGIApp, Receive, Scope, Send

from api.deadline import ANSWER_SHARE
from api.dispatch import Overloaded
from api.parking import UnpersistedError
from api.refusals import Refusals, report
from api.waits import Decided
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.dialects import DIALECTS
from unbet.dialects.body import MAX_BODY_LENGTH, BadRequestError, parse, render
from unbet.dialects.port import AnswerContext
from unbet.journal.answers import AnswerNote
from unbet.runtime import metrics
from unbet.runtime.endpoint_registry import UNKNOWN, Endpoint, endpoints_of, is_in, plain, sender_of
from unbet.runtime.failpoints import ARMED, crash_point
from unbet.runtime.http import BODY_LIMIT_S, JSON, UnreadableError, read_rest, respond
from unbet.runtime.settings import ReceiverSettings

log = structlog.get_logger("receiver")


class Dispatcher(Protocol):
    """Decides a cancel (`api/dispatch.py`)."""

    def decide(self, cancel: Cancel, within_s: float) -> Awaitable[Decided]: ...


class FallbackStore(Protocol):
    """Stores a cancel that cannot be decided now (`api/parking.py`)."""

    async def park(self, cancels: Sequence[Cancel], reason: str) -> object: ...


class AnswerLog(Protocol):
    """Records what was answered (`api/notes.py`)."""

    def add(self, note: AnswerNote) -> None: ...


class Shadow(Protocol):
    """Answers in a dry run (`api/shadow.py`)."""

    async def answer(
        self,
        cancel: Cancel | None,
        refusal: AnswerContext | None,
        endpoint: Endpoint,
        scope: Scope,
        body: bytes,
        sender: str,
        started: float,
        send: Send,
    ) -> None: ...


class Receiver:
    """The endpoints: `POST /<secret>` with the path of the secret's dialect. `others` answers what
    is for none of them and is not refused."""

    def __init__(
        self,
        settings: ReceiverSettings,
        dispatcher: Dispatcher,
        parking: FallbackStore,
        notes: AnswerLog,
        others: ASGIApp | None = None,
        shadow: Shadow | None = None,
    ) -> None:
        configs = settings.by_secret()
        if not configs:
            raise ValueError("a receiver needs a secret")
        for config in configs.values():
            # They begin at 0: of a counter that begins at 1 Prometheus sees no increase.
            for outcome, answer in DIALECTS[config.dialect].outcomes.items():
                metrics.answers(answer.code, outcome, config.dialect, config.provider)
        self._allowed_ips = settings.allowed_ips
        self._trusted_proxies = settings.trusted_proxies
        self._answer_within_s = settings.answer_deadline_s * ANSWER_SHARE
        self._endpoints = endpoints_of(configs)
        self._refusals = Refusals(settings, self._endpoints)
        self._dispatcher = dispatcher
        self._parking = parking
        self._notes = notes
        self._others = others
        self._shadow = shadow

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = None
        if scope["type"] == "http":
            path = scope["path"].encode(errors="replace")
            for one in self._endpoints:  # each of them, in constant time
                if compare_digest(one.path, path):
                    endpoint = one
        if endpoint is not None:
            await self._receive(endpoint, scope, receive, send)
        elif self._others is None or (scope["type"] == "http" and self._refusals.takes(scope)):
            await self._refusals.reject(scope, receive, send)
        else:
            await self._others(scope, receive, send)

    async def _receive(
        self, endpoint: Endpoint, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if self._trusted_proxies:
            sender = sender_of(scope, self._trusted_proxies)
        else:
            sender = plain(scope["client"][0]) if scope["client"] else UNKNOWN
        config, dialect = endpoint.config, endpoint.dialect
        if config.until is not None and not config.holds_at(datetime.now(UTC)):
            await self._refusals.refuse(endpoint, sender, receive, send, expired=True)
            return
        if scope["method"] != "POST":
            await self._refusals.refuse(endpoint, sender, receive, send)
            return
        refuse = partial(report, endpoint=endpoint, sender=sender)
        try:
            body = await _read(receive)
        except UnreadableError as error:
            refuse("unreadable", str(error), received_at=datetime.now(UTC), body=error.read)
            await respond(send, error.status)
            return
        started, received_at = time.monotonic(), datetime.now(UTC)
        refuse = partial(refuse, received_at=received_at, body=body)
        if not is_in(sender, self._allowed_ips):
            refuse("address", "the sender's address is not allowed")
            await respond(send, 403, render(dialect, AnswerContext(dialect.not_allowed)))
            return
        try:
            parsed = parse(body, config.provider, dialect)
        except BadRequestError as error:
            refuse("form", str(error))
            answer = AnswerContext(dialect.refusal(str(error)), error.reference)
            if self._shadow is not None:
                await self._shadow.answer(
                    None, answer, endpoint, scope, body, sender, started, send
                )
                return
            await respond(send, 200, render(dialect, answer))
            return
        cancel = Cancel(
            request_id=uuid_utils.compat.uuid7(),
            received_at=received_at,
            received_from=sender,
            provider=config.provider,
            dialect=dialect.name,
            reference=parsed.reference,
            player=parsed.player,
            currency=parsed.currency,
            uuid=parsed.uuid,
            body=parsed.body,
        )
        if self._shadow is not None:
            await self._shadow.answer(cancel, None, endpoint, scope, body, sender, started, send)
            return
        await self._answer(cancel, endpoint, started, send)

    async def _answer(self, cancel: Cancel, endpoint: Endpoint, started: float, send: Send) -> None:
        decided = await self._decide(cancel, started)
        decision = decided.decision
        if decision is None:
            # It is stored nowhere: anything but a failure would make the provider stop.
            metrics.UNPERSISTED.inc()
            log.error(
                "unpersisted",
                request_id=str(cancel.request_id),
                reference=cancel.reference,
                uuid=cancel.uuid,
            )
            await respond(send, 503)
            return
        if ARMED:
            crash_point("receiver_answer", [cancel])
        answer = endpoint.dialect.outcomes[decision.outcome]
        body = render(endpoint.dialect, AnswerContext(answer, cancel.reference, decision))
        seconds = Decimal(str(round(time.monotonic() - started, 6)))
        # As `respond`, without the call. Nobody waits for what is left to do.
        headers = [(b"content-length", b"%d" % len(body)), JSON]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        self._note(cancel, decision, decided, answer.code, seconds)

    async def _decide(self, cancel: Cancel, started: float) -> Decided:
        try:
            left_s = self._answer_within_s - (time.monotonic() - started)
            return await self._dispatcher.decide(cancel, left_s)
        except Overloaded:
            return Decided(await self._park(cancel), cancel.request_id)

    async def _park(self, cancel: Cancel) -> Decision | None:
        try:
            await self._parking.park([cancel], "too many waiting")
        except UnpersistedError:
            return None
        return Decision(request_id=cancel.request_id, outcome=Outcome.PARKED)

    def _note(
        self,
        cancel: Cancel,
        decision: Decision,
        decided: Decided,
        code: int,
        seconds: Decimal,
    ) -> None:
        shared = None if decided.request_id == cancel.request_id else decided.request_id
        self._notes.add(
            AnswerNote(
                request_id=cancel.request_id,
                shared_request_id=shared,
                uuid=cancel.uuid,
                received_at=cancel.received_at,
                received_from=cancel.received_from,
                outcome=decision.outcome,
                code=code,
                seconds=seconds,
            )
        )
        metrics.answers(code, decision.outcome, cancel.dialect, cancel.provider).inc()
        metrics.ANSWER_SECONDS.observe(float(seconds))
        log.info(
            "answered",
            request_id=str(cancel.request_id),
            reference=cancel.reference,
            uuid=cancel.uuid,
            outcome=decision.outcome.value,
            code=code,
            seconds=float(seconds),
            group=decided.group,
            # To follow a cancel to the worker, a person needs the request that was decided.
            **({"shared_request_id": str(shared)} if shared else {}),
        )


async def _read(receive: Receive) -> bytes:
    """The body; nearly always it has arrived. Raises `UnreadableError`."""
    deadline = asyncio.get_running_loop().time() + BODY_LIMIT_S
    try:
        async with asyncio.timeout_at(deadline):
            first = await receive()
    except TimeoutError:
        raise UnreadableError(408, b"") from None
    body: bytes = first.get("body", b"")
    if (
        first["type"] == "http.request"
        and not first.get("more_body")
        and len(body) <= MAX_BODY_LENGTH
    ):
        return body
    return await read_rest(receive, MAX_BODY_LENGTH, deadline, first)
