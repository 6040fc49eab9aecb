"""The possible outcomes of a cancel."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """In the ledger's words; what the provider hears for each is the receiver's matter."""

    REVERSED = "reversed"
    """The bet was undone: each account has its part of the stake back."""

    NO_BET = "no_bet"
    """No such bet; a tombstone keeps it from ever being placed."""

    BET_REFUSED = "bet_refused"
    """The operator had refused the bet: nothing to give back."""

    SETTLED = "settled"
    """The bet already had its result: too late to cancel."""

    MISMATCH = "mismatch"
    """The bet is another player's. Binds nobody: the owner's own cancel still works."""

    CURRENCY_MISMATCH = "currency_mismatch"
    """The bet is in another currency. Binds nobody: the correct cancel still works."""

    AMOUNT_MISMATCH = "amount_mismatch"
    """The request names another amount than the bet's stake. Binds nobody: the correct cancel still
    works."""

    BATCH_REFUSED = "batch_refused"
    """Another bet of the same request cannot be cancelled, or is not the one that the request
    describes: nothing of the request is done. Binds nobody: a request without that bet still
    works."""

    CLOSED = "closed"
    """A person has closed the cancel: nothing is returned, and nobody is to ask again, unless a
    person reopens it."""

    PARKED = "parked"
    """Not decided yet: kept in the ledger, to be finished there."""


MISMATCHES: Final = frozenset(
    {
        Outcome.MISMATCH,
        Outcome.CURRENCY_MISMATCH,
        Outcome.AMOUNT_MISMATCH,
        Outcome.BATCH_REFUSED,
    }
)
"""The bet is not the one that the request describes: nothing of it is told."""

BINDS_NOTHING: Final = MISMATCHES | {Outcome.CLOSED}
"""With these a wallet has decided nothing of the bet: the right cancel, or the same after a person
has reopened it, still gets its decision."""


def sql_list(outcomes: Iterable[Outcome]) -> str:
    """As `IN` takes them; they have no characters to be escaped."""
    names = ", ".join(f"'{outcome}'" for outcome in sorted(outcomes))
    return f"({names})"
