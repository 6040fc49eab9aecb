"""What the console looks at: the ledger, the queue, the workers and the receivers; each look ends
in time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from unbet.broker import redis_server
from unbet.broker.queue_state import look
from unbet.broker.workers import Workers
from unbet.console.answers import SPAN_S, Answers, AnswersReader
from unbet.console.counters import LastRise, Refusals
from unbet.console.receivers import ask_receivers
from unbet.console.source import Source
from unbet.database.deadlines import run_within
from unbet.database.deployment import Identity
from unbet.runtime.settings import ConsoleSettings

Value = TypeVar("Value")

EVERY_S: Final = 1.5
PING_EVERY_S: Final = 5.0
LIMIT_S: Final = 2.0
LEDGER_LIMIT_S: Final = 2.5

MOST_LATE_BETS: Final = 10_000
"""Counted; beyond it the console says that there are more."""

_PARKED: Final = text("""
    SELECT state, count(*) AS cancels, min(parked_at) AS longest
      FROM unbet.parked
     WHERE state <> 'closed'
     GROUP BY state
""")
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

RATE_OVER_S: Final = 10


class InParking(NamedTuple):
    """How many cancels are in one state of parking, and since when the first of them is."""

    cancels: int = 0
    longest: datetime | None = None

    def waits(self, now: float) -> float:
        """Seconds that the first of them has been so; 0 if there is none."""
        return max(0.0, now - self.longest.timestamp()) if self.longest else 0.0


class LedgerLook(NamedTuple):
    """What the ledger says."""

    answers: Answers
    recent: int
    """Answers of the last `RATE_OVER_S` seconds."""
    last_answer: datetime | None
    """None if there is no record of any."""
    parked: InParking
    dead: InParking
    late_bets: int
    """Of the time that `answers` covers, and no more than `MOST_LATE_BETS`."""


class Looks:
    """All sources. Those whose look blocks have a thread each: one that hangs holds up no other."""

    def __init__(self, settings: ConsoleSettings, engine: Engine, identity: Identity) -> None:
        self._threads: list[ThreadPoolExecutor] = []
        answers = AnswersReader()
        client = redis_server.connect(settings.broker_url)
        workers = Workers()
        urls = settings.console_metrics_urls or (f"{settings.receiver_url()}/metrics",)

        def look_at_ledger() -> LedgerLook:
            return run_within(engine, LEDGER_LIMIT_S, partial(_look_at_ledger, answers))

        self.ledger = Source(
            self._in_thread(look_at_ledger), every_s=EVERY_S, limit_s=LEDGER_LIMIT_S
        )
        self.queue = Source(
            self._in_thread(lambda: look(client, _known(identity))),
            every_s=EVERY_S,
            limit_s=LIMIT_S,
        )
        self.workers = Source(
            self._in_thread(lambda: workers.ping(_known(identity))),
            every_s=PING_EVERY_S,
            limit_s=2 * LIMIT_S,
        )
        self.receivers = Source(
            partial(ask_receivers, urls, Refusals(), LastRise()), every_s=EVERY_S, limit_s=LIMIT_S
        )

    @property
    def sources(self) -> Sequence[Source[Any]]:
        return self.ledger, self.queue, self.workers, self.receivers

    def close(self) -> None:
        """Let go of the threads; what hangs in one ends by its own time limit."""
        for thread in self._threads:
            thread.shutdown(wait=False, cancel_futures=True)

    def _in_thread(self, look: Callable[[], Value]) -> Callable[[], Awaitable[Value]]:
        thread = ThreadPoolExecutor(1, thread_name_prefix="look")
        self._threads.append(thread)

        async def run() -> Value:
            return await asyncio.get_running_loop().run_in_executor(thread, look)

        return run


def _look_at_ledger(answers: AnswersReader, connection: Connection) -> LedgerLook:
    waiting = {state: InParking(*rest) for state, *rest in connection.execute(_PARKED)}
    recent = connection.execute(_RECENT, {"seconds": RATE_OVER_S}).scalar_one()
    late = {"most": MOST_LATE_BETS, "seconds": SPAN_S}
    return LedgerLook(
        answers=answers.read(connection),
        recent=recent,
        last_answer=connection.execute(_LAST_ANSWER).scalar(),
        parked=waiting.get("parked", InParking()),
        dead=waiting.get("dead", InParking()),
        late_bets=connection.execute(_LATE_BETS, late).scalar_one(),
    )


def _known(identity: Identity) -> UUID:
    """Raises `OSError` as long as the ledger, which says so, has not been there."""
    if identity.id is None:
        raise OSError("it is not known yet which deployment this is")
    return identity.id
