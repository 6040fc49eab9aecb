"""The records of one reference: frozen values, read by `explain.py`.

(Over 250 lines: together they are one document, of which each record is a part.)
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from unbet.core.outcomes import BINDS_NOTHING, Outcome
from unbet.core.wallet_names import LEDGER
from unbet.wallets.ledger.operations import Refusal


def _as_written(code: str) -> int | str:
    """The journal has all codes as text."""
    return int(code) if code.isdecimal() and str(int(code)) == code else code


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class BetRecord(_Record):
    """The bet, or the tombstone in its place."""

    state: str
    user_id: str | None
    currency: str | None
    """Both are None for the tombstone of a cancel that does not say them."""
    amount: Decimal | None
    """The stake; None for a tombstone."""
    created_at: datetime
    refusal: Refusal | None
    """Why the operator refused the bet."""
    outcome: Outcome | None
    """What the first cancel that the bet accepted got; None if there was none."""
    cancelled_at: datetime | None
    cancel_request_id: UUID | None
    reversal_id: int | None
    cash_after: Decimal | None
    round_id: str | None = None
    """None if the bet did not say it."""


class CancelledRoundRecord(_Record):
    """What is cancelled of a round, with all that comes of it later."""

    user_id: str
    """Whose bets; '' for all players'."""
    currency: str
    """'' for all."""
    outcome: Outcome
    """What the first cancel got."""
    cancelled_at: datetime
    cancel_request_id: UUID
    cash_after: Decimal | None


class RoundBetRecord(BetRecord):
    """A bet of a round."""

    reference: str


class RoundRecord(_Record):
    """What the ledger has of a round."""

    cancelled: tuple[CancelledRoundRecord, ...]
    bets: tuple[RoundBetRecord, ...]


class AnswerRecord(_Record):
    """What the provider was told, as far as the receiver could note it."""

    request_id: UUID
    shared_request_id: UUID | None
    """The equal request whose wait this one shared: only that one reached the ledger."""
    uuid: str
    received_at: datetime
    received_from: str
    outcome: Outcome | None
    code: Annotated[int | str, BeforeValidator(_as_written)]
    """As the provider's dialect writes it."""
    seconds: Decimal
    answered_at: datetime


class RequestRecord(_Record):
    """One cancel that was decided."""

    request_id: UUID
    uuid: str
    user_id: str | None
    """As the request says it, and None where it does not; so are the next two."""
    currency: str | None
    amount: Decimal | None = None
    """The stake."""
    batch: UUID | None = None
    """The same for all cancels of a request that asks for several bets."""
    dialect: str
    received_at: datetime
    received_from: str
    outcome: Outcome
    decided_at: datetime
    body: str
    """As the provider sent it: with the player's session."""
    wallet: str | None = None
    """Which wallet told the outcome, and what follows; None for the built-in ledger, whose own rows
    say it."""
    wallet_ref: str | None = None
    """The wallet's own name for what it has booked."""
    cash: Decimal | None = None
    """The player's, right after the first decision; None also where the wallet does not tell it."""
    replayed: bool | None = None
    """Whether the wallet had decided it before; None also where it does not say."""
    of_round: bool = False
    """It is for all bets of a round."""
    answers: tuple[AnswerRecord, ...] = ()


class ParkedRecord(_Record):
    """A cancel that has no final outcome yet."""

    request_id: UUID
    state: str
    reason: str
    tries: int
    last_error: str | None
    parked_at: datetime
    next_try_at: datetime
    batch: UUID | None = None
    """As with a request."""
    cancel: str
    """As the message carried it, JSON: with the player's session."""
    answers: tuple[AnswerRecord, ...] = ()


class BatchMember(_Record):
    """One of the cancels of a request that asks for several bets."""

    batch: UUID
    request_id: UUID
    reference: str
    outcome: Outcome | None
    """None: not decided yet."""
    state: str | None
    """Where it is parked, of one that is not decided: `parked`, `dead` or `closed`."""


