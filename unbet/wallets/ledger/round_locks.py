"""Keeps the bets of a round and the round's cancel apart.

Each takes a lock by the round's name before it touches any row, bets a shared one, and looks
afterwards, with a statement of its own: under READ COMMITTED that statement sees whatever was
committed before the lock was granted. So a bet that is being placed is waited for, and then seen by
the cancel, or it waits for the cancel, and is refused. Rounds that nobody cancels leave no row.

The server has room for some thousand locks in all. A batch of bets of more than `MAX_ROUNDS` rounds
takes one lock in their place, which keeps off the cancels of all rounds, and no other bets.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection, text

from unbet.core.message import Cancel
from unbet.wallets.ledger.operations import Bet, InvalidOperationError
from unbet.wallets.ledger.posting import columns
from unbet.wallets.ledger.round_scope import Scope

MAX_ROUNDS: Final = 128
"""Of one batch of bets."""
_SEED: Final = 0x726F756E64
"""Of the hash, "round", and the number of the lock for all rounds: an operator's own advisory locks
are unlikely to have the same numbers. Two rounds of one number only wait for each other."""

# In the order of the numbers: two that lock the same rounds must not wait for each other crosswise.
_NUMBERS: Final = f"""
    SELECT DISTINCT hashtextextended(provider COLLATE "C",
                        hashtextextended(round_id COLLATE "C", {_SEED})) AS number
      FROM unnest(CAST(:provider AS text[]), CAST(:round_id AS text[]))
           AS named (provider, round_id)
     ORDER BY number
    OFFSET 0
"""  # noqa: S608 - no value is formatted in
_LOCK: Final = text(f"SELECT pg_advisory_xact_lock(number) FROM ({_NUMBERS}) AS named")  # noqa: S608
_ISOLATION: Final = "current_setting('transaction_isolation') AS isolation"
_SHARE: Final = text(f"""
    SELECT {_ISOLATION}, pg_advisory_xact_lock_shared(number) FROM ({_NUMBERS}) AS named
""")  # noqa: S608
_LOCK_ALL: Final = text(f"SELECT {_ISOLATION}, pg_advisory_xact_lock({_SEED})")
_SHARE_ALL: Final = text(f"SELECT pg_advisory_xact_lock_shared({_SEED})")
_TRY: Final = text(f"""
    SELECT pg_try_advisory_xact_lock_shared({_SEED})
           AND bool_and(pg_try_advisory_xact_lock(number))
      FROM ({_NUMBERS}) AS named
""")  # noqa: S608
# A closed cancel of the round leaves no row of its own: it may be reopened.
_CANCELLED: Final = text("""
    WITH bet AS MATERIALIZED (
        SELECT *
          FROM unnest(CAST(:provider AS text[]), CAST(:reference AS text[]),
                      CAST(:user_id AS text[]), CAST(:currency AS text[]),
                      CAST(:round_id AS text[]))
                   AS bet (provider, reference, user_id, currency, round_id)
    )
    SELECT bet.*, CAST(NULL AS text) AS closed
      FROM bet
     CROSS JOIN LATERAL (
               SELECT FROM unbet_ledger.cancelled_rounds AS cancelled
                WHERE cancelled.round_id = bet.round_id AND cancelled.provider = bet.provider
                  AND cancelled.user_id IN ('', bet.user_id)
                  AND cancelled.currency IN ('', bet.currency)
                LIMIT 1
           ) AS cancelled
    UNION ALL
    SELECT bet.*, parked.cancel
      FROM bet
     CROSS JOIN LATERAL (
               SELECT cancel FROM unbet.parked
                WHERE reference = bet.round_id AND parked.provider = bet.provider
                  AND state = 'closed' AND of_round
               OFFSET 0
           ) AS parked
""")
_BET: Final = ("provider", "reference", "user_id", "currency", "round_id")

Key = tuple[str, str]
"""Provider and reference."""


def find_in_cancelled_rounds(connection: Connection, bets: Iterable[Bet]) -> frozenset[Key]:
    """Those of `bets` whose round is cancelled, or has a cancel that a person closed, and to the
    end of the transaction no other round of theirs is cancelled. Costs a bet without a round
    nothing. Raises `InvalidOperationError` in a transaction that would not see a cancel which was
    committed meanwhile."""
    named = [bet for bet in bets if bet.round_id is not None]
    if not named:
        return frozenset()
    values = columns(_BET, map(vars, named))
    rounds = {(bet.provider, bet.round_id) for bet in named}
    if len(rounds) > MAX_ROUNDS:
        locked = connection.execute(_LOCK_ALL)
    else:
        names = {name: values[name] for name in ("provider", "round_id")}
        locked = connection.execute(_SHARE, names)
    if locked.scalars().first() != "read committed":
        raise InvalidOperationError("round_id: a bet with a round needs READ COMMITTED")
    rows = connection.execute(_CANCELLED, values).all()
    return frozenset(
        (row.provider, row.reference)
        for row in rows
        if row.closed is None or Scope.of_closed(row.provider, row.round_id, row.closed).has(row)
    )


def lock_rounds(connection: Connection, cancels: Sequence[Cancel]) -> None:
    """To the end of the transaction no bet is placed in the rounds that `cancels` name."""
    connection.execute(_SHARE_ALL)
    connection.execute(_LOCK, _rounds_of(cancels))


def is_free(connection: Connection, cancel: Cancel) -> bool:
    """Whether nobody else holds the round's lock. It is taken in passing: the caller rolls back."""
    return bool(connection.execute(_TRY, _rounds_of([cancel])).scalar_one())


def _rounds_of(cancels: Sequence[Cancel]) -> dict[str, list[str]]:
    return {
        "provider": [cancel.provider for cancel in cancels],
        "round_id": [cancel.reference for cancel in cancels],
    }
