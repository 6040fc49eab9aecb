"""The end of a withdrawal that is held: its money leaves, or is the player's cash again, once."""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import Connection, Row, text

from unbet.core.money import EXACT
from unbet.wallets.ledger.operations import (
    BalanceType,
    EndKind,
    Refusal,
    Result,
    Status,
    WithdrawalEnd,
)
from unbet.wallets.ledger.posting import AccountKey, PostingBatch, columns

# A withdrawal's row never changes, so that it is read without a lock.
_WITHDRAWALS: Final = text("""
    SELECT reference, user_id, currency, -amount AS amount, refusal
      FROM unnest(CAST(:reference AS text[])) AS wanted (reference)
      JOIN unbet_ledger.operations USING (reference)
      LEFT JOIN unbet_ledger.refused_operations USING (kind, reference)
     WHERE kind = 'withdrawal'
""")
_ADD: Final = text("""
    INSERT INTO unbet_ledger.withdrawal_ends (reference, kind, transfer_id)
    SELECT * FROM unnest(CAST(:reference AS text[]), CAST(:kind AS text[]),
                         CAST(:transfer_id AS bigint[]))
           AS ended (reference, kind, transfer_id)
     ORDER BY reference COLLATE "C"
        ON CONFLICT DO NOTHING
    RETURNING reference, transfer_id
""")
_FIND: Final = text("""
    SELECT reference, kind
      FROM unnest(CAST(:reference AS text[])) AS wanted (reference)
      JOIN unbet_ledger.withdrawal_ends USING (reference)
""")

_OTHER_END: Final = {
    EndKind.COMPLETION: Refusal.WITHDRAWAL_COMPLETED,
    EndKind.RELEASE: Refusal.WITHDRAWAL_RELEASED,
}

WithdrawalRow = Row[tuple[object, ...]]


def complete_withdrawal(connection: Connection, reference: str) -> Result:
    """The held money of one withdrawal has left; see `end_all`. Raises `InvalidOperationError`."""
    return end_all(connection, [WithdrawalEnd(reference=reference, kind=EndKind.COMPLETION)])[0]


def release_withdrawal(connection: Connection, reference: str) -> Result:
    """Give the held money of one withdrawal back; see `end_all`. Raises `InvalidOperationError`."""
    return end_all(connection, [WithdrawalEnd(reference=reference, kind=EndKind.RELEASE)])[0]


def end_all(connection: Connection, batch: Sequence[WithdrawalEnd]) -> list[Result]:
    """End withdrawals, in their order. Does not commit.

    The first end of a withdrawal is final: the same again is replayed, the other one is refused as
    `withdrawal_completed` or `withdrawal_released`. Refused is also the end of what was never held;
    that leaves no trace, so that it can be sent again once the withdrawal is there. A freeze bars
    neither end.
    """
    references = {"reference": list({end.reference for end in batch})}
    rows = connection.execute(_WITHDRAWALS, references)
    withdrawals: dict[str, WithdrawalRow] = {row.reference: row for row in rows}
    firsts: dict[str, WithdrawalEnd] = {}
    for end in batch:
        if _refusal(withdrawals.get(end.reference)) is None:
            firsts.setdefault(end.reference, end)
    postings = PostingBatch(connection)
    postings.open(
        (),
        add={
            account
            for end in firsts.values()
            for account in _accounts(end, withdrawals[end.reference])
        },
        transfers=len(firsts),
    )
    ends = columns(("reference", "kind"), map(vars, firsts.values()))
    ids = {"transfer_id": [postings.take_id() for _ in firsts]}
    new = {row.reference: row.transfer_id for row in connection.execute(_ADD, ends | ids)}
    stored = {row.reference: EndKind(row.kind) for row in connection.execute(_FIND, references)}

    results = []
    for end in batch:
        withdrawal = withdrawals.get(end.reference)
        refusal = _refusal(withdrawal)
        transfer_id = new.pop(end.reference, None)
        if withdrawal is None or refusal:
            results.append(Result(status=Status.REFUSED, refusal=refusal))
        elif transfer_id is not None:
            held, to = _accounts(end, withdrawal)
            legs = {held: EXACT.minus(withdrawal.amount), to: withdrawal.amount}
            postings.move(transfer_id, end.kind.value, legs)
            results.append(Result(status=Status.DONE))
        elif stored[end.reference] is end.kind:
            results.append(Result(status=Status.DONE, replayed=True))
        else:
            refusal = _OTHER_END[stored[end.reference]]
            results.append(Result(status=Status.REFUSED, replayed=True, refusal=refusal))
    postings.write()
    return results


def players_withdrawing(connection: Connection, references: Collection[str]) -> dict[str, str]:
    """Whose each of these withdrawals is; without those that are not there."""
    if not references:
        return {}
    rows = connection.execute(_WITHDRAWALS, {"reference": list(references)})
    return {row.reference: row.user_id for row in rows}


def _refusal(withdrawal: WithdrawalRow | None) -> Refusal | None:
    if withdrawal is None:
        return Refusal.UNKNOWN_WITHDRAWAL
    return Refusal.WITHDRAWAL_REFUSED if withdrawal.refusal else None


def _accounts(end: WithdrawalEnd, withdrawal: WithdrawalRow) -> tuple[AccountKey, AccountKey]:
    """From where its money goes, and where to."""
    held = AccountKey.held(withdrawal.user_id, withdrawal.currency)
    if end.kind is EndKind.COMPLETION:
        return held, AccountKey.funding(withdrawal.currency)
    return held, AccountKey.player(withdrawal.user_id, withdrawal.currency, BalanceType.CASH)
