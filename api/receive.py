"""One Cancel, from the request to the answer: the receiver's ASGI application.

(Over 250 lines: what is on the way stands together, and so do the ports to what is not.)
"""

import asyncio
import time
from collections.abc import Awaitable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from hmac import compare_digest
from itertools import product
from typing import Final, NamedTuple, Protocol

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from api.deadline import ANSWER_SHARE
from api.dispatch import Overloaded
from api.parking import UnpersistedError
from api.refusals import Refusals, report
from api.waits import Decided
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.core.wallet_names import LEDGER
from unbet.dialects.answers import Answer, AnswerContext
from unbet.dialects.body import MAX_BODY_LENGTH, Reading, answer_to, read_cancels, render
from unbet.dialects.raw import RawRequest
from unbet.journal.answers import AnswerNote
from unbet.runtime import metrics
from unbet.runtime.endpoint_registry import UNKNOWN, Endpoint, endpoints_of, is_in, plain, sender_of
from unbet.runtime.failpoints import ARMED, crash_point
from unbet.runtime.http import BODY_LIMIT_S, UnreadableError, read_rest, respond
from unbet.runtime.settings import ReceiverSettings

log = structlog.get_logger("receiver")


_NO_VALUES: Final[Mapping[str, str]] = {}


class Call(NamedTuple):
    """A request that was read."""

    endpoint: Endpoint
    request: Reading
    cancels: Sequence[Cancel]
    """One for each bet that it asks for; none if it is refused."""
    started: float
    """By the monotonic clock."""

    def context(self, answer: Answer) -> AnswerContext:
        """What is told where nothing is decided."""
        return AnswerContext(answer, self.request.reference, document=self.request.document)


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
        self, call: Call, scope: Scope, body: bytes, sender: str, send: Send
    ) -> None: ...


