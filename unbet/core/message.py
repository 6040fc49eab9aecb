"""The values that travel: cancels in groups to a worker, decisions back in replies. `wire.py`
writes them."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from unbet.core.fields import Amount, Currency, Reference, RequestName, UserId
from unbet.core.outcomes import Outcome

QUEUE: Final = "cancels"
"""The queue's name; its key in the broker begins with the deployment's (`presence.py`)."""

TASK: Final = "unbet.cancel"
"""The task's name. The receiver sends by name, so that it need not import the worker."""

QUEUED_AT: Final = "unbet_oldest"
"""The message's header that says when it was put on the queue, in seconds since 1970 by the clock
of the Redis that carries it: no other clock is compared with it. In version 1 the same header
had the receipt of the oldest cancel, by its receiver's clock."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Document(_Frozen):
    version: Literal[1, 2, 3, 4] = 1
    deployment: UUID | None = None
    """Whose it is; version 1 does not say."""


class Cancel(_Frozen):
    """One request to cancel a bet, on its way to the ledger."""

    request_id: UUID
    """Ours; waits, replies and parked rows are keyed by it, never by the reference."""
    received_at: datetime
    """When the body's last byte was read, UTC."""
    received_from: str
    """The sender's address."""
    provider: str
    """The endpoint's provider id: the ledger's key, not the spelling in the body."""
    dialect: str
    """The endpoint's dialect: which form the answer takes."""
    reference: Reference
    """Of the bet, or with `of_round` of the round."""
    player: UserId | None
    """As the provider names them; None where the request does not: then the bet's own."""
    currency: Currency | None
    """None where the request does not say it: then the bet's own."""
    uuid: RequestName
    """The provider's name for this request; a dialect without one derives it from the reference."""
    body: str
    """The request as the provider sent it, unknown fields included; without a body its query."""
    amount: Amount | None = None
    """What the request says of the bet's stake, in units of the currency; None if it does not."""
    batch: UUID | None = None
    """The request that asks for several bets: its cancels are decided in one transaction, if the
    wallet has transactions. None for a request of one bet."""
    of_round: bool = False
    """All bets of the round that `reference` names are cancelled, those to come as well."""


class Group(_Document):
    """The cancels that travel in one message, and where the reply goes."""

    reply_to: str
    """The Redis list of the receiver that waits."""
    cancels: tuple[Cancel, ...]
    wallets: Mapping[str, str] = {}
    """By provider, those that endpoints name; a worker that has another one decides nothing."""
    dry_run: bool = False
    """What would be decided is replied, and nothing is decided."""


class Decision(_Frozen):
    """What the ledger says of one cancel: all that any dialect's answer needs."""

    request_id: UUID
    outcome: Outcome
    transfer_id: int | None = None
    """The reversal's transfer, if there is one."""
    currency: str | None = None
    """The bet's currency; the cancel's own where there is no bet."""
    cash: Decimal | None = None
    """The player's cash balance right after the first decision, in units of the currency."""
    replayed: bool = False
    """Whether another request had this bet's outcome before; not written before version 4."""


class Reply(_Document):
    """The decisions of one group, or of a part of it; in the version of its group."""

    decisions: tuple[Decision, ...]
