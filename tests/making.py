"""Short ways for tests to make what they talk about."""

import base64
import json
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

import uuid_utils.compat
from sqlalchemy import Connection, Engine

from tests import operating
from tests.operating import PROVIDER, Player, bet_of
from tests.system.processes import MESSAGE_KEY
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.core.wire import Keys
from unbet.database.faults import Fault
from unbet.database.transaction import retry_until
from unbet.journal.answers import AnswerNote, note_answers
from unbet.wallets.ledger.reversal import reverse

__all__ = [
    "KEYS",
    "MESSAGE_KEY",
    "PROVIDER",
    "Operator",
    "Player",
    "batch_of",
    "bet_of",
    "cancel_of",
]

KEYS = Keys([MESSAGE_KEY])

Result = TypeVar("Result")


def cancel_of(
    reference: str,
    *,
    user_id: str | None = "alice",
    currency: str | None = "EUR",
    provider: str = PROVIDER,
    uuid: str = "0" * 32,
    amount: str | None = None,
    batch: UUID | str | None = None,
) -> Cancel:
    """A cancel as the receiver would hand it on."""
    return Cancel(
        request_id=uuid_utils.compat.uuid7(),
        received_at=datetime.now(UTC),
        received_from="192.0.2.1",
        provider=provider,
        dialect="lucky-monaco-v4",
        reference=reference,
        player=user_id,
        currency=currency,
        uuid=uuid,
        body='{"as": "sent"}',
        amount=None if amount is None else Decimal(amount),
        batch=None if batch is None else UUID(str(batch)),
    )


def batch_of(*references: str, **said: Any) -> list[Cancel]:
    """The cancels of one request that asks for several bets; `said` as with `cancel_of`."""
    batch = uuid_utils.compat.uuid7()
    return [cancel_of(reference, batch=batch, **said) for reference in references]


def old_form(cancel: Cancel) -> dict[str, Any]:
    """`cancel` as versions 1 and 2 wrote it, with the provider's fields."""
    not_known = {"amount", "batch", "of_round"}
    document: dict[str, Any] = json.loads(cancel.model_dump_json(exclude=not_known))
    named = {"user_id": "player", "currency": "currency", "reference": "reference", "uuid": "uuid"}
    request = {old: document.pop(new) for old, new in named.items()}
    game = {"game_name": "tumblefortune", "game_id": "Im_60_tumblefortune"}
    more = {"provider_id": cancel.provider, "session_id": "session-1"}
    return {**document, "request": request | game | more}


def old_message(*cancels: Cancel, reply_to: str) -> str:
    """A message as version 1 wrote it."""
    document = {"version": 1, "reply_to": reply_to, "cancels": [old_form(one) for one in cancels]}
    packed = zlib.compress(json.dumps(document, separators=(",", ":")).encode())
    return KEYS.sign("unbet group", base64.b64encode(packed).decode())


def note_answer(
    engine: Engine,
    cancel: Cancel,
    code: int | str,
    seconds: str,
    *,
    outcome: Outcome = Outcome.REVERSED,
    shared: Cancel | None = None,
) -> None:
    """Note that `cancel` was answered, as the receiver does; `shared` is whose wait it shared."""
    with engine.begin() as connection:
        answer = AnswerNote(
            request_id=cancel.request_id,
            shared_request_id=shared.request_id if shared else None,
            uuid=cancel.uuid,
            received_at=cancel.received_at,
            received_from=cancel.received_from,
            outcome=outcome,
            code=code,
            seconds=Decimal(seconds),
        )
        note_answers(connection, [answer])


class Operator(operating.Operator):
    """One who can also apply cancels in this process, and who tries again only after a lock."""

    def cancel(self, *cancels: Cancel, hold_unknown: bool = False) -> list[Decision]:
        return self._commit(
            lambda connection: reverse(connection, cancels, hold_unknown=hold_unknown)
        )

    def _commit(self, work: Callable[[Connection], Result]) -> Result:
        def once() -> Result:
            with self.engine.begin() as connection:
                return work(connection)

        deadline = time.monotonic() + operating.LIMIT_S
        return retry_until(deadline, once, again=frozenset({Fault.LOCKED}), report=lambda *_: None)
