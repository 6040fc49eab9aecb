"""Two deployments, each with its own database, on one Redis: they do not meet, and both say that
the other is there."""

import base64
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import httpx
import pytest
import redis
from sqlalchemy import text

from api.spool import Spool
from contract.message import (
    QUEUE,
    Decision,
    Group,
    Reply,
    decode_group,
    decode_reply,
    encode_group,
    encode_reply,
)
from contract.outcomes import Outcome
from contract.presence import PRESENT, present
from ledger import connect_to
from ops import services
from tests.databases import deployment_at, migrated
from tests.making import KEYS, MESSAGE_KEY, Operator, cancel_of
from tests.system.envelopes import envelope_of
from tests.system.processes import System
from tests.system.watching import PLAYER, metric, spooled, timed, wait_until_cancelled
from tests.waiting import until

WORKER: Final = ["-m", "celery", "--app", "worker.app", "worker"]

CANCELS = 60
ANOTHER_KEY = "the message key of the other deployment"


@pytest.fixture
def other_system(
    idle_system: System, new_database: Callable[[], str], tmp_path: Path
) -> Iterator[System]:
    """A system on another database and the same Redis, in which nothing runs yet."""
    logs = tmp_path / "other"
    logs.mkdir()
    own = {"UNBET_DATABASE_URL": new_database(), "UNBET_SPOOL_DIR": str(logs / "spool")}
    system = System(idle_system.environment | own, logs)
    yield system
    system.stop()


@pytest.fixture
def other_operator(other_system: System) -> Iterator[Operator]:
    engine = connect_to(other_system.environment["UNBET_DATABASE_URL"], name="test")
    yield Operator(engine)
    engine.dispose()


@pytest.mark.parametrize("key", [MESSAGE_KEY, ANOTHER_KEY], ids=["the same key", "another key"])
def test_two_deployments_on_one_redis_do_not_meet(
    idle_system: System,
    operator: Operator,
    other_system: System,
    other_operator: Operator,
    key: str,
) -> None:
    other_system.environment["UNBET_MESSAGE_KEY"] = key
    sides = {"here": (idle_system, operator), "there": (other_system, other_operator)}
    for name, (system, own) in sides.items():
        own.deposit("1000.00", **PLAYER)
        for number in range(CANCELS):
            own.bet(f"{name}-{number}", "1.00", **PLAYER)
        system.start_both()
    with ThreadPoolExecutor(8) as pool:
        answers = {
            name: [pool.submit(timed, system, f"{name}-{number}") for number in range(CANCELS)]
            for name, (system, _) in sides.items()
        }
        seconds = []
        for name, futures in answers.items():
            for future in futures:
                code, took_s = future.result()
                assert code == 0, name
                seconds.append(took_s)
    stands = {name: 1000 - own.balance(**PLAYER).cash for name, (_, own) in sides.items()}
    assert stands == {"here": Decimal(0), "there": Decimal(0)}, "answered 0, and the bets stand"
    assert [tombstones(own) for _, own in sides.values()] == [0, 0]
    assert max(seconds) < 5, "some were decided after a resend, or out of parking"
    both_say_that_the_other_is_there(idle_system, other_system)
    nothing_has_a_name_that_both_use(idle_system, other_system)


def both_say_that_the_other_is_there(*systems: System) -> None:
    ids = [deployment_at(system.environment["UNBET_DATABASE_URL"]) for system in systems]
    for system, own, other in zip(systems, ids, reversed(ids), strict=True):

        def is_told(system: System = system, own: UUID = own, other: UUID = other) -> bool:
            told = system.http.get("/readyz").json()
            return told["deployment"] == str(own) and told["other_deployments"] == [str(other)]

        until(is_told, "it is not shown at /readyz")
        for process in ("receiver", "worker"):
            until(lambda s=system, p=process, o=other: str(o) in s.said(p), "not in the log")  # type: ignore[misc]
        assert "another deployment uses this Redis" in system.said("receiver")
        assert metric(system, 'unbet_foreign_total{kind="deployment"}') == 1
        assert metric(system, 'unbet_foreign_total{kind="message"}') == 0


def nothing_has_a_name_that_both_use(*systems: System) -> None:
    own = tuple(system.key("") for system in systems)
    for variable in ("UNBET_BROKER_URL", "UNBET_REDIS_URL"):
        with redis.Redis.from_url(systems[0].environment[variable]) as client:
            names = {name.decode() for name in client.scan_iter()}
            channels = {name.decode() for name in client.pubsub_channels()}  # type: ignore[union-attr]
        shared = {name for name in names | channels if not name.startswith(own)}
        assert shared <= {PRESENT}


