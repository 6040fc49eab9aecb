"""Finds bets that came after their cancel, on a wallet that cannot refuse them: it is asked again
about what it did not know, and reverses what has come since."""

import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import Engine

from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.core.providers import ALL, Providers
from unbet.database.deadlines import CALL_LIMIT_S, run_within
from unbet.database.faults import LedgerAwayError
from unbet.journal.watching import count_looks, lease
from unbet.runtime import metrics
from unbet.wallets.port import SWEEP_CALLS_S, Decided, Undecided, Verdict, Wallet, Why
from unbet.wallets.undecided import keep_undecided

INTERVAL_S: Final = 1.0
MAX_IN_INTERVAL: Final = 256
"""Cancels that one sweep asks about in this time: a wallet's live calls come first."""
ASK_FOR_S: Final = 1.0
"""No group is begun later than this: what is parked waits for it."""
MAX_PAUSE_S: Final = 15.0

_UNCLEAR: Final = frozenset({Why.AMBIGUOUS, Why.REJECTED})

log = structlog.get_logger("wallet")


class LateBetDetection:
    """Belongs to one sweep, and is about the bets of `providers`. `wallet` leaves out what is
    neither parked nor watched any more."""

    def __init__(
        self,
        engine: Engine,
        wallet: Wallet,
        providers: Providers = ALL,
        *,
        interval_s: float = INTERVAL_S,
    ) -> None:
        self._engine = engine
        self._interval_s = interval_s
        self._providers = providers
        self._wallet = wallet
        self._next = 0.0
        self._pause_s = self._interval_s

    def look(self) -> None:
        """Ask about the watched cancels that are due, in groups; at most `MAX_IN_INTERVAL` in
        `interval_s`, however often it is called. While the wallet decides nothing it is asked less
        often, and no look is used up. Raises a `DBAPIError` when the journal is away."""
        if self._wallet.abilities.closes_unknown or time.monotonic() < self._next:
            return
        began = time.monotonic()
        self._next = began + self._interval_s
        group = min(self._wallet.abilities.max_together, MAX_IN_INTERVAL)
        for _ in range(MAX_IN_INTERVAL // group):
            take = partial(lease, most=group, providers=self._providers)
            cancels = run_within(self._engine, CALL_LIMIT_S, take)
            if not cancels:
                return
            if not self._ask(cancels):
                self._pause_s = min(2 * self._pause_s, MAX_PAUSE_S)
                self._next = time.monotonic() + self._pause_s
                return
            self._pause_s = self._interval_s
            if time.monotonic() > began + ASK_FOR_S:
                return

    def _ask(self, cancels: Sequence[Cancel]) -> bool:
        """Whether the wallet has decided any of them."""
        decided = False
        deadline = time.monotonic() + SWEEP_CALLS_S
        try:
            for verdicts in self._wallet.cancel(cancels, deadline):
                known = [one.decision.request_id for one in verdicts if isinstance(one, Decided)]
                # The sweep goes on with these, and a person in the end. They use up a look as well.
                unclear = [
                    one for one in verdicts if isinstance(one, Undecided) and one.why in _UNCLEAR
                ]
                known += [one.request_id for one in keep_undecided(self._engine, unclear, deadline)]
                run_within(self._engine, CALL_LIMIT_S, partial(count_looks, request_ids=known))
                decided = decided or len(known) > len(unclear)
        except LedgerAwayError as error:
            log.warning("late bets were not looked for", error=str(error))
        return decided


def with_late(one: Decided, late: Mapping[UUID, Outcome]) -> Decided:
    """What is told of a cancel whose bet is in `late`: its first outcome, as the journal has it."""
    request_id = one.decision.request_id
    if request_id not in late:
        return one
    first = Decision(
        request_id=request_id,
        outcome=Outcome.NO_BET,
        currency=one.decision.currency,
        replayed=one.decision.replayed,
    )
    return one._replace(decision=first, late=late[request_id])


def report_late(verdicts: Iterable[Verdict], cancels: Iterable[Cancel]) -> None:
    """Log the late bets among `verdicts`, once they are in the journal."""
    late = {
        one.decision.request_id: one.late
        for one in verdicts
        if isinstance(one, Decided) and one.late is not None
    }
    for cancel in cancels if late else ():
        if outcome := late.get(cancel.request_id):
            metrics.DEAD.inc(outcome is Outcome.SETTLED)
            write = log.error if outcome is Outcome.SETTLED else log.warning
            write(
                "the bet came after its cancel",
                request_id=str(cancel.request_id),
                reference=cancel.reference,
                uuid=cancel.uuid,
                outcome=outcome.value,
            )
