"""Receivers and workers killed, stopped and restarted: what the provider sees."""

import itertools
import signal
import socket
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import httpx
import psutil
import redis

from ops import services
from tests.freezing import frozen
from tests.making import Operator
from tests.system.faults.watching import (
    PLAYER,
    placed,
    spooled,
    timed,
    until,
    wait_until_cancelled,
)
from tests.system.processes import System


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
    assert len(spooled(system)) == 1
    with redis.Redis.from_url(system.environment["UNBET_BROKER_URL"]) as client:
        client.flushall()
    system.start_receiver()
    system.start_sweep()
    wait_until_cancelled(operator, "r1")
    assert operator.balance(**PLAYER).cash == Decimal(1000)
    assert spooled(system) == []


def test_one_of_two_workers_killed_costs_the_provider_less_than_three_seconds(
    system: System, operator: Operator
) -> None:
    system.start_worker("other")
    references = placed(operator, 500)
    with ThreadPoolExecutor(20) as pool:
        answers = pool.map(lambda r: timed(system, r), references)
        first = next(answers)
        kill_group(system, "worker")
        rest = [first, *answers]
    assert {code for code, _ in rest} == {0}
    assert max(seconds for _, seconds in rest) < 3.0
    assert operator.balance(**PLAYER).cash == Decimal(1000)


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
    with redis.Redis.from_url(system.environment["UNBET_BROKER_URL"]) as client:
        until(lambda: client.llen("cancels") or client.hlen("unacked"), "nothing was published")


def test_a_rolling_restart_of_every_process_under_load_drops_nothing(
    system: System, operator: Operator
) -> None:
    system.start_worker("other")
    system.start_sweep()
    numbers = itertools.count()
    restarted = threading.Event()
    sent_while: Counter[str] = Counter()
    stage = "at first"

    def as_the_provider_does() -> None:
        while not restarted.is_set():
            reference = f"r{next(numbers)}"
            operator.bet(reference, "1.00", **PLAYER)
            for _ in range(3):
                try:
                    code = system.cancel(reference=reference)["error"]
                except (httpx.NetworkError, httpx.RemoteProtocolError):
                    # Refused, or reset before the receiver had read it: sent again.
                    assert stage == "receiver"
                    until(lambda: is_listening(system), "the receiver's successor")
                    continue
                assert code == 0, reference
                sent_while[stage] += 1
                break
            else:
                raise AssertionError(f"{reference} was written off")

    with ThreadPoolExecutor(4) as pool:
        senders = [pool.submit(as_the_provider_does) for _ in range(4)]
        try:
            for name, start_again in (
                ("worker", system.start_worker),
                ("other", lambda: system.start_worker("other")),
                ("sweep", system.start_sweep),
                ("receiver", system.start_receiver),
            ):
                stage = name
                process = system.processes.pop(name)
                process.terminate()
                assert process.wait(timeout=20) in (0, -signal.SIGTERM), name
                (system.logs / f"{name}.log").unlink()
                start_again()
        finally:
            restarted.set()
        for sender in senders:
            sender.result(timeout=60)
    # Each restart met requests on their way.
    assert {"worker", "other", "receiver"} <= set(sent_while), sent_while
    assert operator.balance(**PLAYER).cash == Decimal(1000)
