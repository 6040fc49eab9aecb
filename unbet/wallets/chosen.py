"""Chooses the wallet that decides: `UNBET_WALLET` names it."""

from collections.abc import Callable

from sqlalchemy import Connection, Engine

from unbet.runtime.settings import SettingsError, WalletSettings
from unbet.wallets import sql
from unbet.wallets.http.settings import HttpWalletSettings
from unbet.wallets.http.wallet import HttpWallet
from unbet.wallets.ledger.reversal import LedgerWallet
from unbet.wallets.ledger.sweeping import reverse_parked
from unbet.wallets.port import Wallet
from unbet.wallets.recorded import RecordedWallet
from unbet.wallets.sql import SqlWallet

MAX_CONNECT_S = 1.0


def wallet_for(settings: WalletSettings, engine: Engine, *, parked: bool = False) -> Wallet:
    """The wallet, on the journal's `engine`. With `parked` it decides parked cancels, removes them
    there, and does not wait for locks: the next round tries again. Raises `SettingsError`."""
    if settings.wallet == "http":
        return RecordedWallet(engine, HttpWallet(_http_settings(settings)), parked=parked)
    if settings.wallet == "sql":
        return SqlWallet(engine, parked=True, lock_wait_s=0.0) if parked else SqlWallet(engine)
    if parked:
        return LedgerWallet(
            engine, hold_unknown=settings.holds_unknown, decide=reverse_parked, lock_wait_s=0.0
        )
    return LedgerWallet(engine, hold_unknown=settings.holds_unknown)


def required_of(settings: WalletSettings) -> tuple[Callable[[Connection], None], ...]:
    """What the wallet requires of the database, for `check_database`. Raises `SettingsError` for
    what the wallet cannot do."""
    if settings.wallet == "ledger":
        return ()
    if settings.holds_unknown:
        raise SettingsError(
            f"UNBET_UNKNOWN_REFERENCE is hold, and UNBET_WALLET is {settings.wallet}: only the "
            "built-in ledger can hold the cancel of an unknown bet. Your wallet decides it."
        )
    if settings.wallet == "http":
        _http_settings(settings)
        return ()
    return (sql.require_function,)


def _http_settings(settings: WalletSettings) -> HttpWalletSettings:
    if settings.wallet_url is None:
        raise SettingsError("UNBET_WALLET is http, and UNBET_WALLET_URL is not set.")
    try:
        return HttpWalletSettings(
            url=settings.wallet_url,
            secrets=tuple(secret.get_secret_value() for secret in settings.wallet_secrets),
            max_together=settings.wallet_max_together,
            calls_at_once=settings.wallet_calls_at_once,
            connect_limit_s=min(MAX_CONNECT_S, settings.wallet_call_limit_s),
            call_limit_s=settings.wallet_call_limit_s,
        )
    except ValueError as error:
        raise SettingsError(f"UNBET_WALLET is http: {error}.") from None
