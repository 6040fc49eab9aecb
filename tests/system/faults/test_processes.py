"""Receivers and workers killed, stopped and restarted: what the provider sees."""

import itertools
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Self

import httpx
import psutil
import pytest
import redis

from tests.freezing import frozen
from tests.operating import Operator
from tests.servers import services
from tests.system.faults.own_servers import own_services as own_services
from tests.system.faults.own_servers import service_url as service_url
from tests.system.processes import System
from tests.system.watching import (
    PLAYER,
    are_returned,
    placed_by_many,
    spooled,
    timed,
    wait_until_cancelled,
)
from tests.waiting import until


def is_listening(system: System) -> bool:
    try:
        socket.create_connection(("127.0.0.1", int(system.environment["UNBET_PORT"])), 1).close()
    except ConnectionRefusedError:
        return False
    return True


def test_a_killed_receivers_spool_is_emptied_by_its_successor(
    system: System, operator: Operator, own_services: Path
) -> None:
    operator.bet("r1", "1.00", **PLAYER)
    # Nothing but the spool may bring it back.
    worker = system.processes.pop("worker")
    worker.kill()
    worker.wait()
    with frozen(services.status(own_services).postgres_pid):
        assert system.cancel(reference="r1")["error"] == 100
        system.processes["receiver"].kill()
        system.processes["receiver"].wait()
    assert spooled(system) == 1
    with redis.Redis.from_url(system.environment["UNBET_BROKER_URL"]) as client:
        client.flushall()
    system.start_receiver()
    system.start_sweep()
    wait_until_cancelled(operator, "r1")
    assert operator.balance(**PLAYER).cash == Decimal(1000)
    until(lambda: spooled(system) == 0, "it is still on the disk")


def test_one_of_two_workers_killed_costs_the_provider_less_than_three_seconds(
    system: System, operator: Operator
) -> None:
    system.start_worker("other")
    references = placed_by_many(operator, 500)
    with ThreadPoolExecutor(20) as pool:
        answers = pool.map(lambda r: timed(system, r, userId=r), references)
        first = next(answers)
        kill_group(system, "worker")
        rest = [first, *answers]
    assert {code for code, _ in rest} == {0}
    assert max(seconds for _, seconds in rest) < 3.0
    assert are_returned(operator, references)


def kill_group(system: System, name: str) -> None:
    process = psutil.Process(system.processes[name].pid)
    for member in [process, *process.children(recursive=True)]:
        member.send_signal(signal.SIGKILL)


def test_what_waits_when_the_receiver_is_asked_to_stop_is_answered_first(
    system: System, operator: Operator
) -> None:
    operator.bet("r1", "1.00", **PLAYER)
    worker = psutil.Process(system.processes["worker"].pid)
    family = [worker.pid, *(child.pid for child in worker.children(recursive=True))]
    with ThreadPoolExecutor(1) as pool, frozen(*family):
        waiting = pool.submit(system.cancel, reference="r1")
        wait_until_on_the_queue(system)
        system.processes["receiver"].terminate()
        # It takes nothing more: a careless stop would have cut off what waits as well.
        until(lambda: not is_listening(system), "the receiver does not stop")
        for process in map(psutil.Process, family):
            process.resume()
        assert waiting.result(timeout=15)["error"] == 0
    assert system.processes["receiver"].wait(timeout=15) in (0, -signal.SIGTERM)


def wait_until_on_the_queue(system: System) -> None:
    keys = (system.key("cancels"), system.key("unacked"))
    with redis.Redis.from_url(system.environment["UNBET_BROKER_URL"]) as client:
        until(lambda: client.exists(*keys), "nothing was published")


class Load:
    """Four players, each with one bet and its cancel after the other, until the end of a `with`;
    there all their cancels must have been answered 0, and each must have what was deposited."""

    def __init__(self, system: System, operator: Operator) -> None:
        self.stage = "at first"
        """What is restarted."""
        self.sent_while: Counter[str] = Counter()
        self._system, self._operator = system, operator
        self._numbers = itertools.count()
        self._over = threading.Event()
        self._pool = ThreadPoolExecutor(4)

    def __enter__(self) -> Self:
        self._senders = [self._pool.submit(self._play, f"player {n}") for n in range(4)]
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._pool.shutdown()
        for sender in self._senders:
            sender.result()

    def restart(self, name: str, start_again: Callable[[], None]) -> None:
        self.stage = name
        process = self._system.processes[name]
        process.terminate()
        assert process.wait(timeout=20) in (0, -signal.SIGTERM), name
        (self._system.logs / f"{name}.log").unlink()
        start_again()

    def _play(self, user_id: str) -> None:
        player = PLAYER | {"user_id": user_id}
        self._operator.deposit("1000.00", **player)
        while not self._over.is_set():
            reference = f"r{next(self._numbers)}"
            self._operator.bet(reference, "1.00", **player)
            for _ in range(3):
                try:
                    code = self._system.cancel(reference=reference, userId=user_id)["error"]
                except (httpx.NetworkError, httpx.RemoteProtocolError):
                    # Refused, or reset before the receiver had read it: sent again.
                    assert self.stage == "receiver"
                    until(lambda: is_listening(self._system), "the receiver's successor")
                    continue
                assert code == 0, reference
                self.sent_while[self.stage] += 1
                break
            else:
                raise AssertionError(f"{reference} was written off")
        assert self._operator.balance(**player).cash == Decimal(1000)


@pytest.mark.long
def test_a_rolling_restart_of_every_process_under_load_drops_nothing(
    system: System, operator: Operator
) -> None:
    system.start_worker("other")
    system.start_sweep()
    with Load(system, operator) as load:
        load.restart("worker", system.start_worker)
        load.restart("other", lambda: system.start_worker("other"))
        load.restart("sweep", system.start_sweep)
        load.restart("receiver", system.start_receiver)
    # Each restart met requests on their way.
    assert {"worker", "other", "receiver"} <= set(load.sent_while), load.sent_while


@pytest.mark.long
def test_a_key_is_replaced_under_load_and_nothing_is_set_aside(
    system: System, operator: Operator
) -> None:
    old, new = system.environment["UNBET_MESSAGE_KEY"], "a new key for tests that is long enough"
    system.start_worker("other")
    with Load(system, operator) as load:
        for keys in (f"{old},{new}", f"{new},{old}", new):
            system.environment["UNBET_MESSAGE_KEY"] = keys
            load.restart("worker", system.start_worker)
            load.restart("other", lambda: system.start_worker("other"))
            load.restart("receiver", system.start_receiver)
            with redis.Redis.from_url(system.environment["UNBET_REDIS_URL"]) as client:
                assert client.llen(system.key("rejected")) == 0
