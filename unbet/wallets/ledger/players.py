"""Players: frozen or not, and their balances."""

from collections.abc import Collection

from sqlalchemy import Connection, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.functions import now

from unbet.wallets.ledger.operations import Balance
from unbet.wallets.ledger.schema import accounts, players

_PLAYERS = text("""
    SELECT provider, reference, user_id
      FROM unbet_ledger.bets
      JOIN unnest(CAST(:providers AS text[]), CAST(:references AS text[]))
           AS wanted (provider, reference) USING (provider, reference)
""")


def freeze(connection: Connection, user_id: str) -> None:
    """Refuse the player's bets from now on. Cancels still give stakes back. Does not commit."""
    statement = insert(players).values(user_id=user_id, frozen_at=now())
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[players.c.user_id],
            set_={"frozen_at": statement.excluded.frozen_at},
            where=players.c.frozen_at.is_(None),
        )
    )


def unfreeze(connection: Connection, user_id: str) -> None:
    """Take the player's bets again. Bets that were refused stay refused. Does not commit."""
    connection.execute(update(players).where(players.c.user_id == user_id).values(frozen_at=None))


def is_frozen(connection: Connection, user_id: str) -> bool:
    """Whether the player's bets are refused."""
    query = select(players.c.frozen_at).where(players.c.user_id == user_id)
    return connection.execute(query).scalar() is not None


def balance(connection: Connection, user_id: str, currency: str) -> Balance:
    """What the player has in `currency`; zeros for a player without accounts."""
    query = select(accounts.c.kind, accounts.c.balance).where(
        accounts.c.owner == user_id,
        accounts.c.currency == currency,
        accounts.c.balance.is_not(None),
    )
    held = {row.kind: row.balance for row in connection.execute(query)}
    return Balance(cash=held.get("cash", 0), bonus=held.get("bonus", 0))


def players_of(
    connection: Connection, bets: Collection[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    """Whose each of `bets` is, by provider and reference; without those that are not there."""
    if not bets:
        return {}
    columns = {"providers": [p for p, _ in bets], "references": [r for _, r in bets]}
    rows = connection.execute(_PLAYERS, columns)
    return {(row.provider, row.reference): row.user_id for row in rows}
