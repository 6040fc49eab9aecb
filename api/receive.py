"""One Cancel, from the request's last byte to the answer."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from hmac import compare_digest
from typing import Final, Protocol
from uuid import UUID

import structlog
import uuid_utils.compat
from starlette.types import Receive, Scope, Send

from api import answers
from api.body import LONGEST_BODY, BadRequestError, parse
from api.dispatch import Overloaded
from api.http import UnreadableError, read_body, respond
from api.parking import HomelessError
from contract import metrics
from contract.crashing import crash_point
from contract.message import Cancel, Decision
from contract.outcomes import Outcome
from contract.settings import Settings
from ledger.answers import AnswerNote

PATH_END: Final = "/V4/Cancel"
"""Of the dialect; the secret stands before it."""

ANSWER_SHARE: Final = 0.95
"""Of the answer's deadline: what may be waited; the rest gets the answer out of a busy process."""

log = structlog.get_logger("receiver")


class Desk(Protocol):
    """Where a cancel is decided: the `Dispatcher`."""

    async def decide(self, cancel: Cancel, within_s: float) -> tuple[Decision | None, UUID]: ...


class Home(Protocol):
    """Where a cancel finds a home that cannot be decided now: the `Parking`."""

    async def park(self, cancels: Sequence[Cancel]) -> object: ...


class Notebook(Protocol):
    """Where answers are noted: the `Notes`."""

    def add(self, note: AnswerNote) -> None: ...


class Receiver:
    """The endpoint `POST /<secret>/V4/Cancel`."""

    def __init__(self, settings: Settings, desk: Desk, parking: Home, notes: Notebook) -> None:
        if settings.url_secret is None:
            raise ValueError("a receiver needs a secret")
        self._settings = settings
        self._secret = settings.url_secret.get_secret_value().encode()
        self._desk = desk
        self._parking = parking
        self._notes = notes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        secret = scope["path"].removesuffix(PATH_END).removeprefix("/")
        # Bytes, since a path may hold what is no ASCII; in constant time.
        if not compare_digest(secret.encode(), self._secret):
            await respond(send, 404)
            return
        if scope["method"] != "POST":
            await respond(send, 405, more={b"allow": b"POST"})
            return
        try:
            body = await read_body(receive, LONGEST_BODY)
        except UnreadableError as error:
            await respond(send, error.status)
            return
        # The server knows no address of a sender that has gone already, nor behind a Unix socket.
        sender, _ = scope["client"] or ("unknown", None)
        status, answer = await self._answer(body, sender)
        await respond(send, status, answer)

    async def _answer(self, body: bytes, sender: str) -> tuple[int, bytes]:
        """The HTTP status and the body of the answer."""
        started = time.monotonic()
        received_at = datetime.now(UTC)
        try:
            asked, text = parse(body, self._settings.provider_id)
        except BadRequestError as error:
            log.warning("refused", problem=str(error), received_from=sender, body=repr(body[:2000]))
            return 200, answers.body(answers.of_bad_request(str(error)), error.reference)
        cancel = Cancel(
            request_id=uuid_utils.compat.uuid7(),
            received_at=received_at,
            received_from=sender,
            provider=self._settings.provider_id,
            dialect=self._settings.dialect,
            request=asked,
            body=text,
        )
        decision, decided_id = await self._decide(cancel, started)
        if decision is None:
            # It is nowhere: anything but a failure would make the provider stop.
            log.error("no home", request_id=str(cancel.request_id), reference=asked.reference)
            return 503, b""
        crash_point("receiver_answer", [cancel])
        answer = answers.of_outcome(decision.outcome)
        seconds = Decimal(str(round(time.monotonic() - started, 6)))
        self._note(cancel, decision, decided_id, answer.code, seconds)
        return 200, answers.body(answer, asked.reference)

    async def _decide(self, cancel: Cancel, started: float) -> tuple[Decision | None, UUID]:
        left_s = self._settings.answer_deadline_s * ANSWER_SHARE - (time.monotonic() - started)
        try:
            return await self._desk.decide(cancel, left_s)
        except Overloaded:
            return await self._park(cancel), cancel.request_id

    async def _park(self, cancel: Cancel) -> Decision | None:
        try:
            await self._parking.park([cancel])
        except HomelessError:
            return None
        return Decision(request_id=cancel.request_id, outcome=Outcome.PARKED)

    def _note(
        self,
        cancel: Cancel,
        decision: Decision,
        decided_id: UUID,
        code: int,
        seconds: Decimal,
    ) -> None:
        shared = None if decided_id == cancel.request_id else decided_id
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
        metrics.ANSWERS.labels(code=str(code)).inc()
        metrics.ANSWER_SECONDS.observe(float(seconds))
        log.info(
            "answered",
            request_id=str(cancel.request_id),
            reference=cancel.request.reference,
            uuid=cancel.request.uuid,
            outcome=decision.outcome.value,
            code=code,
            seconds=float(seconds),
        )
