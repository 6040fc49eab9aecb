"""Settlements: a win is paid once per (provider, win reference), and only on a bet that stands."""

from collections.abc import Sequence

from sqlalchemy import Connection, Row, text

from unbet.core.money import EXACT
from unbet.wallets.ledger.operations import BalanceType, Refusal, Result, Settlement, Status
from unbet.wallets.ledger.posting import AccountKey, PostingBatch, columns

_LOCK_BETS = text("""
    SELECT bets.id, bets.provider, bets.reference, bets.state, bets.user_id, bets.currency
      FROM unbet_ledger.bets
      JOIN unnest(CAST(:provider AS text[]), CAST(:bet_reference AS text[]))
           AS wanted (provider, reference) USING (provider, reference)
     ORDER BY bets.provider, bets.reference
       FOR NO KEY UPDATE OF bets
""")
_ADD = text("""
    INSERT INTO unbet_ledger.wins (provider, reference, bet_reference, amount, refusal, transfer_id)
    SELECT * FROM unnest(CAST(:provider AS text[]), CAST(:reference AS text[]),
                         CAST(:bet_reference AS text[]), CAST(:amount AS numeric[]),
                         CAST(:refusal AS text[]), CAST(:transfer_id AS bigint[]))
           AS win (provider, reference, bet_reference, amount, refusal, transfer_id)
     ORDER BY provider COLLATE "C", reference COLLATE "C"
        ON CONFLICT DO NOTHING
    RETURNING provider, reference, transfer_id
""")
_FIND = text("""
    SELECT wins.*
      FROM unbet_ledger.wins
      JOIN unnest(CAST(:provider AS text[]), CAST(:reference AS text[]))
           AS wanted (provider, reference) USING (provider, reference)
""")
_SETTLE = text("""
    UPDATE unbet_ledger.bets SET state = 'settled'
     WHERE id = ANY(CAST(:ids AS bigint[])) AND state = 'placed'
""")

_REFUSALS = {
    "tombstone": Refusal.CANCELLED,
    "reversed": Refusal.CANCELLED,
    "refused": Refusal.BET_REFUSED,
}

_WIN = ("provider", "reference", "bet_reference", "amount")

Key = tuple[str, str]
BetRow = Row[tuple[object, ...]]


def settle_bet(connection: Connection, settlement: Settlement) -> Result:
    """Settle one bet; see `settle_all`."""
    return settle_all(connection, [settlement])[0]


def settle_all(connection: Connection, batch: Sequence[Settlement]) -> list[Result]:
    """Settle bets and pay their wins to cash, in their order. Does not commit.

    A win reference that was decided before is replayed, or a `conflict` if bet or amount differ.
    Another win on a settled bet is paid on top. A win on a bet that was cancelled, refused or never
    placed is refused and recorded as refused.
    """
    rows = connection.execute(_LOCK_BETS, columns(("provider", "bet_reference"), map(vars, batch)))
    bets: dict[Key, BetRow] = {(row.provider, row.reference): row for row in rows}
    firsts: dict[Key, Settlement] = {}
    for s in batch:
        firsts.setdefault((s.provider, s.reference), s)
    refusals = {key: _refusal(bets.get(_bet_key(s))) for key, s in firsts.items()}
    postings = PostingBatch(connection)
    postings.open(
        (),
        add={
            account
            for key, s in firsts.items()
            if refusals[key] is None
            for account in _accounts(s, bets[_bet_key(s)])
        },
        transfers=len(firsts),
    )
    wins = columns(_WIN, map(vars, firsts.values()))
    more = {
        "refusal": [refusals[key] for key in firsts],
        "transfer_id": [None if refusals[key] else postings.take_id() for key in firsts],
    }
    new = {(row.provider, row.reference) for row in connection.execute(_ADD, wins | more)}
    rows = connection.execute(_FIND, wins)
    stored = {(row.provider, row.reference): row for row in rows}

    results, settled = [], []
    for s in batch:
        key = (s.provider, s.reference)
        row = stored[key]
        refusal = None if row.refusal is None else Refusal(row.refusal)
        status = Status.DONE if refusal is None else Status.REFUSED
        if key in new:
            new.remove(key)
            if refusal is None:
                bet = bets[_bet_key(s)]
                cash, house = _accounts(s, bet)
                postings.move(
                    row.transfer_id, "win", {cash: s.amount, house: EXACT.minus(s.amount)}, bet.id
                )
                settled.append(bet.id)
            results.append(Result(status=status, refusal=refusal))
        elif (row.bet_reference, row.amount) == (s.bet_reference, s.amount):
            results.append(Result(status=status, replayed=True, refusal=refusal))
        else:
            results.append(Result(status=Status.CONFLICT))
    connection.execute(_SETTLE, {"ids": settled})
    postings.write()
    return results


def _refusal(bet: BetRow | None) -> Refusal | None:
    return Refusal.UNKNOWN_BET if bet is None else _REFUSALS.get(bet.state)


def _accounts(s: Settlement, bet: BetRow) -> tuple[AccountKey, AccountKey]:
    return (
        AccountKey.player(bet.user_id, bet.currency, BalanceType.CASH),
        AccountKey.house(s.provider, bet.currency),
    )


def _bet_key(s: Settlement) -> Key:
    return s.provider, s.bet_reference
