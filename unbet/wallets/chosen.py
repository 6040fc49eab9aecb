"""The wallet that `UNBET_WALLET` names."""

from importlib import import_module
from typing import Final, Protocol

from sqlalchemy import Engine

from unbet.runtime.settings import SettingsError
from unbet.wallets.port import Wallet

_OURS: Final = {"ledger": "unbet.wallets.ledger.making:make"}


class Factory(Protocol):
    """Makes a wallet. It opens no connection: the process forks afterwards."""

    def __call__(self, engine: Engine, *, hold_unknown: bool, parked: bool) -> Wallet:
        """`engine` is the journal's. With `parked` the wallet decides for the sweep: it removes
        what it decides from parking, in the same transaction."""
        ...


def wallet_for(name: str, engine: Engine, *, hold_unknown: bool, parked: bool = False) -> Wallet:
    """One of ours, or what `package.module:factory` makes. Raises `SettingsError`."""
    module, _, factory = _OURS.get(name, name).partition(":")
    try:
        make: Factory = getattr(import_module(module), factory)
        wallet = make(engine, hold_unknown=hold_unknown, parked=parked)
        keeps_journal = wallet.abilities.keeps_journal
    except Exception as error:  # whatever a module of the operator's raises
        why = f"{type(error).__name__}: {error}"
        raise SettingsError(f"UNBET_WALLET has a wrong value: {name!r}: {why}") from error
    if not keeps_journal:
        raise SettingsError(
            f"UNBET_WALLET has a wrong value: {name!r} keeps no journal, and nobody else would."
        )
    return wallet
