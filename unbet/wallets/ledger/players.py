"""Players: frozen or not, and their balances."""

from collections.abc import Collection

from sqlalchemy import Connection, text

from unbet.wallets.ledger.operations import Balance

_FREEZE = text("""
    INSERT INTO unbet_ledger.players (user_id, frozen_at) VALUES (:user_id, now())
        ON CONFLICT (user_id) DO UPDATE SET frozen_at = excluded.frozen_at
     WHERE players.frozen_at IS NULL
""")
_UNFREEZE = text("UPDATE unbet_ledger.players SET frozen_at = NULL WHERE user_id = :user_id")
_FROZEN = text("SELECT frozen_at FROM unbet_ledger.players WHERE user_id = :user_id")
_ALL_FROZEN = text("""
    SELECT user_id FROM unbet_ledger.players
     WHERE user_id = ANY (CAST(:user_ids AS text[])) AND frozen_at IS NOT NULL
""")
_BALANCES = text("""
    SELECT kind, balance FROM unbet_ledger.accounts
     WHERE owner = :user_id AND currency = :currency AND balance IS NOT NULL
""")
_PLAYERS = text("""
    SELECT provider, reference, user_id
      FROM unbet_ledger.bets
      JOIN unnest(CAST(:providers AS text[]), CAST(:references AS text[]))
           AS wanted (provider, reference) USING (provider, reference)
""")


def freeze(connection: Connection, user_id: str) -> None:
    """Refuse the player's bets, withdrawals and conversions of bonus from now on. Does not commit.

    Cancels still give stakes back, and a withdrawal that is held can still end.
    """
    connection.execute(_FREEZE, {"user_id": user_id})


def unfreeze(connection: Connection, user_id: str) -> None:
    """Take the player's bets again. What was refused stays refused. Does not commit."""
    connection.execute(_UNFREEZE, {"user_id": user_id})


def is_frozen(connection: Connection, user_id: str) -> bool:
    """Whether the player's bets are refused."""
    return connection.execute(_FROZEN, {"user_id": user_id}).scalar() is not None


def frozen_among(connection: Connection, user_ids: Collection[str]) -> set[str]:
    """Those of `user_ids` whose bets are refused."""
    return set(connection.execute(_ALL_FROZEN, {"user_ids": list(user_ids)}).scalars())


def balance(connection: Connection, user_id: str, currency: str) -> Balance:
    """What the player has in `currency`; zeros for a player without accounts."""
    rows = connection.execute(_BALANCES, {"user_id": user_id, "currency": currency})
    held = {row.kind: row.balance for row in rows}
    return Balance(cash=held.get("cash", 0), bonus=held.get("bonus", 0), held=held.get("held", 0))


def players_of(
    connection: Connection, bets: Collection[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    """Whose each of `bets` is, by provider and reference; without those that are not there."""
    if not bets:
        return {}
    columns = {"providers": [p for p, _ in bets], "references": [r for _, r in bets]}
    rows = connection.execute(_PLAYERS, columns)
    return {(row.provider, row.reference): row.user_id for row in rows}
