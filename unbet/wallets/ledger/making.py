"""Makes the built-in ledger's wallet."""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine

from unbet.core.message import Cancel
from unbet.wallets.dry_run import RolledBack
from unbet.wallets.ledger.reversal import LedgerWallet, decide_cancels
from unbet.wallets.ledger.sweeping import reverse_parked
from unbet.wallets.port import Decided


def make(engine: Engine, *, hold_unknown: bool, parked: bool) -> LedgerWallet:
    """As `chosen.Factory`."""
    if not parked:
        return LedgerWallet(engine, hold_unknown=hold_unknown)
    # It does not wait for locks: nobody waits for the sweep, and the next round tries again.
    return LedgerWallet(engine, hold_unknown=hold_unknown, decide=reverse_parked, lock_wait_s=0.0)


def make_dry_run(engine: Engine, *, hold_unknown: bool) -> RolledBack:
    """As `chosen.DryRunFactory`."""

    def decide(connection: Connection, cancels: Sequence[Cancel]) -> list[Decided]:
        decisions = decide_cancels(connection, cancels, hold_unknown=hold_unknown)
        return [Decided(one) for one in decisions]

    return RolledBack(engine, LedgerWallet.abilities, decide)