def test_what_names_another_deployment_is_neither_decided_nor_answered_from(
    system: System, operator: Operator
) -> None:
    operator.deposit("100.00", **PLAYER)
    operator.bet("theirs", "10.00", **PLAYER)
    theirs = uuid4()
    cancel = cancel_of("theirs", user_id=str(PLAYER["user_id"]), currency="USD")
    group = Group(reply_to="replies:nobody", cancels=(cancel,)).of(theirs)
    with redis.Redis.from_url(system.environment["UNBET_BROKER_URL"]) as broker:
        broker.lpush(system.key(QUEUE), json.dumps(envelope_of(encode_group(group, KEYS))))
    until(lambda: f"of deployment {theirs}, not of" in system.said("worker"), "it was taken")
    [kept] = json.loads(system.unbet("rejected", "--json").stdout)["rejected"]
    assert f"of deployment {theirs}" in kept["problem"]
    assert operator.balance(**PLAYER).cash == Decimal(90)
    with redis.Redis.from_url(system.environment["UNBET_REDIS_URL"]) as replies:
        system.cancel(reference="ours")
        decisions = (Decision(request_id=uuid4(), outcome=Outcome.REVERSED),)
        forged = encode_reply(Reply(decisions=decisions).of(theirs), KEYS)
        replies.rpush(own_reply_list(system), forged)
    until(lambda: metric(system, 'unbet_foreign_total{kind="reply"}') == 1, "it was read")
    assert metric(system, 'unbet_rejected_total{kind="reply"}') == 0


def own_reply_list(system: System) -> str:
    """Of the one receiver: what it is waiting for."""
    with redis.Redis.from_url(system.environment["UNBET_BROKER_URL"]) as broker:
        queue = system.key(QUEUE)
        worker = system.processes.pop("worker")
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(system.cancel, reference="unread")
            until(lambda: broker.llen(queue), "nothing was published")
            envelope = json.loads(broker.lindex(queue, 0))  # type: ignore[arg-type]
            (message,), *_ = json.loads(base64.b64decode(envelope["body"]))
            return decode_group(message, KEYS).reply_to


@pytest.mark.parametrize("neighbour", [False, True], ids=["alone", "with a neighbour"])
def test_what_an_older_version_left_on_the_queue_is_decided_unless_it_may_be_anothers(
    idle_system: System, operator: Operator, neighbour: bool
) -> None:
    """The queue had no deployment in its name, nor had what was taken and not acknowledged."""
    operator.deposit("100.00", **PLAYER)
    cancels = []
    for reference in ("waits", "taken"):
        operator.bet(reference, "10.00", **PLAYER)
        cancels.append(cancel_of(reference, user_id=str(PLAYER["user_id"]), currency="USD"))
    waits, taken = (
        envelope_of(encode_group(Group(reply_to="unbet:replies:old", cancels=(one,)), KEYS))
        for one in cancels
    )
    with (
        redis.Redis.from_url(idle_system.environment["UNBET_BROKER_URL"]) as broker,
        redis.Redis.from_url(idle_system.environment["UNBET_REDIS_URL"]) as replies,
    ):
        broker.lpush(QUEUE, json.dumps(waits))
        broker.hset("unacked", "tag", json.dumps([taken, "", QUEUE]))
        broker.zadd("unacked_index", {"tag": time.time() - 60})
        if neighbour:
            present(broker, uuid4())
        idle_system.start_worker()
        if neighbour:
            until(lambda: "are left" in idle_system.said("worker"), "it does not say so")
            assert broker.llen(QUEUE) == 1
            names = (QUEUE, "unacked", "unacked_index")
            until(lambda: all(broker.ttl(name) > 0 for name in names), "it has no end")  # type: ignore[operator]
            assert operator.balance(**PLAYER).cash == Decimal(80)
            return
        until(lambda: replies.llen("unbet:replies:old") == 2, "they were not replied to")
        for document in replies.lrange("unbet:replies:old", 0, -1):  # type: ignore[union-attr]
            reply = decode_reply(document, KEYS)
            assert (reply.version, reply.decisions[0].outcome) == (1, Outcome.REVERSED)
        assert not broker.exists(QUEUE, "unacked", "unacked_index")
    assert operator.balance(**PLAYER).cash == Decimal(100)


def test_a_receiver_that_starts_without_its_database_spools_and_learns_who_it_is(
    idle_system: System, own_directory: Path
) -> None:
    url = services.start(own_directory, redis=False).database_url
    assert url
    engine = migrated(url)
    operator = Operator(engine)
    operator.deposit("100.00", **PLAYER)
    operator.bet("r1", "10.00", **PLAYER)
    engine.dispose()
    services.stop(own_directory)
    idle_system.environment["UNBET_DATABASE_URL"] = url
    idle_system.start("receiver", sys.executable, "-m", "api")
    idle_system.wait("health", lambda: is_alive(idle_system))
    assert idle_system.http.get("/readyz").json()["deployment"] is None
    assert idle_system.cancel(reference="r1")["error"] == 100
    services.start(own_directory, redis=False)
    until(lambda: idle_system.http.get("/readyz").json()["deployment"], "it does not learn it")
    assert idle_system.http.get("/readyz").json()["deployment"] == str(deployment_at(url))
    idle_system.start_worker()
    idle_system.start_sweep()
    until(lambda: operator.balance(**PLAYER).cash == Decimal(100), "it was not brought along")
    assert idle_system.cancel(reference="r1")["error"] == 0


