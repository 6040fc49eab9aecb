"""What a wallet that is not in this database has been asked, and has not been recorded to have
decided: remembered before it is asked, so that no death of a process is a doubt that nobody knows
of. As many rows as there are such doubts."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, text

from unbet.core.message import Cancel
from unbet.database.rows import as_json

Key = tuple[str, str]
"""Provider and reference."""

# In the order of the key: two that remember the same must not wait for each other crosswise.
_REMEMBER: Final = text("""
    WITH requested AS MATERIALIZED (
        SELECT DISTINCT provider, reference
          FROM json_to_recordset(CAST(:keys AS json)) AS (provider text, reference text)
    ),
    new AS (
        INSERT INTO unbet.asked (provider, reference)
        SELECT provider, reference FROM requested ORDER BY reference, provider
            ON CONFLICT (reference, provider) DO NOTHING
        RETURNING provider, reference
    )
    SELECT provider, reference, now() - asked_at AS age
      FROM unbet.asked
      JOIN requested USING (reference, provider)
     WHERE (reference, provider) NOT IN (SELECT reference, provider FROM new)
""")
_FORGET: Final = text("""
    WITH held AS (
        SELECT reference, provider
          FROM unbet.asked
          JOIN json_to_recordset(CAST(:keys AS json)) AS over (provider text, reference text)
               USING (reference, provider)
         ORDER BY reference, provider
           FOR UPDATE OF asked
    )
    DELETE FROM unbet.asked USING held
     WHERE asked.reference = held.reference AND asked.provider = held.provider
""")


def key_of(cancel: Cancel) -> Key:
    return cancel.provider, cancel.reference


def remember_asked(connection: Connection, cancels: Sequence[Cancel]) -> dict[Key, timedelta]:
    """Remember that the wallet is asked about `cancels` next; how long ago those were first asked
    that it has been asked before, without a decision. Does not commit."""
    if not cancels:
        return {}
    found = connection.execute(_REMEMBER, {"keys": _keys(map(key_of, cancels))})
    return {(row.provider, row.reference): row.age for row in found}


def forget_asked(connection: Connection, keys: Iterable[Key]) -> None:
    """The wallet has decided, or was not asked after all. Does not commit."""
    connection.execute(_FORGET, {"keys": _keys(keys)})


def _keys(keys: Iterable[Key]) -> str:
    return as_json({"provider": provider, "reference": reference} for provider, reference in keys)
