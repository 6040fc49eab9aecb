"""One Cancel, from the request's last byte to the answer."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Protocol

import structlog
import uuid_utils.compat
from starlette.types import Receive, Scope, Send

from api.deadline import ANSWER_SHARE
from api.dispatch import Decided, Overloaded
from api.pages import ALIVE
from api.parking import HomelessError
from api.refusals import tell
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.dialects import DIALECTS
from unbet.dialects.body import LONGEST_BODY, BadRequestError, parse
from unbet.dialects.port import Dialect, Said
from unbet.journal.answers import AnswerNote
from unbet.runtime import metrics
from unbet.runtime.doors import Door, Doors, WrongSecrets, is_in, may_ask, sender_of
from unbet.runtime.failpoints import crash_point
from unbet.runtime.http import UnreadableError, read_body, respond
from unbet.runtime.settings import Settings

log = structlog.get_logger("receiver")


class Desk(Protocol):
    """Where a cancel is decided: the `Dispatcher`."""

    async def decide(self, cancel: Cancel, within_s: float) -> Decided: ...


class Home(Protocol):
    """Where a cancel finds a home that cannot be decided now: the `Parking`."""

    async def park(self, cancels: Sequence[Cancel], reason: str) -> object: ...


class Notebook(Protocol):
    """Where answers are noted: the `Notes`."""

    def add(self, note: AnswerNote) -> None: ...


class Receiver:
    """The endpoints: `POST /<secret>` with the path of the secret's dialect."""

    def __init__(self, settings: Settings, desk: Desk, parking: Home, notes: Notebook) -> None:
        endpoints = settings.by_secret()
        if not endpoints:
            raise ValueError("a receiver needs a secret")
        self._settings = settings
        for endpoint in endpoints.values():
            # They begin at 0: of a counter that begins at 1 Prometheus sees no increase.
            for outcome, answer in DIALECTS[endpoint.dialect].outcomes.items():
                metrics.answers(answer.code, outcome, endpoint.dialect, endpoint.provider)
        self._doors = Doors(endpoints)
        self._wrong_secrets = WrongSecrets()
        self._desk = desk
        self._parking = parking
        self._notes = notes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sender = sender_of(scope, self._settings.trusted_proxies)
        door = self._doors.at(scope["path"])
        if door is None:
            missed = self._doors.missed(scope["path"])
            if missed is None:
                await self._turn_away(sender, receive, send)
            else:
                problem = "the path after the secret is not the endpoint's"
                await _hear_out("path", problem, missed, sender, receive)
                await respond(send, 404)
        elif not door.endpoint.holds_at(datetime.now(UTC)):
            await _hear_out("expired", "the secret has expired", door, sender, receive)
            await respond(send, 404)
        elif scope["method"] != "POST":
            await _hear_out("method", "the method is not POST", door, sender, receive)
            await respond(send, 405, more={b"allow": b"POST"})
        else:
            status, answer = await self._serve(door, sender, receive)
            await respond(send, status, answer)

    def takes(self, scope: Scope) -> bool:
        """Whether a request that is no Cancel's is one for here: with a secret in its path, because
        whoever has one is not turned away in silence, or of a sender that may see no page there,
        because it may be a guess."""
        path = scope["path"]
        is_page = path == ALIVE or may_ask(scope, self._settings)
        return not is_page or self._doors.missed(path) is not None

    async def _turn_away(self, sender: str, receive: Receive, send: Send) -> None:
        """As any path that leads nowhere, and not sooner than the right secret's."""
        metrics.WRONG_SECRETS.inc()
        if self._wrong_secrets.too_many(sender):
            await respond(send, 429, more={b"connection": b"close"})
            return
        log.warning("a wrong secret", received_from=sender)
        await _whatever_came(receive)
        await respond(send, 404)

    async def _serve(self, door: Door, sender: str, receive: Receive) -> tuple[int, bytes]:
        """The HTTP status and the body of the answer."""
        refuse = partial(tell, door=door, sender=sender)
        try:
            body = await read_body(receive, LONGEST_BODY)
        except UnreadableError as error:
            refuse("unreadable", str(error), received_at=datetime.now(UTC), body=error.read)
            return error.status, b""
        started, received_at = time.monotonic(), datetime.now(UTC)
        refuse = partial(refuse, received_at=received_at, body=body)
        endpoint, dialect = door.endpoint, door.dialect
        if not is_in(sender, self._settings.allowed_ips):
            refuse("address", "the sender's address is not allowed")
            return 403, dialect.body(Said(dialect.not_allowed))
        try:
            asked, text = parse(body, endpoint.provider, dialect)
        except BadRequestError as error:
            refuse("form", str(error))
            return 200, dialect.body(Said(dialect.refusal(str(error)), error.reference))
        cancel = Cancel(
            request_id=uuid_utils.compat.uuid7(),
            received_at=received_at,
            received_from=sender,
            provider=endpoint.provider,
            dialect=dialect.name,
            request=asked,
            body=text,
        )
        return await self._answer(cancel, dialect, started)

    async def _answer(self, cancel: Cancel, dialect: Dialect, started: float) -> tuple[int, bytes]:
        decided = await self._decide(cancel, started)
        decision = decided.decision
        if decision is None:
            # It is nowhere: anything but a failure would make the provider stop.
            metrics.HOMELESS.inc()
            log.error(
                "no home",
                request_id=str(cancel.request_id),
                reference=cancel.request.reference,
                uuid=cancel.request.uuid,
            )
            return 503, b""
        crash_point("receiver_answer", [cancel])
        answer = dialect.answer_of(decision.outcome)
        seconds = Decimal(str(round(time.monotonic() - started, 6)))
        self._note(cancel, decision, decided, answer.code, seconds)
        return 200, dialect.body(Said(answer, cancel.request.reference, decision))

    async def _decide(self, cancel: Cancel, started: float) -> Decided:
        left_s = self._settings.answer_deadline_s * ANSWER_SHARE - (time.monotonic() - started)
        try:
            return await self._desk.decide(cancel, left_s)
        except Overloaded:
            return Decided(await self._park(cancel), cancel.request_id)

    async def _park(self, cancel: Cancel) -> Decision | None:
        try:
            await self._parking.park([cancel], "too many waiting")
        except HomelessError:
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
                uuid=cancel.request.uuid,
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
            reference=cancel.request.reference,
            uuid=cancel.request.uuid,
            outcome=decision.outcome.value,
            code=code,
            seconds=float(seconds),
            group=decided.group,
            # Whoever follows a cancel to the worker needs the request that was decided.
            **({"shared_request_id": str(shared)} if shared else {}),
        )


async def _hear_out(reason: str, problem: str, door: Door, sender: str, receive: Receive) -> None:
    """Refuse what is no Cancel of the endpoint's, but tell it whole: it was meant to be one."""
    body = await _whatever_came(receive)
    tell(reason, problem, door=door, received_at=datetime.now(UTC), sender=sender, body=body)


async def _whatever_came(receive: Receive) -> bytes:
    """A body that is not judged: as much of it as can be had."""
    try:
        return await read_body(receive, LONGEST_BODY)
    except UnreadableError as error:
        return error.read
