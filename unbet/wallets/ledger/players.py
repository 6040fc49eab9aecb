"""Players: frozen or not, and what they have."""

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.functions import now

from unbet.wallets.ledger.operations import Balance
from unbet.wallets.ledger.schema import accounts, players


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
