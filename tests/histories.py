"""Stories of plain values: bet "r1" of alice, 10.00 EUR, at 17:00; what else happens is said in
seconds after that."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from tests.making import PROVIDER, cancel_of
from unbet.core.outcomes import Outcome
from unbet.history.records import (
    AnswerRecord,
    BetRecord,
    EntryRecord,
    History,
    InterventionRecord,
    LateBetRecord,
    ParkedRecord,
    ParkingHistoryRecord,
    RequestRecord,
    TransferRecord,
    WinRecord,
)
from unbet.wallets.ledger.operations import Refusal

STAKE, REVERSAL, WIN = 1, 2, 3
"""The transfers' ids."""

SESSION = "hidden-session"


def at(seconds: float) -> datetime:
    return datetime(2026, 11, 24, 17, 0, tzinfo=UTC) + timedelta(seconds=seconds)


def history(
    bet: BetRecord | None = None,
    *requests: RequestRecord,
    parked: tuple[ParkedRecord, ...] = (),
    parking_history: tuple[ParkingHistoryRecord, ...] = (),
    interventions: tuple[InterventionRecord, ...] = (),
    late_bets: tuple[LateBetRecord, ...] = (),
    transfers: tuple[TransferRecord, ...] = (),
    wins: tuple[WinRecord, ...] = (),
    wallet: str = "ledger",
    asked_at: datetime | None = None,
) -> History:
    return History(
        provider=PROVIDER,
        reference="r1",
        wallet=wallet,
        asked_at=asked_at,
        bet=bet,
        requests=requests,
        parked=parked,
        parking_history=parking_history,
        interventions=interventions,
        late_bets=late_bets,
        transfers=transfers,
        wins=wins,
    )


def bet(
    state: str = "placed",
    *,
    amount: str | None = "10.00",
    refusal: Refusal | None = None,
    outcome: Outcome | None = None,
    by: RequestRecord | None = None,
) -> BetRecord:
    """`by` is the cancel that bound it."""
    return BetRecord(
        state=state,
        user_id="alice",
        currency="EUR",
        amount=None if amount is None else Decimal(amount),
        created_at=at(0) if by is None or amount else by.decided_at,
        refusal=refusal,
        outcome=by.outcome if by else outcome,
        cancelled_at=by.decided_at if by else None,
        cancel_request_id=by.request_id if by else None,
        reversal_id=REVERSAL if state == "reversed" else None,
        cash_after=None,
    )


def request(
    seconds: float,
    outcome: Outcome = Outcome.REVERSED,
    *,
    uuid: str = "u1",
    code: int | None = 0,
    decided_after: float = 0.01,
    shared_by: tuple[str, ...] = (),
) -> RequestRecord:
    """A cancel that was decided; `code` None for one whose answer is not noted."""
    request_id = uuid4()
    put_off = code in (100, 998)
    told = Outcome.PARKED if put_off else outcome
    own = [] if code is None else [answer(request_id, seconds, uuid, code, told)]
    return RequestRecord(
        request_id=request_id,
        uuid=uuid,
        user_id="alice",
        currency="EUR",
        dialect="lucky-monaco-v4",
        received_at=at(seconds),
        received_from="192.0.2.1",
        outcome=outcome,
        decided_at=at(seconds + decided_after),
        body=json.dumps({"sessionId": SESSION}),
        answers=(
            *own,
            *(
                answer(uuid4(), seconds + 0.001, sharer, code or 0, told, request_id)
                for sharer in shared_by
            ),
        ),
    )


def told_by(
    wallet: str,
    of: RequestRecord,
    *,
    ref: str | None = None,
    replayed: bool | None = None,
    cash: str | None = None,
) -> RequestRecord:
    """`of`, decided by a wallet that is not the ledger."""
    told = {"wallet": wallet, "wallet_ref": ref, "replayed": replayed}
    return of.model_copy(update=told | {"cash": None if cash is None else Decimal(cash)})


def answer(
    request_id: UUID,
    seconds: float,
    uuid: str,
    code: int,
    outcome: Outcome,
    shared: UUID | None = None,
) -> AnswerRecord:
    return AnswerRecord(
        request_id=request_id,
        shared_request_id=shared,
        uuid=uuid,
        received_at=at(seconds),
        received_from="192.0.2.1",
        outcome=outcome,
        code=str(code),
        seconds=Decimal("7.000") if outcome is Outcome.PARKED else Decimal("0.020"),
        answered_at=at(seconds + 60),
    )


def parked(
    seconds: float, state: str = "parked", *, tries: int = 3, error: str | None = None
) -> ParkedRecord:
    """A cancel of an unknown reference that came a second before it was parked."""
    cancel = cancel_of("r1", uuid="u9").model_copy(update={"received_at": at(seconds - 1)})
    told = answer(cancel.request_id, seconds - 1, "u9", 100, Outcome.PARKED)
    return ParkedRecord(
        request_id=cancel.request_id,
        state=state,
        reason="unknown reference",
        tries=tries,
        last_error=error,
        parked_at=at(seconds),
        next_try_at=at(seconds + 60),
        cancel=cancel.model_copy(update={"body": SESSION}).model_dump_json(),
        answers=(told,),
    )


def parking(
    of: RequestRecord, seconds: float, reason: str, error: str | None = None
) -> ParkingHistoryRecord:
    """That `of` was parked before it was decided."""
    return ParkingHistoryRecord(
        request_id=of.request_id,
        reason=reason,
        tries=1,
        last_error=error,
        parked_at=at(seconds),
        decided_at=of.decided_at,
    )


def intervention(
    seconds: float, action: str, of: ParkedRecord, reason: str | None
) -> InterventionRecord:
    return InterventionRecord(
        request_id=of.request_id, action=action, made_by="anna", made_at=at(seconds), reason=reason
    )


def late_bet(seconds: float, amount: str = "10.00") -> LateBetRecord:
    return LateBetRecord(
        user_id="alice", currency="EUR", amount=Decimal(amount), refused_at=at(seconds)
    )


def stake(*legs: tuple[str, str, str]) -> TransferRecord:
    """Legs as (account, amount, balance after); the operator's entry comes with them."""
    return transfer(STAKE, "bet", 0, *legs)


def transfer(number: int, kind: str, seconds: float, *legs: tuple[str, str, str]) -> TransferRecord:
    entries = [
        EntryRecord(
            owner="alice",
            kind=account,
            currency="EUR",
            amount=Decimal(amount),
            balance_after=Decimal(after),
        )
        for account, amount, after in legs
    ]
    house = -sum((entry.amount for entry in entries), Decimal())
    if entries:
        entries.append(
            EntryRecord(
                owner=PROVIDER, kind="house", currency="EUR", amount=house, balance_after=None
            )
        )
    return TransferRecord(id=number, kind=kind, created_at=at(seconds), entries=tuple(entries))


def win(
    seconds: float,
    amount: str,
    *,
    of: str = "r1",
    refusal: Refusal | None = None,
    paid: int | None = None,
) -> WinRecord:
    return WinRecord(
        reference="w1",
        bet_reference=of,
        amount=Decimal(amount),
        refusal=refusal,
        transfer_id=paid,
        created_at=at(seconds),
    )
