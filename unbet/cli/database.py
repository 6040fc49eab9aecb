"""The command line's connections to the ledger, and the messages for a person when one fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from unbet.core.wallet_names import LEDGER
from unbet.database.deployment import current
from unbet.database.engine import connect_to
from unbet.database.migrate import MIGRATION_LIMITS, migrate, require_schema
from unbet.runtime.settings import (
    DeploymentSettings,
    LedgerSettings,
    SettingsError,
    WalletNameSettings,
    load,
)
from unbet.runtime.wallet_choice import WalletChoice


class NoLedgerError(Exception):
    """A command of the built-in ledger's, where no wallet is the ledger."""


@contextmanager
def engine(limits: dict[str, str] | None = None, *, writes: bool = True) -> Iterator[Engine]:
    """An engine on `UNBET_DATABASE_URL`, migrated or not; without `writes` a standby will do.
    Raises `SettingsError`."""
    try:
        made = connect_to(
            load(LedgerSettings).database_url,
            name="command",
            pool_size=1,
            limits=limits,
            writes=writes,
        )
    except ValueError as error:
        raise SettingsError(f"UNBET_DATABASE_URL has a wrong value: {error}.") from None
    try:
        yield made
    finally:
        made.dispose()


@contextmanager
def ledger_engine(limits: dict[str, str] | None = None, *, writes: bool = True) -> Iterator[Engine]:
    """An engine on a database with this version's schema. Raises also `SchemaError`."""
    with engine(limits, writes=writes) as made:
        with made.connect() as connection:
            require_schema(connection)
        yield made


def migrated() -> str:
    """Bring the schema up to date; its revision."""
    with engine(MIGRATION_LIMITS) as made, made.begin() as connection:
        return migrate(connection)


@contextmanager
def transaction() -> Iterator[Connection]:
    """One transaction on the ledger, committed at the end."""
    with ledger_engine() as made, made.begin() as connection:
        yield connection


@contextmanager
def ledger_transaction() -> Iterator[Connection]:
    """One transaction on the built-in ledger's money, committed at the end. Raises also
    `NoLedgerError`."""
    require_ledger()
    with transaction() as connection:
        yield connection


def require_ledger() -> WalletChoice:
    """Refuse to move or show money in the built-in ledger where no provider's bets are in it.
    Whose bets are. Raises `NoLedgerError`."""
    choice = load(WalletNameSettings).wallet_choice()
    wallets = choice.distinct_routes()
    if LEDGER not in wallets:
        raise NoLedgerError(
            "the bets of this installation are in a wallet of its own "
            f"({', '.join(wallets)}): this command is the built-in ledger's alone. "
            "UNBET_WALLET says so."
        )
    return choice


def require_ours(provider: str) -> None:
    """Refuse a provider's bet here if its cancel is decided elsewhere. Raises also
    `NoLedgerError`."""
    wallet = require_ledger().wallet_of(provider)
    if wallet != LEDGER:
        raise NoLedgerError(
            f"the bets of {provider} are in the wallet {wallet!r}, by UNBET_WALLET and "
            "the endpoints: the built-in ledger takes none."
        )


@contextmanager
def snapshot(limits: dict[str, str] | None = None) -> Iterator[Connection]:
    """One transaction that reads only, and everything as it was at one moment."""
    with (
        ledger_engine(limits, writes=False) as made,
        made.connect() as connection,
        reading(connection),
    ):
        yield connection


@contextmanager
def reading(connection: Connection) -> Iterator[None]:
    """The same on a connection that is there, such as one with tables of its own."""
    connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with connection.begin():
        yield


def deployment() -> UUID:
    """Which deployment this is: as the settings say, or else the database."""
    configured = load(DeploymentSettings).deployment
    if configured is not None:
        return configured
    with transaction() as connection:
        return current(connection)


def describe(error: DBAPIError) -> str:
    """What went wrong, without the statement and its values."""
    lines = str(error.orig).strip().splitlines()
    problem = lines[0].strip() if lines else type(error.orig).__name__
    if isinstance(error, OperationalError) and getattr(error.orig, "sqlstate", None) is None:
        return f"the database of UNBET_DATABASE_URL cannot be reached: {problem}"
    return f"the database refused: {problem}"
