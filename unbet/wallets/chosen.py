"""The wallet that `UNBET_WALLET` names."""

from collections.abc import Callable
from importlib import import_module
from typing import Any, Final, Protocol

from sqlalchemy import Connection, Engine

from unbet.runtime.settings import SettingsError
from unbet.wallets.checked import CheckedWallet
from unbet.wallets.port import Memory, Wallet
from unbet.wallets.recorded import RecordedWallet

_OURS: Final = {
    "ledger": "unbet.wallets.ledger.making:make",
    "sql": "unbet.wallets.sql.making:make",
    "http": "unbet.wallets.http.making:make",
}
_REQUIRED: Final = {"sql": "unbet.wallets.sql.making:require_function"}


class Factory(Protocol):
    """Makes a wallet. It opens no connection and starts no thread: the process forks afterwards."""

    def __call__(self, engine: Engine, *, hold_unknown: bool, parked: bool) -> Wallet:
        """`engine` is the journal's. With `parked` the wallet decides for the sweep: one that
        keeps the journal removes what it decides from parking, in the same transaction."""
        ...


def wallet_for(name: str, engine: Engine, *, hold_unknown: bool, parked: bool = False) -> Wallet:
    """One of ours, or what `package.module:factory` makes. Raises `SettingsError`."""
    path = _OURS.get(name, name)
    try:
        make: Factory = _imported(path)
        wallet = make(engine, hold_unknown=hold_unknown, parked=parked)
        if name not in _OURS:
            wallet = CheckedWallet(wallet)
        abilities = wallet.abilities
    except SettingsError:  # which names its own variable
        raise
    except Exception as error:  # whatever a module of the operator's raises
        why = f"{type(error).__name__}: {error}"
        raise SettingsError(f"UNBET_WALLET has a wrong value: {name!r}: {why}") from error
    if abilities.keeps_journal:
        return wallet
    if abilities.remembers is not Memory.FOR_EVER:
        raise SettingsError(
            f"UNBET_WALLET has a wrong value: {name!r} forgets what it has decided, and would "
            "decide it twice."
        )
    return RecordedWallet(engine, wallet, name, parked=parked)


def required_of(name: str) -> tuple[Callable[[Connection], None], ...]:
    """What the wallet requires of the journal's database, for `check_database`."""
    return (_imported(_REQUIRED[name]),) if name in _REQUIRED else ()


def _imported(path: str) -> Any:
    module, _, attribute = path.partition(":")
    return getattr(import_module(module), attribute)