class Receiver:
    """The endpoints: `/<secret>` with the path and the method of the secret's dialect. `others`
    answers every other request that is not refused."""

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
        self._allowed_ips = settings.allowed_ips
        self._trusted_proxies = settings.trusted_proxies
        self._answer_within_s = settings.answer_deadline_s * ANSWER_SHARE
        choice = settings.wallet_choice()
        self._endpoints = endpoints_of(
            configs, lambda name: choice.wallet_of(name) == LEDGER, settings.endpoints_origin
        )
        self._templates = tuple(one for one in self._endpoints if b"{" in one.path)
        for one in self._endpoints:
            # They begin at 0: of a counter that begins at 1 Prometheus sees no increase.
            for outcome, replayed in product(Outcome, (False, True)):
                answer = one.dialect.answer_of(outcome, replayed=replayed)
                metrics.answers(answer.code, outcome, one.dialect.name, one.config.provider)
        self._refusals = Refusals(settings, self._endpoints)
        self._dispatcher = dispatcher
        self._parking = parking
        self._notes = notes
        self._others = others
        self._shadow = shadow

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint, values = None, _NO_VALUES
        if scope["type"] == "http":
            path = scope["path"].encode(errors="replace")
            for one in self._endpoints:  # each of them, in constant time
                if compare_digest(one.path, path):
                    endpoint = one
            for one in self._templates:
                found = one.values_in(scope["raw_path"])
                if found is not None:
                    endpoint, values = one, found
        if endpoint is not None:
            await self._receive(endpoint, values, scope, receive, send)
        elif self._others is None or (scope["type"] == "http" and self._refusals.takes(scope)):
            await self._refusals.reject(scope, receive, send)
        else:
            await self._others(scope, receive, send)

    async def _receive(
        self,
        endpoint: Endpoint,
        values: Mapping[str, str],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        if self._trusted_proxies:
            sender = sender_of(scope, self._trusted_proxies)
        else:
            sender = plain(scope["client"][0]) if scope["client"] else UNKNOWN
        config, dialect = endpoint.config, endpoint.dialect
        if config.until is not None and not config.holds_at(datetime.now(UTC)):
            await self._refusals.refuse(
                endpoint, sender, values, scope, receive, send, expired=True
            )
            return
        if scope["method"] != dialect.method:
            await self._refusals.refuse(endpoint, sender, values, scope, receive, send)
            return
        query: bytes = scope.get("query_string", b"")
        refuse = partial(report, endpoint=endpoint, sender=sender, query=query, values=values)
        try:
            body = await _read(receive)
        except UnreadableError as error:
            refuse("unreadable", str(error), received_at=datetime.now(UTC), body=error.read)
            await respond(send, error.status)
            return
        started, received_at = time.monotonic(), datetime.now(UTC)
        raw = RawRequest(
            body,
            query,
            scope["raw_path"].decode("latin-1"),
            scope["headers"],
            dialect.method,
        )
        refuse = partial(refuse, received_at=received_at)
        if not is_in(sender, self._allowed_ips):
            problem = "the sender's address is not allowed"
            refuse("address", problem, body=body)
            await _send(send, endpoint, AnswerContext(dialect.not_allowed))
            return
        request, cancels = read_cancels(
            raw,
            values,
            dialect,
            provider=config.provider,
            keys=endpoint.keys,
            received_at=received_at,
            received_from=sender,
        )
        if not cancels:
            refuse(request.reason, request.problem, body=body)
        call = Call(endpoint, request, cancels, started)
        if self._shadow is not None:
            await self._shadow.answer(call, scope, body, sender, send)
        elif not cancels:
            await _send(send, endpoint, call.context(request.answer))
        else:
            await self._answer(call, send)

    async def _answer(self, call: Call, send: Send) -> None:
        cancels, dialect = call.cancels, call.endpoint.dialect
        decided = await self._decide_all(call)
        decisions = [one.decision for one in decided if one.decision is not None]
        if len(decisions) < len(cancels):
            await self._fail(call, send)
            return
        if ARMED:
            crash_point("receiver_answer", cancels)
        try:
            answer, body = answer_to(
                dialect, call.request, decisions, knows_players=call.endpoint.knows_players
            )
        except Exception:
            first = cancels[0]
            log.exception(
                "the answer cannot be made",
                request_id=str(first.request_id),
                reference=first.reference,
                dialect=dialect.name,
            )
            await respond(send, 503)
            return
        seconds = Decimal(str(round(time.monotonic() - call.started, 6)))
        # As `_send`, without the call. Nobody waits for what is left to do.
        headers = [
            (b"content-length", b"%d" % len(body)),
            (b"content-type", dialect.codec.content_type),
        ]
        start = {"type": "http.response.start", "status": answer.status, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": body})
        for cancel, one, decision in zip(cancels, decided, decisions, strict=True):
            self._note(cancel, decision, one, answer.code, seconds)

    async def _fail(self, call: Call, send: Send) -> None:
        """Answer what is stored nowhere: anything but a failure would make the provider stop."""
        metrics.UNPERSISTED.inc()
        first, answer = call.cancels[0], call.endpoint.dialect.unpersisted
        log.error(
            "unpersisted",
            request_id=str(first.request_id),
            reference=first.reference,
            uuid=first.uuid,
        )
        if answer is None:
            await respond(send, 503)
        else:
            await _send(send, call.endpoint, call.context(answer))

    async def _decide_all(self, call: Call) -> Sequence[Decided]:
        left_s = self._answer_within_s - (time.monotonic() - call.started)
        first, *others = call.cancels
        try:
            waiters = [self._dispatcher.decide(first, left_s)]
        except Overloaded:
            decisions = await self._park(call.cancels)
            return [Decided(one, one.request_id) for one in decisions]
        # All are handed over before the first is waited for, so that they travel together.
        waiters += [self._dispatcher.decide(one, left_s) for one in others]
        return [await waiter for waiter in waiters]

    async def _park(self, cancels: Sequence[Cancel]) -> list[Decision]:
        """Empty where they cannot be stored."""
        try:
            await self._parking.park(cancels, "too many waiting")
        except UnpersistedError:
            return []
        return [Decision(request_id=one.request_id, outcome=Outcome.PARKED) for one in cancels]

    def _note(
        self,
        cancel: Cancel,
        decision: Decision,
        decided: Decided,
        code: int | str,
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


async def _send(send: Send, endpoint: Endpoint, context: AnswerContext) -> None:
    """Answer what is not decided."""
    dialect = endpoint.dialect
    kind = dialect.codec.content_type
    await respond(send, context.answer.status, render(dialect, context), content_type=kind)


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
