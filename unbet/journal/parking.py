"""Parked cancels: stored in the ledger because they have no final outcome yet. Dead ones wait for a
person. `sweeping.py` finishes them; `interventions.py` has what people do to them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

from unbet.core.message import Cancel
from unbet.database.rows import as_json

MAX_PAUSE_S: Final = 75
"""No pause between two tries is longer: a minute, and a quarter of it for jitter."""

# What is due later than any pause lasts was dated by a clock that was ahead and has come back: it
# is due now. Both bounds are ranges of one index.
DUE: Final = f"""
    state = 'parked'
    AND (next_try_at <= now() OR next_try_at > now() + interval '{MAX_PAUSE_S} seconds')
"""

# A cancel that waits for something outside (a lock, a bet that has still to be imported) is tried
# in pauses that grow with its age, up to a minute: nobody knows how long it will take.
PAUSE_BY_AGE: Final = """
    make_interval(secs => least(60, greatest(1, extract(epoch FROM now() - parked.parked_at) / 4))
                          * (0.75 + random() / 2))
"""
_INSERT: Final = """
    INSERT INTO unbet.parked (request_id, provider, reference, batch, cancel, state, reason,
                        last_error, next_try_at)
    SELECT request_id, provider, reference, batch, cancel, CAST(:state AS text),
           CAST(:reason AS text), CAST(:error AS text), now() + make_interval(secs => :pause_s)
      FROM json_to_recordset(CAST(:cancels AS json))
               AS (request_id uuid, provider text, reference text, batch uuid, cancel text)
     -- Two that park the same cancels at once must not wait for each other crosswise.
     ORDER BY request_id
        ON CONFLICT (request_id)
"""
_PARK: Final = text(f"{_INSERT} DO NOTHING")
_SET_ASIDE: Final = text(f"""
    {_INSERT} DO UPDATE
       SET state = excluded.state, reason = excluded.reason, last_error = excluded.last_error,
           tries = CASE WHEN :counts THEN parked.tries ELSE greatest(parked.tries - 1, 0) END,
           next_try_at = CASE WHEN :counts THEN parked.next_try_at ELSE now() + {PAUSE_BY_AGE} END
     WHERE parked.state = 'parked'
""")  # noqa: S608 - no value is formatted in
_LIST: Final = text("""
    SELECT parked.request_id, parked.provider, parked.reference, bets.amount, bets.currency,
           parked.state, bets.outcome, reason, tries, last_error, parked_at, next_try_at, batch
      FROM unbet.parked
      LEFT JOIN unbet_ledger.bets
             ON bets.reference = parked.reference AND bets.provider = parked.provider
                AND NOT parked.of_round
     WHERE parked.state = ANY (CAST(:states AS text[]))
     ORDER BY parked_at, parked.request_id
     LIMIT :most
""")
_COUNT: Final = text("""
    SELECT state, count(*) AS cancels, min(parked_at) AS longest
      FROM unbet.parked GROUP BY state
""")

LATE_BET: Final = "late bet"
"""The reason of a cancel whose bet came after it, and was settled before it was found."""

SOON_S: Final = 1.0
"""A cancel that was just found blocked is tried again after this."""


def park(connection: Connection, cancels: Sequence[Cancel], *, reason: str) -> None:
    """Keep `cancels` to be finished at once: any number, one statement. Does not commit.

    One that is parked already, or dead, stays as it is. One that has been decided meanwhile does
    no harm: applied again it is told the same, and goes.
    """
    if cancels:
        values = {"state": "parked", "reason": reason, "error": None, "pause_s": 0.0}
        connection.execute(_PARK, {"cancels": rows_of(cancels)} | values)


def set_aside(
    connection: Connection,
    cancels: Sequence[Cancel],
    *,
    reason: str,
    error: str,
    dead: bool = False,
    counts: bool = True,
) -> None:
    """Keep `cancels` that could not be applied, parked before or not, with what was in the way.

    With `dead` only a person tries them again. Without `counts` the try that has just failed is
    none: it was not the cancel's fault. Does not commit.
    """
    if cancels:
        state = "dead" if dead else "parked"
        values = {"state": state, "reason": reason, "error": error, "pause_s": SOON_S}
        parameters = {"cancels": rows_of(cancels), "counts": counts}
        connection.execute(_SET_ASIDE, parameters | values)


class Parked(NamedTuple):
    """A cancel as it lies in parking."""

    request_id: UUID
    provider: str
    reference: str
    amount: Decimal | None
    """The bet's stake; None where the bet is not known, and of a round."""
    currency: str | None
    """The bet's."""
    state: str
    """`parked`: the sweep tries it; `dead`: only a person does; `closed`: nobody does any more."""
    outcome: str | None
    """What the bet's cancels are told; None if the bet is not decided. Of a closed one anything
    but `closed`: the bet was decided otherwise, or the cancel is another player's."""
    reason: str
    tries: int
    last_error: str | None
    parked_at: datetime
    next_try_at: datetime
    batch: UUID | None
    """The same for all cancels of a request that asks for several bets; they are tried together."""


class Backlog(NamedTuple):
    """How many cancels are in one state of parking, and since when the first of them is."""

    cancels: int = 0
    longest: datetime | None = None

    def waits(self, now: float) -> float:
        """Seconds that the first of them has been so; 0 if there is none."""
        return max(0.0, now - self.longest.timestamp()) if self.longest else 0.0


class ParkedCounts(NamedTuple):
    """How many cancels wait for the sweep, how many for a person, and how many were given up."""

    parked: int
    dead: int
    closed: int


def count_parked(connection: Connection) -> ParkedCounts:
    """What is parked, dead and closed now."""
    found = parked_by_state(connection)
    return ParkedCounts(*(found[state].cancels for state in ParkedCounts._fields))


def parked_by_state(connection: Connection) -> defaultdict[str, Backlog]:
    """The same, with the time of the first."""
    found = {state: Backlog(*rest) for state, *rest in connection.execute(_COUNT)}
    return defaultdict(Backlog, found)


def list_parked(
    connection: Connection, *, states: Sequence[str] = ("parked", "dead"), most: int
) -> list[Parked]:
    """The `most` in one of `states` that have been parked longest."""
    rows = connection.execute(_LIST, {"states": list(states), "most": most})
    return [Parked(*row) for row in rows]


def rows_of(cancels: Sequence[Cancel]) -> str:
    """For `json_to_recordset`: request_id, provider, reference, batch, and the whole as `cancel`:
    without what it does not say, so that an older sweep can still read the others."""
    return as_json(
        cancel.model_dump(include={"request_id", "provider", "reference", "batch"})
        | {"cancel": cancel.model_dump_json(exclude_defaults=True)}
        for cancel in cancels
    )
