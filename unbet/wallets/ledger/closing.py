"""The effect of closing a cancel on its bet: the outcome `closed`, written where `reverse.sql`
writes the others, under the same lock of the same row."""

from contextlib import suppress
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Connection, text

from unbet.core.older import fields_in, read_cancel
from unbet.core.outcomes import BINDS_NOTHING, Outcome, sql_list
from unbet.database.faults import UndecidedError
from unbet.wallets.ledger.reversal import MAX_ROUNDS

# What the cancel does not say is NULL and not compared, as in `reverse.sql`.
_USER: Final = "CAST(:user_id AS text)"
_CURRENCY: Final = "CAST(:currency AS text)"
_AMOUNT: Final = "CAST(:amount AS numeric)"
_RESULT: Final = f"""
    CASE WHEN state = 'tombstone'      THEN coalesce(outcome, 'no_bet')
         WHEN user_id <> {_USER}       THEN 'mismatch'
         WHEN currency <> {_CURRENCY}  THEN 'currency_mismatch'
         WHEN amount <> {_AMOUNT}      THEN 'amount_mismatch'
         ELSE outcome END
"""
_IS_MEANT: Final = (
    f"(bets.user_id = {_USER} AND bets.currency = {_CURRENCY} AND bets.amount = {_AMOUNT})"
    " IS NOT FALSE"
)
# As in `reverse.sql`: what is there is locked, what is not gets a tombstone; and a bet that was
# committed meanwhile leaves no outcome, so that the caller asks again. The bet's state stays as it
# is: its cancel is decided, not the bet.
_BIND: Final = text(f"""
    WITH locked AS MATERIALIZED (
        SELECT id, state, user_id, currency, amount, outcome
          FROM unbet_ledger.bets
         WHERE reference = CAST(:reference AS text) AND provider = CAST(:provider AS text)
           FOR NO KEY UPDATE
    ),
    cash AS MATERIALIZED (
        -- The bet's player's, or the cancel's; without a currency if the player has one alone.
        SELECT CASE WHEN count(*) = 1 THEN min(balance) END AS balance
          FROM unbet_ledger.accounts
         WHERE owner = coalesce((SELECT user_id FROM locked), {_USER})
           AND currency = coalesce((SELECT currency FROM locked), {_CURRENCY}, currency)
           AND kind = 'cash'
    ),
    -- By a wallet that is not the ledger: there is no bet here, or a closed one that was reopened.
    elsewhere AS MATERIALIZED (
        SELECT CASE WHEN outcome = 'no_bet'      THEN outcome
                    WHEN user_id <> {_USER}      THEN 'mismatch'
                    WHEN currency <> {_CURRENCY} THEN 'currency_mismatch'
                    ELSE outcome END AS outcome
          FROM unbet.requests
         WHERE reference = CAST(:reference AS text) AND provider = CAST(:provider AS text)
           AND NOT of_round
           AND outcome NOT IN {sql_list(BINDS_NOTHING)}
           AND NOT EXISTS (SELECT FROM locked WHERE outcome IS NOT NULL)
         ORDER BY decided_at
         LIMIT 1
    ),
    tombstone AS (
        INSERT INTO unbet_ledger.bets (provider, reference, state, user_id, currency, outcome,
                                       cancelled_at, cancel_request_id, cash_after)
        SELECT :provider, :reference, 'tombstone', {_USER}, {_CURRENCY}, 'closed', now(),
               CAST(:request_id AS uuid), balance
          FROM cash
         WHERE NOT EXISTS (SELECT FROM locked) AND NOT EXISTS (SELECT FROM elsewhere)
            ON CONFLICT (reference, provider) DO NOTHING
        RETURNING outcome
    ),
    bound AS (
        UPDATE unbet_ledger.bets
           SET outcome = 'closed', cancelled_at = now(),
               cancel_request_id = CAST(:request_id AS uuid), cash_after = cash.balance
          FROM locked, cash
         WHERE bets.id = locked.id AND locked.outcome IS NULL
           AND {_IS_MEANT}
           AND NOT EXISTS (SELECT FROM elsewhere)
        RETURNING bets.outcome
    )
    SELECT coalesce((SELECT outcome FROM tombstone),
                    (SELECT outcome FROM bound),
                    (SELECT outcome FROM elsewhere),
                    (SELECT {_RESULT} FROM locked))
""")  # noqa: S608 - no value is formatted in
_READ: Final = text(f"""
    SELECT {_RESULT} FROM unbet_ledger.bets
     WHERE reference = CAST(:reference AS text) AND provider = CAST(:provider AS text)
""")  # noqa: S608 - as above
_UNBIND: Final = text(f"""
    UPDATE unbet_ledger.bets
       SET outcome = NULL, cancelled_at = NULL, cancel_request_id = NULL, cash_after = NULL
     WHERE reference = :reference AND provider = :provider AND outcome = 'closed'
       AND {_IS_MEANT}
""")  # noqa: S608 - as above


def bind_closing(
    connection: Connection, request_id: UUID, provider: str, reference: str, cancel: str
) -> Outcome | None:
    """Decide the bet of the parked `cancel` as closed, unless it is decided; what a cancel of it is
    told from now on. None where `cancel` cannot be read: whose bet it is about is not known; and
    where it is of a round: `round_cancels.py` looks for closed ones itself."""
    player = _player_in(cancel)
    if player is None:
        return None
    values = {"request_id": request_id, "provider": provider, "reference": reference, **player}
    for _ in range(MAX_ROUNDS):
        outcome = connection.execute(_BIND, values).scalar()
        if outcome is not None:
            return Outcome(outcome)
    raise UndecidedError([reference])


def outcome_of_closed(
    connection: Connection, provider: str, reference: str, cancel: str
) -> Outcome | None:
    """What a cancel like the closed `cancel` is told, as `bind_closing` said when it was closed."""
    player = _player_in(cancel)
    if player is None:
        return None
    values = {"provider": provider, "reference": reference, **player}
    outcome = connection.execute(_READ, values).scalar()
    return None if outcome is None else Outcome(outcome)


def unbind_closing(connection: Connection, provider: str, reference: str, cancel: str) -> None:
    """Make the bet of the closed `cancel` undecided again, if it was decided as closed. A tombstone
    stays one: its bet has been refused, or would be."""
    player = _player_in(cancel)
    if player is not None:
        connection.execute(_UNBIND, {"provider": provider, "reference": reference, **player})


def _player_in(cancel: str) -> dict[str, Any] | None:
    """What `cancel` says of the bet, with None for what it does not say; also of a parked one that
    cannot be read as a whole, if its player and currency can be. None of a round."""
    with suppress(ValidationError):
        read = read_cancel(cancel)
        if read.of_round:
            return None
        return {"user_id": read.player, "currency": read.currency, "amount": read.amount}
    fields = fields_in(cancel)
    if fields.get("of_round") is True:
        return None
    player = {"user_id": fields.get("player"), "currency": fields.get("currency")}
    readable = all(isinstance(value, str) and "\0" not in value for value in player.values())
    return player | {"amount": None} if readable else None
