"""Which wallet decides: the one that `UNBET_WALLET` names."""

from collections.abc import Callable

from sqlalchemy import Connection, Engine

from unbet.runtime.settings import SettingsError, WalletSettings
from unbet.wallets import sql
from unbet.wallets.ledger.reversal import LedgerWallet
from unbet.wallets.ledger.sweeping import reverse_parked
from unbet.wallets.port import Wallet
from unbet.wallets.sql import SqlWallet


def wallet_for(settings: WalletSettings, engine: Engine, *, parked: bool = False) -> Wallet:
    """The wallet, on the journal's `engine`. With `parked` it decides what is parked, removes it
    there, and does not wait for locks: the sweep comes by again."""
    if settings.wallet == "sql":
        return SqlWallet(engine, parked=True, lock_wait_s=0.0) if parked else SqlWallet(engine)
    if parked:
        return LedgerWallet(
            engine, hold_unknown=settings.holds_unknown, decide=reverse_parked, lock_wait_s=0.0
        )
    return LedgerWallet(engine, hold_unknown=settings.holds_unknown)


def required_of(settings: WalletSettings) -> tuple[Callable[[Connection], None], ...]:
    """What the database has to be like for the wallet, for `check_database`. Raises
    `SettingsError` for what the wallet cannot do."""
    if settings.wallet == "ledger":
        return ()
    if settings.holds_unknown:
        raise SettingsError(
            "UNBET_UNKNOWN_REFERENCE is hold, and UNBET_WALLET is sql: only the built-in ledger "
            "can hold the cancel of an unknown bet. What your function does with one is yours."
        )
    return (sql.require_function,)
