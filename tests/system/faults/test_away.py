"""Redis or PostgreSQL refused, hung or emptied, and processes killed: what the provider sees.

(Over 250 lines: one system, one kind of fault a test.)
"""

import asyncio
import itertools
import json
import signal
import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from pathlib import Path

import httpx
import psutil
import redis

from ops import services
from ops.provider import Endpoint
from tests.freezing import frozen
from tests.making import Operator
from tests.system.faults.watching import (
    DEADLINE_S,
    PLAYER,
    PROVIDERS_PATIENCE_S,
    placed,
    timed,
    until,
    wait_until_cancelled,
)
from tests.system.processes import EXAMPLE, System

POOLED_CONNECTIONS = 10
"""A receiver's: its port, 6 to PostgreSQL, 2 for publishing, 1 for replies."""
POOLED_THREADS = 15
"""A receiver's: its own, 2 that publish, 4 for the ledger, 1 for the disk, 1 that watches calls,
and asyncio's 6."""


def is_listening(system: System) -> bool:
    try:
        socket.create_connection(("127.0.0.1", int(system.environment["UNBET_PORT"])), 1).close()
    except ConnectionRefusedError:
        return False
    return True


def spooled(system: System) -> list[str]:
    files = Path(system.environment["UNBET_SPOOL_DIR"]).glob("*.spool")
    return [line for file in files for line in file.read_text().splitlines()]


def test_with_redis_gone_for_good_cancels_still_get_final_answers(
    system: System, operator: Operator, own_services: Path
) -> None:
    system.start_sweep()
    references = placed(operator, 40)
    psutil.Process(services.status(own_services).redis_pid).kill()
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(partial(timed, system), references))
    assert {code for code, _ in answers} == {0}
    assert max(seconds for _, seconds in answers) < PROVIDERS_PATIENCE_S
    assert operator.balance(**PLAYER).cash == Decimal(1000)


def test_with_redis_hung_cancels_still_get_final_answers(
    system: System, operator: Operator, own_services: Path
) -> None:
    system.start_sweep()
    references = placed(operator, 20)
    with frozen(services.status(own_services).redis_pid), ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(partial(timed, system), references))
    assert {code for code, _ in answers} == {0}
    assert max(seconds for _, seconds in answers) < PROVIDERS_PATIENCE_S
    # And afterwards the queue is used again.
    operator.bet("afterwards", "1.00", **PLAYER)
    assert system.cancel(reference="afterwards")["error"] == 0
    assert operator.balance(**PLAYER).cash == Decimal(1000)


def test_with_postgres_hung_cancels_are_spooled_answered_in_time_and_applied_later(
    system: System, operator: Operator, own_services: Path
) -> None:
    system.start_sweep()
    references = placed(operator, 30)
    with frozen(services.status(own_services).postgres_pid), ThreadPoolExecutor(30) as pool:
        answers = list(pool.map(partial(timed, system), references))
    assert {code for code, _ in answers} == {100}
    assert max(seconds for _, seconds in answers) < PROVIDERS_PATIENCE_S
    wait_until_cancelled(operator, *references)
    assert operator.balance(**PLAYER).cash == Decimal(1000)


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


def test_beyond_max_waiting_cancels_are_parked_and_answered_at_once(
    idle_system: System, operator: Operator
) -> None:
    idle_system.environment["UNBET_MAX_WAITING"] = "1"
    idle_system.environment["UNBET_ANSWER_DEADLINE_S"] = "4"
    idle_system.start_receiver()
    references = placed(operator, 10)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(partial(timed, idle_system), references))
    assert {code for code, _ in answers} == {100}
    assert sorted(seconds for _, seconds in answers)[8] < 2.0
    idle_system.start_sweep()
    wait_until_cancelled(operator, *references)


def test_what_has_no_home_is_not_answered(
    system: System, operator: Operator, own_services: Path
) -> None:
    operator.bet("r1", "1.00", **PLAYER)
    limits = psutil.Process(system.processes["receiver"].pid)
    # A disk that takes nothing more.
    limits.rlimit(psutil.RLIMIT_FSIZE, (0, 0))
    with frozen(services.status(own_services).postgres_pid):
        response = system.http.post(system.path, json=EXAMPLE | {"reference": "r1"})
    assert (response.status_code, response.content) == (503, b"")


