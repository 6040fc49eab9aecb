"""Find references by what a person has at hand: a reference, a player, or a request's uuid."""

import json
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, text

MOST: Final = 100

# Each part stops at its newest ones: a player may have millions of bets.
_FIND: Final = text("""
    WITH known AS (
        (SELECT provider, reference, user_id, currency, created_at AS seen_at,
                'reference' AS found_by
           FROM bets WHERE reference = :words LIMIT :most)
        UNION ALL
        (SELECT provider, reference, user_id, currency, created_at, 'player'
           FROM bets WHERE user_id = :words ORDER BY id DESC LIMIT :most)
        UNION ALL
        (SELECT provider, reference, user_id, currency, received_at, 'reference'
           FROM requests WHERE reference = :words LIMIT :most)
        UNION ALL
        (SELECT provider, reference, user_id, currency, received_at, 'player'
           FROM requests WHERE user_id = :words ORDER BY received_at DESC LIMIT :most)
        UNION ALL
        (SELECT provider, reference, user_id, currency, received_at, 'uuid'
           FROM requests WHERE uuid = :words LIMIT :most)
        UNION ALL
        (SELECT parked.provider, parked.reference, asked ->> 'user_id', asked ->> 'currency',
                parked_at,
                CASE :words WHEN parked.reference THEN 'reference'
                            WHEN asked ->> 'uuid' THEN 'uuid' ELSE 'player' END
           FROM parked, LATERAL (
               -- One that cannot be read must not hide the others.
               SELECT CASE WHEN position(:quoted IN cancel) > 0
                           THEN CAST(cancel AS json) -> 'request' END
           ) AS body (asked)
          WHERE :words IN (parked.reference, asked ->> 'uuid', asked ->> 'user_id')
          ORDER BY parked_at DESC LIMIT :most)
        UNION ALL
        (SELECT provider, reference, user_id, currency, refused_at,
                CASE :words WHEN reference THEN 'reference' ELSE 'player' END
           FROM late_bets WHERE :words IN (reference, user_id) LIMIT :most)
        UNION ALL
        (SELECT wins.provider, bet_reference, bets.user_id, bets.currency, wins.created_at,
                'reference'
           FROM wins JOIN bets ON (bets.reference, bets.provider) = (bet_reference, wins.provider)
          WHERE wins.reference = :words LIMIT :most)
    )
    SELECT known.provider, known.reference, bets.state, min(known.user_id), min(known.currency),
           max(seen_at) AS seen_at, min(found_by)
      FROM known
      LEFT JOIN bets ON (bets.reference, bets.provider) = (known.reference, known.provider)
     GROUP BY known.provider, known.reference, bets.state
     ORDER BY seen_at DESC, known.reference, known.provider
     LIMIT :most
""")


class Found(NamedTuple):
    """A reference of which something is known."""

    provider: str
    reference: str
    state: str | None
    """The bet's; None if there is neither bet nor tombstone."""
    user_id: str
    currency: str
    seen_at: datetime
    """The latest of what was found."""
    found_by: str
    """`reference`, `player` or `uuid`."""


def find(connection: Connection, words: str, *, most: int = MOST) -> list[Found]:
    """What is known by exactly these `words`, the newest first, at most `most`."""
    if "\0" in words:  # PostgreSQL stores none
        return []
    quoted = json.dumps(words, ensure_ascii=False)[1:-1]
    rows = connection.execute(_FIND, {"words": words, "quoted": quoted, "most": most})
    return [Found(*row) for row in rows]
