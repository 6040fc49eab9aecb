"""Deposits: money for a player, once per reference."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from unbet.core.money import EXACT
from unbet.wallets.ledger.operations import Deposit, Result, Status
from unbet.wallets.ledger.posting import AccountKey, PostingBatch, columns

_ADD = text("""
    INSERT INTO unbet_ledger.deposits (reference, user_id, currency, kind, amount, transfer_id)
    SELECT * FROM unnest(CAST(:reference AS text[]), CAST(:user_id AS text[]),
                         CAST(:currency AS text[]), CAST(:balance_type AS text[]),
                         CAST(:amount AS numeric[]), CAST(:transfer_id AS bigint[]))
           AS deposit (reference, user_id, currency, kind, amount, transfer_id)
     ORDER BY reference COLLATE "C"
        ON CONFLICT DO NOTHING
    RETURNING reference, transfer_id
""")

_FIND = text("""
    SELECT user_id, currency, amount, reference, kind AS balance_type
      FROM unbet_ledger.deposits
     WHERE reference = ANY (CAST(:references AS text[]))
""")

_DEPOSIT = ("reference", "user_id", "currency", "balance_type", "amount")


def deposit(connection: Connection, deposit: Deposit) -> Result:
    """Credit one deposit; see `deposit_all`."""
    return deposit_all(connection, [deposit])[0]


def deposit_all(connection: Connection, batch: Sequence[Deposit]) -> list[Result]:
    """Credit deposits, in their order. Does not commit.

    A reference that was used before is `done` and replayed where user, currency, balance and amount
    are the same, else a `conflict`.
    """
    postings = PostingBatch(connection)
    postings.open(
        (),
        add={key for d in batch for key in (_account_of(d), AccountKey.funding(d.currency))},
        transfers=len(batch),
    )
    firsts: dict[str, Deposit] = {}
    for d in batch:
        firsts.setdefault(d.reference, d)
    added = columns(_DEPOSIT, map(vars, firsts.values()))
    ids = {"transfer_id": [postings.take_id() for _ in firsts]}
    rows = connection.execute(_ADD, added | ids)
    new = {row.reference: row.transfer_id for row in rows}
    rows = connection.execute(_FIND, {"references": list(firsts)})
    known = {row["reference"]: Deposit(**row) for row in rows.mappings()}

    results = []
    for d in batch:
        transfer_id = new.pop(d.reference, None)
        if transfer_id is not None:
            legs = {_account_of(d): d.amount, AccountKey.funding(d.currency): EXACT.minus(d.amount)}
            postings.move(transfer_id, "deposit", legs)
            results.append(Result(status=Status.DONE))
        elif known[d.reference] == d:
            results.append(Result(status=Status.DONE, replayed=True))
        else:
            results.append(Result(status=Status.CONFLICT))
    postings.write()
    return results


def _account_of(d: Deposit) -> AccountKey:
    return AccountKey.player(d.user_id, d.currency, d.balance_type)
