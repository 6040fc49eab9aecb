"""Everything that the ledger knows of a deposit, withdrawal, correction or conversion of bonus."""

from typing import Final

from sqlalchemy import Connection, text

from unbet.history.explain import entries_of
from unbet.history.records import OperationRecord, TransferRecord

_OPERATIONS: Final = """
    SELECT operations.*, refusal, withdrawal_ends.kind AS ended,
           withdrawal_ends.transfer_id AS end_id
      FROM unbet_ledger.operations
      LEFT JOIN unbet_ledger.refused_operations USING (kind, reference)
      LEFT JOIN unbet_ledger.withdrawal_ends
             ON withdrawal_ends.reference = operations.reference AND operations.kind = 'withdrawal'
     WHERE operations.reference = :reference
     UNION ALL
    SELECT 'deposit', reference, user_id, currency, kind, amount, NULL, NULL, transfer_id,
           created_at, NULL, NULL, NULL
      FROM unbet_ledger.deposits
     WHERE reference = :reference
     ORDER BY created_at, kind
"""
_BY_ID: Final = "SELECT * FROM unbet_ledger.transfers WHERE id = ANY (CAST(:ids AS bigint[]))"


def explain_operations(connection: Connection, reference: str) -> list[OperationRecord]:
    """The deposit, withdrawal, correction and conversion of that reference, as far as
    there are. An empty list if nothing is known."""
    rows = [*connection.execute(text(_OPERATIONS), {"reference": reference}).mappings()]
    ids = [row[name] for row in rows for name in ("transfer_id", "end_id")]
    moved = [*connection.execute(text(_BY_ID), {"ids": ids}).mappings()]
    entries = entries_of(connection, [row["id"] for row in moved])
    transfers = {row["id"]: TransferRecord(**row, entries=entries[row["id"]]) for row in moved}
    return [
        OperationRecord(
            **row,
            transfers=tuple(
                transfers[row[name]] for name in ("transfer_id", "end_id") if row[name] in transfers
            ),
        )
        for row in rows
    ]
