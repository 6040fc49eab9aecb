"""What a wallet that is not in this database has been asked, and has not been recorded to have
decided: remembered before it is asked, so that no death of a process is a doubt that nobody knows
of. As many rows as there are such doubts."""

from collections.abc import Sequence, Set
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, text

from unbet.core.message import Cancel
from unbet.database.rows import as_json

Key = tuple[str, str, bool]
"""Provider, reference, and whether that is a round's."""

# In the order of the key: two that remember the same must not wait for each other crosswise.
_REMEMBER: Final = text("""
    INSERT INTO unbet.asked AS known (provider, reference, of_round)
    SELECT DISTINCT provider, reference, of_round
      FROM json_to_recordset(CAST(:keys AS json))
               AS asked (provider text, reference text, of_round boolean)
     ORDER BY reference, provider, of_round
        ON CONFLICT (reference, provider, of_round) DO UPDATE SET open = known.open + 1
    RETURNING provider, reference, of_round, open > 1 AS is_doubt, now() - asked_at AS age
""")
_END: Final = text("""
    WITH held AS (
        SELECT reference, provider, of_round, ended.is_decided OR open = 1 AS is_over
          FROM unbet.asked
          JOIN json_to_recordset(CAST(:keys AS json))
                   AS ended (provider text, reference text, of_round boolean, is_decided boolean)
               USING (reference, provider, of_round)
         ORDER BY reference, provider, of_round
           FOR UPDATE OF asked
    )
    DELETE FROM unbet.asked USING held
     WHERE asked.reference = held.reference AND asked.provider = held.provider
       AND asked.of_round = held.of_round AND held.is_over
""")
# What is left of them is held by now.
_ONE_LESS: Final = text("""
    UPDATE unbet.asked SET open = open - 1
      FROM json_to_recordset(CAST(:keys AS json))
               AS ended (provider text, reference text, of_round boolean)
     WHERE asked.reference = ended.reference AND asked.provider = ended.provider
       AND asked.of_round = ended.of_round AND open > 1
""")


def key_of(cancel: Cancel) -> Key:
    return cancel.provider, cancel.reference, cancel.of_round


def remember_asked(connection: Connection, cancels: Sequence[Cancel]) -> dict[Key, timedelta]:
    """Remember that the wallet is asked about `cancels` next, in one call; how long ago those were
    first asked that it has been asked before, without a decision. Does not commit."""
    if not cancels:
        return {}
    keys = as_json(_row(key_of(one)) for one in cancels)
    found = connection.execute(_REMEMBER, {"keys": keys})
    return {(row.provider, row.reference, row.of_round): row.age for row in found if row.is_doubt}


def end_asked(
    connection: Connection, *, decided: Set[Key] = frozenset(), undone: Set[Key] = frozenset()
) -> None:
    """Forget what the wallet has `decided`, and the one call of each of `undone`, which has surely
    moved nothing: another call of the same key stays in doubt. Does not commit."""
    if not (decided or undone):
        return
    keys = as_json(
        _row(key) | {"is_decided": is_decided}
        for is_decided, some in ((True, decided), (False, undone - decided))
        for key in some
    )
    if connection.execute(_END, {"keys": keys}).rowcount < len(decided | undone):
        connection.execute(_ONE_LESS, {"keys": keys})


def _row(key: Key) -> dict[str, object]:
    return dict(zip(("provider", "reference", "of_round"), key, strict=True))