def test_a_full_broker_is_as_good_as_none(system: System, operator: Operator) -> None:
    system.start_sweep()
    operator.bet("r1", "1.00", **PLAYER)
    with redis.Redis.from_url(system.environment["UNBET_BROKER_URL"]) as client:
        client.config_set("maxmemory", "1mb")
        code, seconds = timed(system, "r1")
        client.config_set("maxmemory", "1gb")
    assert code == 0
    # Parked at once, not when the ledger is asked for want of a reply.
    assert seconds < DEADLINE_S / 2
    assert operator.balance(**PLAYER).cash == Decimal(1000)


def test_an_outcome_whose_reply_was_lost_is_read_from_the_ledger(
    idle_system: System, operator: Operator
) -> None:
    idle_system.environment["UNBET_ANSWER_DEADLINE_S"] = "4"
    idle_system.start_worker()
    # The worker replies where nobody listens.
    server = idle_system.environment["UNBET_REDIS_URL"].rsplit("/", 1)[0]
    idle_system.environment["UNBET_REDIS_URL"] = f"{server}/9"
    idle_system.start_receiver()
    operator.bet("r1", "1.00", **PLAYER)
    assert idle_system.cancel(reference="r1")["error"] == 0
    assert metric(idle_system, "unbet_parked_total") == 0


def test_thousands_of_timed_out_requests_leave_nothing_behind(
    idle_system: System,
) -> None:
    idle_system.environment |= {"UNBET_ANSWER_DEADLINE_S": "4", "UNBET_RESEND_AFTER_S": "1"}
    idle_system.start_receiver()
    # What is opened once and kept is opened by these, but for what only a greater rush needs.
    flood(idle_system, range(1000))
    receiver = psutil.Process(idle_system.processes["receiver"].pid)
    before = footprint(idle_system, receiver)
    flood(idle_system, range(1000, 6000))
    after = footprint(idle_system, receiver)
    assert after["connections"] <= POOLED_CONNECTIONS
    assert after["threads"] <= POOLED_THREADS
    assert after["keys"] <= before["keys"]
    assert after["memory"] < before["memory"] + 30 * 2**20
    until(lambda: metric(idle_system, "unbet_waiting") == 0, "somebody waits")
    # Each of them has a home, though nobody is there to finish it.
    assert (
        metric(idle_system, "unbet_parked_total") + metric(idle_system, "unbet_spooled_total")
        >= 6000
    )


def flood(system: System, numbers: range) -> None:
    async def play() -> set[int | None]:
        address = str(system.http.base_url).rstrip("/")
        endpoint = Endpoint(f"{address}/{system.environment['UNBET_URL_SECRET']}")
        waiting = iter(numbers)

        async def one_after_another() -> set[int | None]:
            codes = set()
            for number in waiting:
                body = json.dumps(EXAMPLE | {"reference": f"timed-out-{number}"}).encode()
                response = await endpoint.post(body)
                codes.add(json.loads(response.body)["error"])
            return codes

        try:
            seen = await asyncio.gather(*(one_after_another() for _ in range(1000)))
        finally:
            endpoint.close()
        return set().union(*seen)

    assert asyncio.run(play()) == {100}


def footprint(system: System, receiver: psutil.Process) -> dict[str, int]:
    """What the receiver holds once the last client has gone."""
    port = int(system.environment["UNBET_PORT"])
    deadline = time.monotonic() + 10
    while True:
        open_now = receiver.net_connections()
        if not [c for c in open_now if c.laddr.port == port and c.status != "LISTEN"]:
            break
        assert time.monotonic() < deadline, open_now
        system.http.close()
        system.http = httpx.Client(base_url=system.http.base_url, timeout=10, trust_env=False)
        time.sleep(0.1)
    with redis.Redis.from_url(system.environment["UNBET_BROKER_URL"]) as client:
        keys = sum(int(space["keys"]) for space in client.info("keyspace").values())
    return {
        "connections": len(open_now),
        "threads": receiver.num_threads(),
        "keys": keys,
        "memory": receiver.memory_info().rss,
    }


def metric(system: System, name: str) -> float:
    for line in system.http.get("/metrics").text.splitlines():
        if line.startswith(f"{name} "):
            return float(line.split()[-1])
    raise AssertionError(f"no metric {name}")


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
