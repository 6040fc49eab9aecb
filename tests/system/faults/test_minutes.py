"""Faults that last a minute, as in the middle of the night."""

import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median, quantiles

import psutil
import psycopg
import pytest
import redis

from tests.freezing import frozen
from tests.operating import Operator
from tests.servers import services
from tests.system.processes import System
from tests.system.watching import (
    DEADLINE_S,
    PLAYER,
    PROVIDER_LIMIT_S,
    RESEND_AFTER_S,
    placed,
    timed,
    wait_until_cancelled,
)

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]

LOCK_TIMEOUT_S = 0.3
"""What a group takes at least that has waited for a lock."""

PAUSE_S = 0.05
"""Between two cancels of a stream: what is looked at is how long one takes, on a machine that has
time for it."""


def test_with_postgres_away_for_a_minute_and_redis_emptied_all_are_answered_and_applied_later(
    system: System, operator: Operator, own_services: Path
) -> None:
    system.start_sweep()
    references = placed(operator, 300)
    postgres = services.status(own_services).postgres_pid
    # Each cancel is sent once: the provider gives no help.
    with ThreadPoolExecutor(100) as pool:
        answers: list[Future[tuple[int, float]]] = []

        def send_for(seconds: float, share: list[str]) -> None:
            for reference in share:
                answers.append(pool.submit(timed, system, reference))
                time.sleep(seconds / len(share))

        with frozen(postgres):
            send_for(30, references[:150])
        psutil.Process(postgres).kill()
        send_for(15, references[150:225])
        with redis.Redis.from_url(system.environment["UNBET_BROKER_URL"]) as client:
            client.flushall()
        send_for(15, references[225:])
        services.start(own_services)
        operator.engine.dispose()  # its connections are the old server's
        told = [answer.result() for answer in answers]
    assert max(seconds for _, seconds in told) < PROVIDER_LIMIT_S
    said = system.said("receiver")
    answered = re.findall(r'"seconds":([0-9.]+).*"event":"answered"', said)
    assert len(answered) == len(references)
    assert max(map(float, answered)) <= DEADLINE_S
    # 100 is a promise; 0 are those that the end of the minute met on their way.
    assert {code for code, _ in told} <= {0, 100}
    assert [code for code, _ in told].count(100) > 250
    wait_until_cancelled(operator, *references)
    assert operator.balance(**PLAYER).cash == Decimal(1000)


def test_one_bet_locked_for_a_minute_does_not_slow_the_others_down(
    system: System, operator: Operator
) -> None:
    system.start_sweep()
    operator.bet("held", "1.00", **PLAYER)
    numbers = count()
    over = threading.Event()

    def pour() -> Iterator[float]:
        while not over.is_set():
            reference = f"free{next(numbers)}"
            operator.bet(reference, "1.00", **PLAYER)
            code, seconds = timed(system, reference)
            assert code in {0, 100}
            # A promise is as slow as it gets: the sweep has to come by.
            yield seconds if code == 0 else DEADLINE_S
            time.sleep(PAUSE_S)

    def pour_for(seconds: float, pool: ThreadPoolExecutor) -> list[float]:
        over.clear()
        streams = [pool.submit(list, pour()) for _ in range(4)]
        time.sleep(seconds)
        over.set()
        return [taken for stream in streams for taken in stream.result(timeout=30)]

    with ThreadPoolExecutor(5) as pool:
        before = pour_for(5, pool)
        with locked(operator, "held"):
            # As often as the provider tries.
            tries = pool.submit(lambda: [*map(partial(timed, system), ["held"] * 3)])
            meanwhile = pour_for(60, pool)
            assert {code for code, _ in tries.result()} == {100}
    wait_until_cancelled(operator, "held", *(f"free{n}" for n in range(next(numbers))))
    assert operator.balance(**PLAYER).cash == Decimal(1000)
    # Hardly any had to be sent again, and most did not even notice.
    assert quantiles(meanwhile, n=100)[98] < RESEND_AFTER_S
    assert median(meanwhile) < max(3 * median(before), LOCK_TIMEOUT_S)


@contextmanager
def locked(operator: Operator, reference: str) -> Iterator[None]:
    """Hold a bet's row, as an operator's forgotten transaction does."""
    url = operator.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        connection.execute(
            "SELECT FROM unbet_ledger.bets WHERE reference = %s FOR UPDATE", [reference]
        )
        yield
        connection.rollback()
