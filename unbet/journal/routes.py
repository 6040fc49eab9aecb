"""Which wallet decides a deployment's cancels, on record: a worker or a sweep whose settings name
another would look for bets where they are not, and tell the provider that all is well."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from sqlalchemy import Connection, text

from unbet.database.engine import UnsafeDatabaseError
from unbet.runtime.wallet_choice import WalletChoice

OTHERS: Final = ""
"""In place of a provider: all those without a wallet of their own."""

_WRITE: Final = text("""
    INSERT INTO unbet.routes (provider, wallet)
    SELECT unnest(CAST(:providers AS text[])), unnest(CAST(:wallets AS text[]))
     WHERE NOT EXISTS (SELECT FROM unbet.routes)
        ON CONFLICT (provider) DO NOTHING
""")
_READ: Final = text("SELECT provider, wallet FROM unbet.routes")
_REMOVE: Final = text("DELETE FROM unbet.routes")


def require_routes(choice: WalletChoice) -> partial[None]:
    """A requirement for `check_database`: the wallets of `choice` are those on record. The first
    process that starts puts its own there."""
    return partial(_require, routes_of(choice))


def require_recorded(choice: WalletChoice) -> partial[None]:
    """The same for a process that puts none on record."""
    return partial(_compare, routes_of(choice))


def _require(named: Mapping[str, str], connection: Connection) -> None:
    record_routes(connection, named)
    connection.commit()
    _compare(named, connection)


def _compare(named: Mapping[str, str], connection: Connection) -> None:
    recorded = read_routes(connection)
    connection.rollback()
    if recorded and recorded != named:
        raise UnsafeDatabaseError(
            "the settings name other wallets than those that decide this deployment's cancels: "
            f"{'; '.join(differences(recorded, named))}. If UNBET_WALLET and the endpoints are "
            "right here, `unbet wallet switch` puts them on record; then restart all workers, "
            "sweeps and ledgers."
        )


def differences(recorded: Mapping[str, str], named: Mapping[str, str]) -> list[str]:
    """Each in words."""
    none = "as all others"
    return [
        f"{provider or 'all other providers'}: {recorded.get(provider, none)} on record, "
        f"{named.get(provider, none)} in the settings"
        for provider in sorted(recorded.keys() | named.keys())
        if recorded.get(provider) != named.get(provider)
    ]


def routes_of(choice: WalletChoice) -> dict[str, str]:
    """The wallet of each provider that has one of its own, and that of all others."""
    return {OTHERS: choice.default, **choice.others}


def read_routes(connection: Connection) -> dict[str, str]:
    """What is on record; empty before the first start."""
    return {row.provider: row.wallet for row in connection.execute(_READ)}


def record_routes(connection: Connection, named: Mapping[str, str], *, anew: bool = False) -> None:
    """Put `named` on record where nothing is, or with `anew` in place of it. Does not commit."""
    if anew:
        connection.execute(_REMOVE)
    connection.execute(_WRITE, {"providers": [*named], "wallets": [*named.values()]})
