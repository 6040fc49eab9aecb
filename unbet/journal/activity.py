"""Recent answers and what waits now; the console reads them repeatedly."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, text

from unbet.core.outcomes import MISMATCHES, sql_list
from unbet.journal.parking import Backlog, parked_by_state

_RECENT: Final = text("""
    SELECT count(*) FROM unbet.answers
     WHERE answered_at BETWEEN now() - make_interval(secs => :seconds) AND now()
""")
# By its key: there is no index on the time.
_LATE_BETS: Final = text("""
    SELECT count(*)
      FROM (SELECT refused_at FROM unbet_ledger.late_bets ORDER BY id DESC LIMIT :most) AS newest
     WHERE refused_at BETWEEN now() - make_interval(secs => :seconds) AND now()
""")

# By its key, which begins with the receiver's time: there is no index on the moment of the answer.
_LAST_ANSWER: Final = text("""
    SELECT answered_at FROM unbet.answers ORDER BY request_id DESC LIMIT 1
""")
_NOW: Final = text("SELECT CAST(extract(epoch FROM now()) AS float8)")
_READ: Final = text(f"""
    SELECT CAST(floor(extract(epoch FROM answered_at) / :step) AS bigint) * :step AS began,
           count(*) FILTER (WHERE outcome = 'reversed'),
           count(*) FILTER (WHERE outcome = 'no_bet'),
           count(*) FILTER (WHERE outcome IN ('bet_refused', 'settled', 'closed')),
           count(*) FILTER (WHERE outcome IN {sql_list(MISMATCHES)}),
           count(*) FILTER (WHERE coalesce(outcome, 'parked') = 'parked'),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY CAST(seconds AS float8)),
           percentile_cont(0.99) WITHIN GROUP (ORDER BY CAST(seconds AS float8))
      FROM unbet.answers
     WHERE answered_at >= to_timestamp(:since) AND answered_at < to_timestamp(:until)
     GROUP BY began
""")  # noqa: S608 - no value is formatted in


RATE_OVER_S: Final = 10
MAX_LATE_BETS: Final = 10_000
"""Counted; beyond it there are more."""


@dataclass(frozen=True)
class Activity:
    """What was answered lately, and what waits now."""

    recent: int
    """Answers of the last `RATE_OVER_S` seconds."""
    last_answer: datetime | None
    """None if there is no record of any."""
    parked: Backlog
    dead: Backlog
    late_bets: int
    """Of the time that was asked about, and no more than `MAX_LATE_BETS`."""


class Step(NamedTuple):
    """What was answered in one step of time."""

    given_back: int = 0
    no_bet: int = 0
    nothing: int = 0
    mismatch: int = 0
    undecided: int = 0
    p50_s: float | None = None
    p99_s: float | None = None

    @property
    def answers(self) -> int:
        return self.given_back + self.no_bet + self.nothing + self.mismatch + self.undecided


def answered_within(connection: Connection, seconds: float) -> int:
    """Answers of the last `seconds`."""
    return int(connection.execute(_RECENT, {"seconds": seconds}).scalar_one())


def last_answer(connection: Connection) -> datetime | None:
    """When it was given; None if there is no record of any."""
    return connection.execute(_LAST_ANSWER).scalar()


def late_bets_within(connection: Connection, seconds: float, *, most: int) -> int:
    """Bets refused in the last `seconds` because their cancel was here first, counted up to
    `most`."""
    return int(connection.execute(_LATE_BETS, {"most": most, "seconds": seconds}).scalar_one())


def read_activity(connection: Connection, *, late_bets_over_s: float) -> Activity:
    """All of it."""
    waiting = parked_by_state(connection)
    return Activity(
        recent=answered_within(connection, RATE_OVER_S),
        last_answer=last_answer(connection),
        parked=waiting["parked"],
        dead=waiting["dead"],
        late_bets=late_bets_within(connection, late_bets_over_s, most=MAX_LATE_BETS),
    )


def moment(connection: Connection) -> float:
    """The database's clock, in seconds since 1970."""
    return float(connection.execute(_NOW).scalar_one())


def read_steps(
    connection: Connection, *, step_s: int, since: float, until: float
) -> dict[int, Step]:
    """What was answered from `since` to before `until` (seconds since 1970), by the second that
    each step of `step_s` seconds begins at; without a step in which nothing was."""
    values = {"step": step_s, "since": since, "until": until}
    return {row[0]: Step(*row[1:]) for row in connection.execute(_READ, values)}
