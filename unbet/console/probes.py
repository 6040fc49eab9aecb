"""The console's probes of the ledger, the queue, the workers and the receivers. Each probe has a
time limit."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import Connection, Engine

from unbet.broker import redis_server
from unbet.broker.queue_state import look
from unbet.broker.wallet_notices import notices
from unbet.broker.workers import Workers
from unbet.console.answers import SPAN_S, Answers, AnswersReader
from unbet.console.counters import LastRise, Refusals
from unbet.console.receivers import ask_receivers
from unbet.console.source import Source
from unbet.database.deadlines import run_within
from unbet.database.deployment import Identity
from unbet.journal.activity import Activity, read_activity
from unbet.runtime.settings import ConsoleSettings
from unbet.wallets.notice import Notice, read_notice

Value = TypeVar("Value")

INTERVAL_S: Final = 1.5
PING_INTERVAL_S: Final = 5.0
LIMIT_S: Final = 2.0
LEDGER_LIMIT_S: Final = 2.5


@dataclass(frozen=True)
class LedgerReading(Activity):
    """What the ledger says; its late bets are of the time that `answers` covers."""

    answers: Answers


class Probes:
    """All sources. Those whose look blocks have a thread each: one that hangs holds up no other."""

    def __init__(self, settings: ConsoleSettings, engine: Engine, identity: Identity) -> None:
        self._threads: list[ThreadPoolExecutor] = []
        self.wallet_names = settings.wallets()
        """By the settings; what a figure of the ledger's is about."""
        answers = AnswersReader()
        client = redis_server.connect(settings.broker_url)
        workers = Workers()
        urls = settings.console_metrics_urls or (f"{settings.receiver_url()}/metrics",)

        read = self._in_thread(
            lambda: run_within(engine, LEDGER_LIMIT_S, partial(_read_ledger, answers))
        )
        self.ledger = Source(read, every_s=INTERVAL_S, limit_s=LEDGER_LIMIT_S)
        read_queue = self._in_thread(lambda: look(client, _known(identity)))
        self.queue = Source(read_queue, every_s=INTERVAL_S, limit_s=LIMIT_S)
        ping = self._in_thread(lambda: workers.ping(_known(identity)))
        self.workers = Source(ping, every_s=PING_INTERVAL_S, limit_s=2 * LIMIT_S)
        read_wallets = self._in_thread(lambda: _read_wallets(client, _known(identity)))
        self.wallets = Source(read_wallets, every_s=PING_INTERVAL_S, limit_s=LIMIT_S)
        ask = partial(ask_receivers, urls, Refusals(), LastRise())
        self.receivers = Source(ask, every_s=INTERVAL_S, limit_s=LIMIT_S)

    @property
    def sources(self) -> Sequence[Source[Any]]:
        return self.ledger, self.queue, self.workers, self.wallets, self.receivers

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


def _read_ledger(answers: AnswersReader, connection: Connection) -> LedgerReading:
    steps = answers.read(connection)
    return LedgerReading(answers=steps, **vars(read_activity(connection, late_bets_over_s=SPAN_S)))


def _read_wallets(client: redis_server.Client, deployment: UUID) -> Notice | None:
    """The newest notice of a worker; None if no worker has told."""
    return next(filter(None, map(read_notice, notices(client, deployment))), None)


def _known(identity: Identity) -> UUID:
    """Raises `OSError` as long as the ledger, which says so, has not been there."""
    if identity.id is None:
        raise OSError("it is not known yet which deployment this is")
    return identity.id
