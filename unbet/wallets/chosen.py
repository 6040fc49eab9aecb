"""The wallets that `UNBET_WALLET` and the endpoints name."""

from collections.abc import Callable
from importlib import import_module
from typing import Any, Final, Protocol

from sqlalchemy import Connection, Engine

from unbet.runtime.settings import SettingsError
from unbet.runtime.wallet_choice import WalletChoice
from unbet.wallets.checked import CheckedWallet
from unbet.wallets.dry_run import NotAsked
from unbet.wallets.port import Wallet
from unbet.wallets.promises import why_refused
from unbet.wallets.recorded import RecordedWallet
from unbet.wallets.without_rounds import WithoutRounds

_OURS: Final = {
    "ledger": "unbet.wallets.ledger.making:make",
    "sql": "unbet.wallets.sql.making:make",
    "http": "unbet.wallets.http.making:make",
}
_TO_ASK: Final = {"sql": "unbet.wallets.sql.making:make_to_ask"}
_REQUIRED: Final = {"sql": "unbet.wallets.sql.making:require_function"}
_DRY_RUNS: Final = {
    "ledger": "unbet.wallets.ledger.making:make_dry_run",
    "sql": "unbet.wallets.sql.making:make_dry_run",
    "http": "unbet.wallets.http.making:make_dry_run",
}


class Factory(Protocol):
    """Makes a wallet. It opens no connection and starts no thread: the process forks afterwards."""

    def __call__(self, engine: Engine, *, hold_unknown: bool, parked: bool) -> Wallet:
        """`engine` is the journal's. With `parked` the wallet decides for the sweep: one that
        keeps the journal removes what it decides from parking, in the same transaction."""
        ...


class DryRunFactory(Protocol):
    """Makes what takes the place of a wallet in a dry run: its `cancel` says what the wallet would
    decide, and changes nothing."""

    def __call__(self, engine: Engine, *, hold_unknown: bool) -> Wallet: ...


def wallet_for(
    name: str,
    engine: Engine,
    *,
    hold_unknown: bool,
    parked: bool = False,
    person_decides: bool = False,
    variable: str = "UNBET_WALLET",
) -> Wallet:
    """One of ours, or what `package.module:factory` makes. With `person_decides` it may be one that
    does not remember what it has decided. Raises `SettingsError`, which blames `variable`."""
    wallet = _made(name, engine, variable, hold_unknown=hold_unknown, parked=parked)
    abilities = wallet.abilities
    problem = why_refused(abilities, person_decides=person_decides)
    if problem is not None:
        raise SettingsError(f"{variable} has a wrong value: {name!r} {problem}")
    if not abilities.keeps_journal:
        wallet = RecordedWallet(engine, wallet, name, parked=parked)
    return wallet if abilities.cancels_rounds else WithoutRounds(wallet)


def wallet_to_ask(name: str, engine: Engine) -> Wallet:
    """The wallet to be asked again what the journal has its decision of: nothing is recorded, and
    what can be rolled back is. Raises `SettingsError`."""
    if name in _TO_ASK:
        wallet: Wallet = _imported(_TO_ASK[name])(engine)
        return wallet
    return _made(name, engine, "UNBET_WALLET", hold_unknown=False, parked=False)


def wallets_for(
    choice: WalletChoice,
    engine: Engine,
    *,
    hold_unknown: bool,
    parked: bool = False,
    person_decides: bool = False,
) -> dict[str, Wallet]:
    """Each wallet that decides somebody's cancels, by name. Raises `SettingsError`."""
    return {
        name: wallet_for(
            name,
            engine,
            hold_unknown=hold_unknown,
            parked=parked,
            person_decides=person_decides,
            variable=choice.variable_of(name),
        )
        for name in choice.distinct_routes()
    }


def _made(name: str, engine: Engine, variable: str, *, hold_unknown: bool, parked: bool) -> Wallet:
    path = _OURS.get(name, name)
    try:
        make: Factory = _imported(path)
        wallet = make(engine, hold_unknown=hold_unknown, parked=parked)
        return wallet if name in _OURS else CheckedWallet(wallet)
    except SettingsError:  # which names its own variable
        raise
    except Exception as error:  # whatever a module of the operator's raises
        why = f"{type(error).__name__}: {error}"
        raise SettingsError(f"{variable} has a wrong value: {name!r}: {why}") from error


def dry_runs_for(choice: WalletChoice, engine: Engine, *, hold_unknown: bool) -> dict[str, Wallet]:
    """In the place of each wallet, by its name. A wallet in Python is not asked."""
    made: dict[str, Wallet] = {
        name: _imported(_DRY_RUNS[name])(engine, hold_unknown=hold_unknown)
        if name in _DRY_RUNS
        else NotAsked()
        for name in choice.distinct_routes()
    }
    return {
        name: wallet if wallet.abilities.cancels_rounds else WithoutRounds(wallet)
        for name, wallet in made.items()
    }


def required_of(*names: str) -> tuple[Callable[[Connection], None], ...]:
    """What wallets require of the journal's database, for `check_database`."""
    return tuple(_imported(_REQUIRED[name]) for name in names if name in _REQUIRED)


def _imported(path: str) -> Any:
    module, _, attribute = path.partition(":")
    return getattr(import_module(module), attribute)
