"""The wallet port: what the house asks of whatever keeps the bets' money, and what it is told."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome

MAX_WALLET_REF: Final = 200
SWEEP_CALLS_S: Final = 20.0
"""The sweep's deadline for a wallet behind a network: two calls of the longest that may be set. A
call ends by its own limit, which is shorter as a rule."""


class Memory(StrEnum):
    """How long a wallet knows that it has decided a cancel."""

    FOR_EVER = "for ever"
    FOR_A_TIME = "a time"
    NOT = "not"


@dataclass(frozen=True)
class Abilities:
    """What a wallet can do; which promises hold on it follows from this."""

    remembers: Memory
    closes_unknown: bool
    """After a cancel of a bet that is not there it refuses that bet, for ever (P4)."""
    tells_cash: bool
    """It says what cash the player has right after the first decision."""
    finds: bool
    """It can say what it has decided, without deciding."""
    max_together: int
    """Cancels in one call."""
    keeps_journal: bool
    """It decides in a transaction of the journal's database and writes the journal in it: one
    commit. Otherwise its decisions are written to the journal after it has told them."""
    cancels_rounds: bool = False
    """It takes a cancel that is `of_round`: all bets of the round, and those to come (P4 for the
    latter as `closes_unknown` says). Its key is apart from that of a bet of the same name."""
    remembers_s: float = math.inf
    """With `Memory.FOR_A_TIME`: for how many seconds."""

    @property
    def may_ask_again_for_s(self) -> float:
        """How long after it was first asked a wallet may be asked the same again."""
        limits = {Memory.FOR_EVER: math.inf, Memory.FOR_A_TIME: self.remembers_s, Memory.NOT: 0.0}
        return limits[self.remembers]


class Why(StrEnum):
    """Why a cancel has no decision, and so what becomes of it."""

    BUSY = "busy"
    """Somebody else holds what it needs. It is tried again; this was no try."""
    AWAY = "away"
    """The wallet cannot work for anybody. It is tried again; this was no try."""
    UNANSWERED = "unanswered"
    """Asked alone, it got no answer of the wallet's: it may be done or not. It is asked again with
    the same key; this was no try, since a wallet may hang or be broken for hours."""
    AMBIGUOUS = "ambiguous"
    """The wallet's answer decides nothing: it may be done or not. It is asked again with the same
    key, a limited number of times."""
    REJECTED = "rejected"
    """The wallet cannot take it, however often it is asked: a person has to look."""


class Decided(NamedTuple):
    """A cancel that has its outcome, for good."""

    decision: Decision
    replayed: bool | None = None
    """Whether it was decided before; None if the wallet does not say."""
    wallet_ref: str | None = None
    """The wallet's own name for what it has booked, at most `MAX_WALLET_REF` characters."""
    late: Outcome | None = None
    """What became of a bet that came after `decision` had been recorded as `no_bet`. No wallet
    says this: whatever records its decisions does."""

    @property
    def waits_for_a_person(self) -> bool:
        """Whether nothing was returned, although the bet was cancelled: it is dead in parking."""
        return self.late is Outcome.SETTLED


class Undecided(NamedTuple):
    """A cancel that has none yet."""

    cancel: Cancel
    why: Why
    reason: str
    """In a word or two, for a person."""
    detail: str
    """What the wallet said."""


Verdict = Decided | Undecided


class Wallet(Protocol):
    """Decides cancels. Synchronous: workers are processes.

    The key of a cancel is its provider, its reference and whether that is a round's, the same for
    every try, for ever: whatever a wallet is told twice it decides once, and tells the same both
    times. "Not there" is an outcome.
    """

    @property
    def abilities(self) -> Abilities: ...

    def cancel(self, cancels: Sequence[Cancel], deadline: float) -> Iterator[Sequence[Verdict]]:
        """Decide `cancels` until `deadline`, in seconds of the monotonic clock.

        Verdicts are yielded as they become final, in parts if some take longer than others. A
        cancel that is not yielded is ambiguous. Raises `LedgerAwayError` where the database that
        the journal is in is away.
        """
        ...
