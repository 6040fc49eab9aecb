"""Measures the workers alone: the queue is filled with full groups, then drained."""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from statistics import median
from typing import Any, Final
from uuid import UUID, uuid4

import redis
from sqlalchemy import Engine, text

from api.publish import Publisher
from benchmarks import filling
from benchmarks.checking import check
from benchmarks.contenders import CONTENDERS
from benchmarks.environment import BenchmarkError, Environment, Ledger
from benchmarks.filling import Bet, cancel_of
from benchmarks.progress import Shown
from unbet.broker.presence import key
from unbet.core.message import QUEUE
from unbet.database.deployment import Identity, current
from unbet.runtime.settings import ReceiverSettings, load

GOAL_PER_S: Final = 10_000
"""DESIGN, "Numbers to reach": by one worker process."""

STUCK_S: Final = 30.0
LOOK_INTERVAL_S: Final = 0.25
_HELD: Final = f"{QUEUE}-held"

# A request's `decided_at` is the beginning of its group's transaction: from the first to the last
# one, all groups were done but those that began last.
_PACE: Final = text("""
    SELECT count(*) FILTER (WHERE decided_at < last) AS cancels,
           extract(epoch FROM last - min(decided_at)) AS seconds
      FROM unbet.requests,
           (SELECT max(decided_at) AS last FROM unbet.requests) AS ended
     WHERE reference = ANY (CAST(:references AS text[]))
     GROUP BY last
""")
_LAST_TRANSFER: Final = text("SELECT last_value FROM unbet_ledger.transfers_id_seq")


@dataclass(frozen=True)
class Drained:
    """One queue, drained."""

    round: int
    workers: int
    cancels: int
    seconds: float
    """From the first group's transaction to the last one's."""
    per_second: float
    """Reversals."""


def carry_out(
    benchmark: Environment,
    ledger: Ledger,
    workers: Sequence[int],
    rounds: int,
    cancels: int,
    shown: Shown,
) -> Iterator[Drained]:
    """Yield each drained queue. Raises `CheckError` where the ledger does not hold exactly one
    reversal of each bet, `BenchmarkError` where a queue is not drained."""
    references = filling.references()
    for number in range(1, rounds + 1):
        for count in workers:
            name = f"round {number}, {count} workers"
            shown.at(name)
            bets = filling.new_bets(references, cancels, filling.players())
            filling.place(ledger.engine, bets)
            cancelled, seconds = _drain(benchmark, ledger, bets, count)
            check(ledger.engine, bets, [bet.reference for bet in bets], unanswered=0)
            drained = Drained(number, count, cancels, seconds, cancelled / seconds)
            shown.step(f"{name}: {drained.per_second:,.0f} reversals/s")
            yield drained


def rows(found: Sequence[Drained]) -> Iterator[tuple[object, ...]]:
    """One for each number of workers: medians, and the rounds."""
    for workers, paces in _paces(found).items():
        middle = median(paces)
        in_words = ", ".join(f"{pace:,.0f}" for pace in paces)
        yield workers, f"{middle:,.0f}", f"{middle / workers:,.0f}", in_words


def document(found: Sequence[Drained]) -> dict[str, Any]:
    """For JSON."""
    alone = _paces(found).get(1)
    goal = {"asked": f"≥ {GOAL_PER_S}", "found": median(alone)} if alone else None
    return {"goal_one_process": goal, "runs": [asdict(drained) for drained in found]}


def _paces(found: Sequence[Drained]) -> dict[int, list[float]]:
    paces: dict[int, list[float]] = {}
    for drained in found:
        paces.setdefault(drained.workers, []).append(drained.per_second)
    return paces


def _drain(
    benchmark: Environment, ledger: Ledger, bets: Sequence[Bet], workers: int
) -> tuple[int, float]:
    environment = benchmark.environment(ledger)
    with ledger.engine.connect() as connection:
        deployment = current(connection)
    queue = key(deployment, QUEUE)
    _publish(bets, environment, deployment)
    command = f"{CONTENDERS['unbet'].commands['worker']} --concurrency 1 --hostname"
    commands = {f"worker{n}": f"{command} worker{n}@bench" for n in range(1, workers + 1)}
    with redis.Redis.from_url(environment["UNBET_BROKER_URL"]) as broker:
        # Out of sight until all workers are there: their starts take longer than the queue.
        broker.rename(queue, _HELD)
        with benchmark.running(commands, environment):
            before = _last_transfer(ledger.engine)
            broker.rename(_HELD, queue)
            _wait_until(ledger.engine, before + len(bets))
    with ledger.engine.connect() as connection:
        values = {"references": [bet.reference for bet in bets]}
        pace = connection.execute(_PACE, values).one()
    return int(pace.cancels), float(pace.seconds)


def _publish(bets: Sequence[Bet], environment: dict[str, str], deployment: UUID) -> None:
    """Through the receiver's own publisher, whose Celery reads the settings of this process."""
    os.environ.update({k: v for k, v in environment.items() if k.startswith("UNBET_")})
    chosen = load(ReceiverSettings)
    publisher = Publisher(1, chosen.keys(), Identity(deployment), "replies:nobody")
    try:
        remaining = map(cancel_of, bets)
        while cancels := tuple(islice(remaining, chosen.group_size)):
            publisher.send(cancels, str(uuid4()))
    finally:
        publisher.close()


def _wait_until(engine: Engine, transfer_id: int) -> None:
    """Until the reversals have come that far; seldom asked, and a question that costs nothing."""
    last, moved_at = 0, time.monotonic()
    while (now := _last_transfer(engine)) < transfer_id:
        if now > last:
            last, moved_at = now, time.monotonic()
        if time.monotonic() - moved_at > STUCK_S:
            raise BenchmarkError(f"the queue is not drained: {transfer_id - now} cancels are left")
        time.sleep(LOOK_INTERVAL_S)


def _last_transfer(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(_LAST_TRANSFER).scalar_one())
