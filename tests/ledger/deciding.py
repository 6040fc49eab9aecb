"""A group that is decided as a worker does it, and what came of it."""

import time
from collections.abc import Iterator, Sequence

from sqlalchemy import Engine

from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.database.transaction import RETRY_FOR_S
from unbet.wallets.chosen import wallet_for
from unbet.wallets.ledger.reversal import LOCK_WAIT_S, Decide, LedgerWallet
from unbet.wallets.port import Decided, Undecided
from unbet.wallets.undecided import keep_undecided
from worker.sweep import Sweep

GENEROUS_S = 5.0
"""Far above what it takes, far below what the provider waits."""


def outcomes(parts: list[list[Decision]], cancels: list[Cancel]) -> dict[str, Outcome]:
    """The outcome of each reference, each decided once."""
    decided = {d.request_id: d.outcome for part in parts for d in part}
    assert sum(map(len, parts)) == len(decided) == len(cancels)
    return {c.reference: decided[c.request_id] for c in cancels}


def sweep_of(engine: Engine, *, hold_unknown: bool = False) -> Sweep:
    """A sweep of the built-in ledger."""
    wallet = wallet_for("ledger", engine, hold_unknown=hold_unknown, parked=True)
    return Sweep(engine, wallet)


def apply(
    engine: Engine,
    cancels: Sequence[Cancel],
    *,
    decide: Decide | None = None,
    within_s: float = RETRY_FOR_S,
    lock_wait_s: float = LOCK_WAIT_S,
) -> Iterator[list[Decision]]:
    """By the built-in ledger; what it leaves undecided is parked."""
    deadline = time.monotonic() + within_s
    wallet = LedgerWallet(engine, decide=decide, lock_wait_s=lock_wait_s)
    for verdicts in wallet.cancel(cancels, deadline):
        left = [one for one in verdicts if isinstance(one, Undecided)]
        decisions = [one.decision for one in verdicts if isinstance(one, Decided)]
        yield decisions + keep_undecided(engine, left, deadline)
