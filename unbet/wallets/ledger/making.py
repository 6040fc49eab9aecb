"""Makes the built-in ledger's wallet."""

from sqlalchemy import Engine

from unbet.wallets.ledger.reversal import LedgerWallet
from unbet.wallets.ledger.sweeping import reverse_parked


def make(engine: Engine, *, hold_unknown: bool, parked: bool) -> LedgerWallet:
    """As `chosen.Factory`."""
    if not parked:
        return LedgerWallet(engine, hold_unknown=hold_unknown)
    # It does not wait for locks: nobody waits for the sweep, and the next round tries again.
    return LedgerWallet(engine, hold_unknown=hold_unknown, decide=reverse_parked, lock_wait_s=0.0)
