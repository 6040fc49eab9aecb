"""Finds the old records of cancels once and removes them in small steps.

No outcome depends on them: a bet has its own outcome, from which every later cancel is answered.
Where the bet is in a wallet that forgets, the record of the request has it, and stays.
"""

import time
from collections.abc import Generator
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, text

LIMITS: Final = {
    "statement_timeout": "0",  # looking for old records may take minutes
    "lock_timeout": "5s",
}
"""Session settings for the engine. The session's others suit this work: no scan of a whole table
where an index leads to the old part of it."""

ROWS_AT_ONCE: Final = 2000
"""Removed by one transaction."""

MAX_PAUSE_S: Final = 1.0


class Kept(NamedTuple):
    """A table of records, and the moment from which their age is counted."""

    table: str
    since: str
    may_go: str = "true"
    """Which of the old ones."""


RECORDS: Final = (
    Kept("answers", "answered_at"),
    Kept("requests", "decided_at", "is_only_memory IS NOT TRUE"),
    Kept("parkings", "decided_at"),
)
"""Answers first, so that none is left whose request is gone."""


def cutoff(connection: Connection, days: int) -> datetime:
    """`days` ago, by the database's clock, which has dated the records."""
    query = text("SELECT now() - make_interval(days => :days)")
    moment: datetime = connection.execute(query, {"days": days}).scalar_one()
    return moment


def count_older(connection: Connection, kept: Kept, than: datetime) -> int:
    """How many records are older."""
    query = text(f"SELECT count(*) FROM unbet.{kept.table} WHERE {_is_old(kept)}")  # noqa: S608
    return int(connection.execute(query, {"than": than}).scalar_one())


def remove_older(connection: Connection, kept: Kept, than: datetime) -> Generator[int, None, None]:
    """Remove what is older; after each transaction, how many it has removed.

    `connection` must commit each statement by itself (AUTOCOMMIT). The search is one statement,
    whose result the server keeps (WITH HOLD): searching anew for each step would pass, each time,
    over what the steps before have removed. Between two steps it waits as long as the last one
    took, so that it takes half of the server at most. Closed at any moment and run again it goes
    on.
    """
    connection.execute(
        text(f"""
            DECLARE older NO SCROLL CURSOR WITH HOLD FOR
             SELECT request_id FROM unbet.{kept.table} WHERE {_is_old(kept)}
        """),  # noqa: S608 - ours
        {"than": than},
    )
    remove = text(f"""
        DELETE FROM unbet.{kept.table}
         WHERE request_id = ANY (CAST(:ids AS uuid[])) AND {_is_old(kept)}
    """)  # noqa: S608 - ours
    try:
        while ids := _next(connection):
            began = time.monotonic()
            yield connection.execute(remove, {"ids": ids, "than": than}).rowcount
            time.sleep(min(time.monotonic() - began, MAX_PAUSE_S))
    finally:
        connection.execute(text("CLOSE older"))


def _is_old(kept: Kept) -> str:
    return f"{kept.since} < :than AND {kept.may_go}"


def _next(connection: Connection) -> list[object]:
    rows = connection.execute(text(f"FETCH {ROWS_AT_ONCE} FROM older"))
    return list(rows.scalars())
