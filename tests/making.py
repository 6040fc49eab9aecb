"""Short ways for tests to make what they talk about."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypedDict, TypeVar

import uuid_utils.compat
from sqlalchemy import Connection, Engine

import unbet
from unbet.core.message import Cancel, CancelRequest, Decision
from unbet.core.outcomes import Outcome
from unbet.core.signing import Keys
from unbet.database.faults import Fault
from unbet.database.transaction import retry_until
from unbet.journal.answers import AnswerNote, note_answers
from unbet.wallets.ledger.reversal import reverse

PROVIDER = "LuckyMonaco"
MESSAGE_KEY = "a-message-key-for-tests-that-is-long-enough"
KEYS = Keys([MESSAGE_KEY])

Result = TypeVar("Result")


class Player(TypedDict):
    """Whose account it is."""

    user_id: str
    currency: str


def cancel_of(
    reference: str,
    *,
    user_id: str = "alice",
    currency: str = "EUR",
    provider: str = PROVIDER,
    uuid: str = "0" * 32,
) -> Cancel:
    """A cancel as the receiver would hand it on."""
    request = CancelRequest(
        user_id=user_id,
        provider_id=provider,
        game_name="tumblefortune",
        game_id="Im_60_tumblefortune",
        currency=currency,
        reference=reference,
        uuid=uuid,
        session_id="session-1",
    )
    return Cancel(
        request_id=uuid_utils.compat.uuid7(),
        received_at=datetime.now(UTC),
        received_from="192.0.2.1",
        provider=provider,
        dialect="lucky-monaco-v4",
        request=request,
        body='{"as": "sent"}',
    )


def bet_of(
    reference: str,
    amount: str = "10.00",
    *,
    user_id: str = "alice",
    currency: str = "EUR",
    provider: str = PROVIDER,
    stake_order: unbet.StakeOrder = unbet.StakeOrder.CASH_FIRST,
) -> unbet.Bet:
    return unbet.Bet(
        user_id=user_id,
        currency=currency,
        amount=amount,
        provider=provider,
        reference=reference,
        stake_order=stake_order,
    )


def note_answer(
    engine: Engine,
    cancel: Cancel,
    code: int,
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
            uuid=cancel.request.uuid,
            received_at=cancel.received_at,
            received_from=cancel.received_from,
            outcome=outcome,
            code=code,
            seconds=Decimal(seconds),
        )
        note_answers(connection, [answer])


class Operator:
    """A ledger under test: each call is one committed transaction."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def deposit(
        self,
        amount: str,
        *,
        user_id: str = "alice",
        currency: str = "EUR",
        bonus: bool = False,
        reference: str | None = None,
    ) -> unbet.Result:
        made = unbet.Deposit(
            user_id=user_id,
            currency=currency,
            amount=amount,
            reference=reference or uuid_utils.compat.uuid7().hex,
            purse=unbet.Purse.BONUS if bonus else unbet.Purse.CASH,
        )
        return self._commit(lambda connection: unbet.deposit(connection, made))

    def bet(
        self,
        reference: str,
        amount: str = "10.00",
        *,
        user_id: str = "alice",
        currency: str = "EUR",
        provider: str = PROVIDER,
        stake_order: unbet.StakeOrder = unbet.StakeOrder.CASH_FIRST,
    ) -> unbet.Result:
        made = bet_of(
            reference,
            amount,
            user_id=user_id,
            currency=currency,
            provider=provider,
            stake_order=stake_order,
        )
        return self._commit(lambda connection: unbet.place_bet(connection, made))

    def settle(
        self, bet_reference: str, amount: str, *, reference: str | None = None
    ) -> unbet.Result:
        made = unbet.Settlement(
            provider=PROVIDER,
            bet_reference=bet_reference,
            reference=reference or bet_reference,
            amount=amount,
        )
        return self._commit(lambda connection: unbet.settle_bet(connection, made))

    def cancel(self, *cancels: Cancel, hold_unknown: bool = False) -> list[Decision]:
        return self._commit(
            lambda connection: reverse(connection, cancels, hold_unknown=hold_unknown)
        )

    def freeze(self, user_id: str = "alice") -> None:
        self._commit(lambda connection: unbet.freeze(connection, user_id))

    def unfreeze(self, user_id: str = "alice") -> None:
        self._commit(lambda connection: unbet.unfreeze(connection, user_id))

    def balance(self, user_id: str = "alice", currency: str = "EUR") -> unbet.Balance:
        with self.engine.connect() as connection:
            return unbet.balance(connection, user_id, currency)

    def _commit(self, work: Callable[[Connection], Result]) -> Result:
        def once() -> Result:
            with self.engine.begin() as connection:
                return work(connection)

        # On a slow machine a player's account is held longer than the lock timeout.
        deadline = time.monotonic() + 10
        return retry_until(deadline, once, again=frozenset({Fault.LOCKED}), report=lambda *_: None)
