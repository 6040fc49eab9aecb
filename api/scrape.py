"""Reads what PostgreSQL, Redis and the disk hold, for `/metrics`: at most once a second, and within
a scrape's time limit. A source that does not answer is left out and reported as down."""

import asyncio
import time
from collections.abc import Callable
from typing import Final, TypeVar
from uuid import UUID

import structlog
from prometheus_client import Metric
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from unbet.broker import redis_server
from unbet.broker.queue_state import QueueState, look
from unbet.database.deadlines import run_within
from unbet.database.deployment import Identity
from unbet.database.faults import first_line
from unbet.journal.counting import LedgerState, count
from unbet.runtime.scraped_metrics import (
    LATE_BETS,
    LATE_BETS_NOT_REVERSED,
    LATE_BETS_REVERSED,
    OLDEST_PARKED,
    OLDEST_QUEUED,
    OLDEST_SPOOLED,
    PARKED,
    QUEUED,
    SPOOL,
    SPOOL_FILES,
    SPOOL_KEPT,
    UNACKED,
    UP,
    WATCHED,
    WATCHED_OVERDUE,
)
from unbet.runtime.settings import ReplySettings
from unbet.spool import Spool, SpoolState

CACHED_S: Final = 1.0
LIMIT_S: Final = 2.0

log = structlog.get_logger("receiver")

Seen = TypeVar("Seen")


class ScrapedState:
    """Asks all of them at once; who comes meanwhile gets the same."""

    def __init__(
        self, settings: ReplySettings, engine: Engine, spool: Spool, identity: Identity
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._spool = spool
        self._identity = identity
        self._lock = asyncio.Lock()
        self._families: list[Metric] = []
        self._asked_at = float("-inf")

    async def families(self) -> list[Metric]:
        """What could be learned, at most `CACHED_S` seconds ago."""
        async with self._lock:
            if time.monotonic() - self._asked_at > CACHED_S:
                self._families = await self._ask()
                self._asked_at = time.monotonic()
            return self._families

    async def _ask(self) -> list[Metric]:
        ledger, queue, replies, spool = await asyncio.gather(
            _seen("ledger", lambda: run_within(self._engine, LIMIT_S, count)),
            _seen("broker", lambda: _look(self._settings.broker_url, self._identity.id)),
            _seen("replies", lambda: _answers(self._settings.redis_url)),
            _seen("spool", self._spool.state),
        )
        seen = {"ledger": ledger, "broker": queue, "replies": replies, "spool": spool}
        families = [UP.by((name, value is not None) for name, value in seen.items())]
        if ledger is not None:
            families += _of_ledger(ledger)
        if isinstance(queue, QueueState):
            families += _of_queue(queue)
        if spool is not None:
            families += _of_spool(spool)
        return families


async def _seen(name: str, ask: Callable[[], Seen]) -> Seen | None:
    try:
        async with asyncio.timeout(LIMIT_S):
            return await asyncio.to_thread(ask)
    except TimeoutError:
        problem = "no answer in time"
    except (SQLAlchemyError, *redis_server.AWAY) as error:
        problem = first_line(error)
    log.warning("state unavailable", dependency=name, error=problem)
    return None


def _look(url: str, deployment: UUID | None) -> QueueState | bool:
    """The queue; only whether Redis answers, as long as it is not known whose queue to look for."""
    if deployment is None:
        return _answers(url)
    with redis_server.connect(url) as client:
        return look(client, deployment)


def _answers(url: str) -> bool:
    redis_server.ping(url)
    return True


def _of_ledger(state: LedgerState) -> list[Metric]:
    return [
        PARKED.by(state.parked._asdict().items()),
        OLDEST_PARKED.of(state.oldest_parked_s),
        LATE_BETS.of(state.late_bets),
        WATCHED.of(state.elsewhere.watched),
        WATCHED_OVERDUE.of(state.elsewhere.overdue_s),
        LATE_BETS_REVERSED.of(state.elsewhere.reversed),
        LATE_BETS_NOT_REVERSED.of(state.elsewhere.not_reversed),
    ]


def _of_queue(state: QueueState) -> list[Metric]:
    families = [QUEUED.of(state.length), UNACKED.of(state.unacked)]
    if state.oldest_age_s is not None or not state.length:
        families.append(OLDEST_QUEUED.of(state.oldest_age_s or 0.0))
    return families


def _of_spool(state: SpoolState) -> list[Metric]:
    kept = {"damaged": state.damaged, "foreign": state.foreign, "stuck": state.stuck}
    return [
        SPOOL.of(state.size),
        SPOOL_FILES.of(state.files),
        OLDEST_SPOOLED.of(state.oldest_age_s),
        SPOOL_KEPT.by(kept.items()),
    ]