def is_alive(system: System) -> bool:
    with suppress(httpx.TransportError):
        return system.http.get("/healthz").status_code == 200
    return False


def test_in_a_database_that_became_another_deployments_nothing_is_decided(
    system: System, operator: Operator
) -> None:
    """As if another one had been restored under the same address: seen by the next connection."""
    system.start_sweep()
    # One that starts only afterwards is of the other deployment, and rightly so.
    until(lambda: "the sweep is ready" in system.said("sweep"), "the sweep did not start")
    operator.deposit("100.00", **PLAYER)
    operator.bet("r1", "10.00", **PLAYER)
    assert system.cancel(reference="before")["error"] == 0
    with operator.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO deployment (id, recorded_by) VALUES (gen_random_uuid(), 'a test')")
        )
    with operator.engine.connect() as connection:
        connection.execute(
            # Waited for (ms): one that has not ended yet would still decide.
            text("""
                SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()
            """)
        )
    assert system.cancel(reference="r1")["error"] == 100
    assert spooled(system) == ["r1"], "it was parked in the other deployment's database"
    until(lambda: is_told_another_is_here(system), "it is not shown at /readyz")
    for process in ("receiver", "worker", "sweep"):
        until(lambda p=process: "another deployment's" in system.said(p), f"{process} is silent")  # type: ignore[misc]
    operator.engine.dispose()
    assert operator.balance(**PLAYER).cash == Decimal(90)
    assert tombstones(operator) == 1, "the first one's"


def is_told_another_is_here(system: System) -> bool:
    """On a busy machine the probe may also have had no answer in time."""
    answer = system.http.get("/readyz")
    return (answer.status_code, answer.json()["ledger"]) == (503, "another deployment's database")


def test_another_deployments_spool_file_is_left_alone_and_shown(
    system: System, operator: Operator
) -> None:
    """As when two share a directory: in a receiver that runs, and in its successor."""
    operator.deposit("100.00", **PLAYER)
    directory = Path(system.environment["UNBET_SPOOL_DIR"])
    written = {"theirs": uuid4(), "ours": deployment_at(system.environment["UNBET_DATABASE_URL"])}
    paths = {}
    for reference, deployment in written.items():
        operator.bet(reference, "10.00", **PLAYER)
        before = set(directory.iterdir())
        spool = Spool(directory, lambda deployment=deployment: deployment)  # type: ignore[misc]
        spool.append([cancel_of(reference, **PLAYER)])
        spool.close()
        (paths[reference],) = set(directory.iterdir()) - before
    content = paths["theirs"].read_bytes()
    system.start_sweep()
    wait_until_cancelled(operator, "ours")
    for restart in (False, True):
        if restart:
            receiver = system.processes.pop("receiver")
            receiver.kill()
            receiver.wait()
            system.start_receiver()
        until(lambda: kept_as_foreign(system) == 1, "it is not counted")
        assert metric(system, "unbet_spool_bytes") == 0, "what it shall empty"
    assert {path.name for path in directory.iterdir()} == {paths["theirs"].name}
    assert paths["theirs"].read_bytes() == content
    assert operator.balance(**PLAYER).cash == Decimal(90)
    with operator.engine.connect() as connection:
        parked = "SELECT (SELECT count(*) FROM parked) + (SELECT count(*) FROM parkings)"
        assert connection.execute(text(parked)).scalar_one() == 1, "ours"


def kept_as_foreign(system: System) -> float:
    return metric(system, 'unbet_spool_kept_files{reason="foreign"}')


@pytest.mark.parametrize("command", [["-m", "api"], ["-m", "worker.sweep"], WORKER])
def test_a_process_that_was_told_another_deployment_does_not_start(
    idle_system: System, command: list[str]
) -> None:
    told = str(uuid4())
    idle_system.environment["UNBET_DEPLOYMENT"] = told
    idle_system.start("receiver" if "api" in command else "worker", sys.executable, *command)
    [process] = idle_system.processes.values()
    assert process.wait(timeout=30) == 1
    [name] = idle_system.processes
    last = idle_system.said(name).strip().splitlines()[-1]
    assert last.endswith(f", UNBET_DEPLOYMENT says {told}."), last


def tombstones(operator: Operator) -> int:
    with operator.engine.connect() as connection:
        query = text("SELECT count(*) FROM bets WHERE amount IS NULL")
        return int(connection.execute(query).scalar_one())
