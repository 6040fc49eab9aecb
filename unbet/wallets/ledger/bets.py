"""Bets: a stake is taken once per (provider, reference), and never after a cancel."""

from collections.abc import Mapping, Sequence, Set
from decimal import Decimal

from sqlalchemy import Connection, Row, text

from unbet.core.money import EXACT
from unbet.wallets.ledger.operations import BalanceType, Bet, Refusal, Result, StakeOrder, Status
from unbet.wallets.ledger.players import frozen_among
from unbet.wallets.ledger.posting import AccountKey, PostingBatch, columns
from unbet.wallets.ledger.round_locks import Key, find_in_cancelled_rounds

_ADD = text("""
    INSERT INTO unbet_ledger.bets (provider, reference, state, user_id, currency, amount, round_id)
    SELECT provider, reference, 'placed', user_id, currency, amount, round_id
      FROM unnest(CAST(:provider AS text[]), CAST(:reference AS text[]),
                  CAST(:user_id AS text[]), CAST(:currency AS text[]), CAST(:amount AS numeric[]),
                  CAST(:round_id AS text[]))
           AS bet (provider, reference, user_id, currency, amount, round_id)
     ORDER BY provider COLLATE "C", reference COLLATE "C"
        ON CONFLICT (reference, provider) DO NOTHING
    RETURNING id, provider, reference
""")
_FIND = text("""
    SELECT bets.*
      FROM unbet_ledger.bets
      JOIN unnest(CAST(:provider AS text[]), CAST(:reference AS text[]))
           AS wanted (provider, reference) USING (provider, reference)
""")
_ADD_LATE = text("""
    INSERT INTO unbet_ledger.late_bets (provider, reference, user_id, currency, amount)
    SELECT *
      FROM unnest(CAST(:provider AS text[]), CAST(:reference AS text[]),
                  CAST(:user_id AS text[]), CAST(:currency AS text[]), CAST(:amount AS numeric[]))
           AS bet (provider, reference, user_id, currency, amount)
        ON CONFLICT DO NOTHING
""")
_REFUSE = text("""
    UPDATE unbet_ledger.bets SET state = 'refused', refusal = refused.reason
      FROM unnest(CAST(:ids AS bigint[]), CAST(:reasons AS text[])) AS refused (id, reason)
     WHERE bets.id = refused.id
""")

_BET = ("provider", "reference", "user_id", "currency", "amount")


def place_bet(connection: Connection, bet: Bet) -> Result:
    """Take one stake; see `place_all`."""
    return place_all(connection, [bet])[0]


def place_all(connection: Connection, batch: Sequence[Bet]) -> list[Result]:
    """Take stakes, in their order. Does not commit.

    The first decision of a (provider, reference) is final: a bet that stands is `done` and
    replayed, a refused one stays refused, one that was cancelled (before it came or after) is
    refused as `cancelled`, as is a new one whose round was cancelled. Other details under the same
    reference are a `conflict`.
    """
    firsts: dict[Key, Bet] = {}
    for bet in batch:
        firsts.setdefault(_key(bet), bet)
    # Rounds are locked before any key, and keys before accounts (`reverse.sql`).
    cancelled = find_in_cancelled_rounds(connection, firsts.values())
    # Inserting the key comes first: it is what a cancel's tombstone would collide with.
    rows = connection.execute(_ADD, columns((*_BET, "round_id"), map(vars, firsts.values())))
    new = {(row.provider, row.reference): row.id for row in rows}
    taken = [(firsts[key], new[key]) for key in firsts if key in new]
    refused = _decide_new(connection, taken, cancelled)
    return _answer(connection, batch, new, refused)


def _decide_new(
    connection: Connection, bets: Sequence[tuple[Bet, int]], cancelled: Set[Key]
) -> dict[int, Refusal]:
    """Take the stakes of `bets`, each with its id, or say why not: the round of those in
    `cancelled` is."""
    frozen = frozen_among(connection, {bet.user_id for bet, _ in bets})
    postings = PostingBatch(connection)
    postings.open(
        {key for bet, _ in bets for key in _accounts_of(bet)},
        add={AccountKey.house(bet.provider, bet.currency) for bet, _ in bets},
        transfers=len(bets),
    )
    refused: dict[int, Refusal] = {}
    for bet, bet_id in bets:
        stake = _stake(postings, bet)
        if _key(bet) in cancelled:
            refused[bet_id] = Refusal.CANCELLED
        elif bet.user_id in frozen:
            refused[bet_id] = Refusal.PLAYER_FROZEN
        elif stake is None:
            refused[bet_id] = Refusal.INSUFFICIENT_FUNDS
        else:
            house = {AccountKey.house(bet.provider, bet.currency): bet.amount}
            postings.move(postings.take_id(), "bet", {**stake, **house}, bet_id)
    if refused:
        reasons = [reason.value for reason in refused.values()]
        connection.execute(_REFUSE, {"ids": list(refused), "reasons": reasons})
    postings.write()
    return refused


def _stake(postings: PostingBatch, bet: Bet) -> Mapping[AccountKey, Decimal] | None:
    """What each account pays, as negative amounts; None if they hold too little together."""
    first, second = _accounts_of(bet)
    from_first = min(bet.amount, postings.balance(first))
    from_second = EXACT.subtract(bet.amount, from_first)
    if from_second > postings.balance(second):
        return None
    return {first: EXACT.minus(from_first), second: EXACT.minus(from_second)}


def _accounts_of(bet: Bet) -> tuple[AccountKey, AccountKey]:
    cash, bonus = (AccountKey.player(bet.user_id, bet.currency, kind) for kind in BalanceType)
    return (cash, bonus) if bet.stake_order is StakeOrder.CASH_FIRST else (bonus, cash)


def _answer(
    connection: Connection, batch: Sequence[Bet], new: dict[Key, int], refused: dict[int, Refusal]
) -> list[Result]:
    rows = connection.execute(_FIND, columns(_BET[:2], map(vars, batch)))
    stored = {(row.provider, row.reference): row for row in rows}
    results, late = [], []
    for bet in batch:
        bet_id = new.pop(_key(bet), None)
        if bet_id is None:
            result = _replay(bet, stored[_key(bet)])
        elif bet_id in refused:
            result = Result(status=Status.REFUSED, refusal=refused[bet_id])
        else:
            result = Result(status=Status.DONE)
        if result.refusal is Refusal.CANCELLED:
            late.append(bet)
        results.append(result)
    if late:
        connection.execute(_ADD_LATE, columns(_BET, map(vars, late)))
    return results


def _replay(bet: Bet, stored: Row[tuple[object, ...]]) -> Result:
    if stored.state == "tombstone":
        return Result(status=Status.REFUSED, replayed=True, refusal=Refusal.CANCELLED)
    if (bet.user_id, bet.currency, bet.amount) != (stored.user_id, stored.currency, stored.amount):
        return Result(status=Status.CONFLICT)
    # Said by one of them alone it contradicts nothing: operators begin to say it at some time.
    if None not in (bet.round_id, stored.round_id) and bet.round_id != stored.round_id:
        return Result(status=Status.CONFLICT)
    if stored.state == "reversed":
        return Result(status=Status.REFUSED, replayed=True, refusal=Refusal.CANCELLED)
    if stored.state == "refused":
        return Result(status=Status.REFUSED, replayed=True, refusal=Refusal(stored.refusal))
    return Result(status=Status.DONE, replayed=True)


def _key(bet: Bet) -> Key:
    return bet.provider, bet.reference
