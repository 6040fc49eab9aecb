"""Reads what the function has returned. Anything but one good row for each cancel is a
`WrongAnswerError`: never a success."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import MISMATCHES, Outcome
from unbet.core.wallet_refs import number_of
from unbet.wallets.parts import WrongAnswerError
from unbet.wallets.port import MAX_WALLET_REF, Decided

_FINAL: Final = frozenset(Outcome) - {Outcome.PARKED, Outcome.BATCH_REFUSED}


def read_answer(cancels: Sequence[Cancel], rows: Sequence[Row[Any]]) -> list[Decided]:
    """The decisions in what the function has returned, in the order of `cancels`. Raises
    `WrongAnswerError` unless there is exactly one good row for each."""
    found: dict[UUID, Row[Any]] = {}
    requested = {cancel.request_id for cancel in cancels}
    for row in rows:
        if row.request_id not in requested:
            raise wrong(row.request_id, "was not asked about")
        if row.request_id in found:
            raise wrong(row.request_id, "is returned twice")
        found[row.request_id] = row
    for cancel in cancels:
        if cancel.request_id not in found:
            raise wrong(cancel.request_id, "is not returned")
    return [_decided(cancel, found[cancel.request_id]) for cancel in cancels]


def _decided(cancel: Cancel, row: Row[Any]) -> Decided:
    if row.outcome not in _FINAL:
        raise wrong(cancel.request_id, f"has the outcome {row.outcome!r}, which is none")
    outcome = Outcome(row.outcome)
    if outcome is Outcome.REVERSED and not row.wallet_ref:
        raise wrong(cancel.request_id, "is reversed, and has no wallet_ref to show for it")
    if row.wallet_ref is not None and len(row.wallet_ref) > MAX_WALLET_REF:
        raise wrong(cancel.request_id, f"has a wallet_ref of over {MAX_WALLET_REF} characters")
    if row.cash is not None and not (isinstance(row.cash, Decimal) and row.cash.is_finite()):
        raise wrong(cancel.request_id, f"has {row.cash!r} for cash")
    # Whose bet it is not gets neither its reference nor its player's cash.
    is_theirs = outcome not in MISMATCHES
    decision = Decision(
        request_id=cancel.request_id,
        outcome=outcome,
        transfer_id=number_of(row.wallet_ref) if is_theirs else None,
        currency=cancel.currency,
        cash=row.cash if is_theirs else None,
    )
    return Decided(decision, row.replayed, row.wallet_ref if is_theirs else None)


def wrong(request_id: object, problem: str) -> WrongAnswerError:
    return WrongAnswerError(f"unbet_cancel: request {request_id} {problem}")