class ParkingHistoryRecord(_Record):
    """A cancel that was parked before it got its outcome."""

    request_id: UUID
    reason: str
    tries: int
    """With the one that decided it."""
    last_error: str | None
    parked_at: datetime
    decided_at: datetime


class InterventionRecord(_Record):
    """What a person did to a parked cancel."""

    request_id: UUID
    action: str
    """`retry`, `close` or `reopen`."""
    made_by: str
    made_at: datetime
    reason: str | None


class LateBetRecord(_Record):
    """A bet that came after its cancel and was refused."""

    user_id: str
    currency: str
    amount: Decimal
    refused_at: datetime


class FoundLateRecord(_Record):
    """What a wallet said of a cancel that it had called `no_bet`: the bet came after it."""

    request_id: UUID
    outcome: Outcome
    wallet_ref: str | None
    found_at: datetime


class EntryRecord(_Record):
    """What a transfer did to one account."""

    owner: str
    kind: str
    currency: str
    amount: Decimal
    balance_after: Decimal | None
    """None on the operator's accounts."""


class TransferRecord(_Record):
    """Money that moved."""

    id: int
    kind: str
    created_at: datetime
    entries: tuple[EntryRecord, ...] = ()


class WinRecord(_Record):
    """A result of the bet, or the win that has this reference itself."""

    reference: str
    bet_reference: str
    amount: Decimal
    refusal: Refusal | None
    """None: it was paid."""
    transfer_id: int | None
    created_at: datetime


class OperationRecord(_Record):
    """A deposit, a withdrawal, a correction or a conversion of bonus."""

    kind: str
    reference: str
    user_id: str
    currency: str
    balance_type: str
    amount: Decimal
    """What that balance changes by: below zero where it is taken."""
    refusal: Refusal | None
    reason: str | None
    """Of a correction, as the next."""
    made_by: str | None
    created_at: datetime
    ended: str | None
    """`completion` or `release` of a withdrawal; None while it is held."""
    transfers: tuple[TransferRecord, ...]
    """None of one that was refused; two of a withdrawal that has ended."""


class History(_Record):
    """What is known of one reference at one provider; everything in the order of time. A round that
    has the name of a bet has a history of its own."""

    provider: str
    reference: str
    wallet: str = LEDGER
    """What keeps the bet's money: the wallet that decided it, or else the one that would."""
    asked_at: datetime | None = None
    """When a wallet outside this database was first asked, if it is not on record to have decided
    or to have done nothing."""
    look_at: datetime | None = None
    """When a wallet that cannot refuse late bets is asked next whether the bet has come since."""
    round: RoundRecord | None = None
    """The reference is a round's; then there is no bet, and the requests are for all its bets."""
    round_cancelled_at: datetime | None = None
    """When the round of the bet was cancelled, if it was."""
    bet: BetRecord | None
    """The ledger's. Where another wallet keeps the bet there is at most the tombstone of a cancel
    that a person has closed."""
    requests: tuple[RequestRecord, ...]
    parked: tuple[ParkedRecord, ...]
    parking_history: tuple[ParkingHistoryRecord, ...] = Field(serialization_alias="parkings")
    interventions: tuple[InterventionRecord, ...]
    late_bets: tuple[LateBetRecord, ...]
    found_late: tuple[FoundLateRecord, ...] = ()
    transfers: tuple[TransferRecord, ...]
    wins: tuple[WinRecord, ...]
    batches: tuple[BatchMember, ...] = ()
    """All cancels of the requests that ask for this bet and for others."""

    @property
    def decision(self) -> RequestRecord | None:
        """The first decision that a wallet other than the ledger has told, and that binds."""
        told = [one for one in self.requests if one.wallet and one.outcome not in BINDS_NOTHING]
        return min(told, key=lambda one: one.decided_at, default=None)
