"""Finds references by a reference, a player, a request's uuid or a round."""

import json
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, text

from unbet.core.outcomes import BINDS_NOTHING, sql_list

MAX_ROWS: Final = 100

# Each part stops at its newest ones: a player may have millions of bets.
_FIND: Final = text(f"""
    WITH known AS (
        (SELECT provider, reference, user_id, currency, created_at AS seen_at,
                'reference' AS found_by
           FROM unbet_ledger.bets WHERE reference = :words LIMIT :most)
        UNION ALL
        (SELECT provider, reference, user_id, currency, created_at, 'player'
           FROM unbet_ledger.bets WHERE user_id = :words ORDER BY id DESC LIMIT :most)
        UNION ALL
        (SELECT provider, reference, user_id, currency, received_at, 'reference'
           FROM unbet.requests WHERE reference = :words AND NOT of_round LIMIT :most)
        UNION ALL
        (SELECT provider, reference, user_id, currency, received_at, 'player'
           FROM unbet.requests WHERE user_id = :words AND NOT of_round
          ORDER BY received_at DESC LIMIT :most)
        UNION ALL
        (SELECT provider, reference, user_id, currency, received_at, 'uuid'
           FROM unbet.requests WHERE uuid = :words AND NOT of_round LIMIT :most)
        UNION ALL
        -- Whose uuid is nowhere but in its answer: it shared the wait of another request.
        (SELECT asked.provider, asked.reference, asked.user_id, asked.currency,
                answers.received_at, 'uuid'
           FROM unbet.answers, LATERAL (
               SELECT provider, reference, user_id, currency
                 FROM unbet.requests WHERE request_id = shared_request_id
                UNION ALL
               SELECT provider, reference, '', ''
                 FROM unbet.parked WHERE request_id = shared_request_id
           ) AS asked
          WHERE uuid = :words AND shared_request_id IS NOT NULL LIMIT :most)
        UNION ALL
        -- Compared as text: one that cannot be read as JSON must hide neither itself nor others. An
        -- older version wrote the player as `user_id`.
        (SELECT provider, reference,
                coalesce(substring(cancel FROM '"player":"([^"]*)"'),
                         substring(cancel FROM '"user_id":"([^"]*)"'), ''),
                coalesce(substring(cancel FROM '"currency":"([^"]*)"'), ''),
                parked_at,
                CASE WHEN reference = :words THEN 'reference'
                     WHEN position(:uuid IN cancel) > 0 THEN 'uuid' ELSE 'player' END
           FROM unbet.parked
          WHERE NOT of_round
            AND (reference = :words OR position(:uuid IN cancel) > 0
                 OR position(:player IN cancel) > 0 OR position(:user IN cancel) > 0)
          ORDER BY parked_at DESC LIMIT :most)
        UNION ALL
        (SELECT provider, reference, user_id, currency, refused_at,
                CASE :words WHEN reference THEN 'reference' ELSE 'player' END
           FROM unbet_ledger.late_bets WHERE :words IN (reference, user_id) LIMIT :most)
        UNION ALL
        (SELECT wins.provider, bet_reference, bets.user_id, bets.currency, wins.created_at,
                'reference'
           FROM unbet_ledger.wins
           JOIN unbet_ledger.bets
             ON (bets.reference, bets.provider) = (bet_reference, wins.provider)
          WHERE wins.reference = :words LIMIT :most)
        UNION ALL
        -- These are of no provider.
        (SELECT '', reference, user_id, currency, created_at, 'reference'
           FROM unbet_ledger.deposits WHERE reference = :words)
        UNION ALL
        (SELECT '', reference, user_id, currency, created_at, 'reference'
           FROM unbet_ledger.operations WHERE reference = :words)
        UNION ALL
        (SELECT '', reference, user_id, currency, created_at, 'player'
           FROM unbet_ledger.operations WHERE user_id = :words
          ORDER BY created_at DESC LIMIT :most)
    ),
    of_rounds AS (
        (SELECT provider, round_id AS reference, user_id, currency, created_at AS seen_at
           FROM unbet_ledger.bets WHERE round_id = :words LIMIT :most)
        UNION ALL
        (SELECT provider, reference, user_id, currency, received_at
           FROM unbet.requests WHERE of_round AND reference = :words LIMIT :most)
        UNION ALL
        (SELECT provider, reference, user_id, currency, received_at
           FROM unbet.requests WHERE of_round AND uuid = :words LIMIT :most)
        UNION ALL
        (SELECT provider, reference, NULL, NULL, parked_at
           FROM unbet.parked
          WHERE of_round AND (reference = :words OR position(:uuid IN cancel) > 0) LIMIT :most)
    ),
    bets_and_rounds AS (
        SELECT known.provider, known.reference, bets.state, coalesce(max(known.user_id), ''),
               coalesce(max(known.currency), ''), max(seen_at) AS seen_at,
               min(found_by) AS found_by,
               -- Of another wallet: the first decision that binds the bet.
               (SELECT outcome
                  FROM unbet.requests
                 WHERE (reference, provider) = (known.reference, known.provider)
                   AND wallet IS NOT NULL AND NOT of_round
                   AND outcome NOT IN {sql_list(BINDS_NOTHING)}
                 ORDER BY decided_at
                 LIMIT 1)
          FROM known
          LEFT JOIN unbet_ledger.bets
                 ON (bets.reference, bets.provider) = (known.reference, known.provider)
         GROUP BY known.provider, known.reference, bets.state
         UNION ALL
        SELECT provider, reference, NULL, coalesce(max(user_id), ''), coalesce(max(currency), ''),
               max(seen_at), 'round', NULL
          FROM of_rounds
         GROUP BY provider, reference
    )
    SELECT * FROM bets_and_rounds
     ORDER BY seen_at DESC, reference, provider
     LIMIT :most
""")  # noqa: S608 - no value is formatted in


class SearchResult(NamedTuple):
    """A reference of which something is known."""

    provider: str
    """Empty for a deposit, a withdrawal, a correction or a conversion of bonus."""
    reference: str
    state: str | None
    """The bet's; None if there is neither bet nor tombstone."""
    user_id: str
    currency: str
    """Both are empty where only cancels are known, and none of them says it or can be read."""
    seen_at: datetime
    """The latest of what was found."""
    found_by: str
    """`reference`, `player`, `uuid` or `round`: then the reference is a round's."""
    told: str | None
    """The outcome that a wallet other than the ledger has told."""


def find(connection: Connection, words: str, *, most: int = MAX_ROWS) -> list[SearchResult]:
    """What is known by exactly these `words`, the newest first, at most `most`."""
    if "\0" in words:  # PostgreSQL stores none
        return []
    quoted = json.dumps(words, ensure_ascii=False)
    names = {"uuid": "uuid", "player": "player", "user": "user_id"}
    parts = {name: f'"{written}":{quoted}' for name, written in names.items()}
    rows = connection.execute(_FIND, {"words": words, "most": most} | parts)
    return [SearchResult(*row) for row in rows]
