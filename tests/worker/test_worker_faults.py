"""The worker: whatever ends it, and wherever, its cancels are applied once and replied to.

(Over 250 lines: the queue, as a receiver sees it, serves all of them.)
"""

import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal

import pytest
import redis
from celery import Celery
from sqlalchemy import text

from tests.databases import deployment_at, migrated
from tests.making import KEYS, batch_of, cancel_of
from tests.operating import Operator, bet_of
from tests.servers import services
from tests.system.processes import System
from tests.tiers import long
from tests.waiting import until, waiting_for_locks
from unbet import place_all
from unbet.broker import transport
from unbet.broker.presence import key
from unbet.broker.redis_server import now
from unbet.core.message import QUEUE, QUEUED_AT, TASK, Cancel, Decision, Group
from unbet.core.outcomes import Outcome
from unbet.core.wire import decode_reply, encode_group
from unbet.wallets.ledger.audit import audit

REPLY_TO: Final = "test-replies"
BACK_AFTER_S: Final = 30.0
"""A redelivery takes its time; how long a provider waits is the receiver's matter."""


class Queue:
    """What a receiver is to a worker: it sends groups and reads replies."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._celery = Celery("test", broker=environment["UNBET_BROKER_URL"], set_as_current=False)
        self.belong_to(environment["UNBET_DATABASE_URL"])
        self._broker = redis.Redis.from_url(environment["UNBET_BROKER_URL"])
        self._replies = redis.Redis.from_url(environment["UNBET_REDIS_URL"], socket_timeout=None)

    def belong_to(self, database_url: str) -> None:
        """To the deployment of that database; before anything is sent."""
        self._deployment = deployment_at(database_url)
        transport.separate(self._celery, self._deployment)

    def send(self, *cancels: Cancel, seconds_ago: float = 0, version: Literal[3, 4] = 4) -> None:
        group = Group(
            version=version,
            deployment=self._deployment,
            reply_to=REPLY_TO,
            cancels=tuple(cancels),
        )
        message = encode_group(group, KEYS)
        queued_at = {QUEUED_AT: now(self._broker) - seconds_ago}
        self._celery.send_task(
            TASK, args=[message], queue=QUEUE, headers=queued_at, ignore_result=True
        )

    def reply(self, within_s: float = BACK_AFTER_S) -> tuple[Decision, ...]:
        found = self._replies.blpop([REPLY_TO], timeout=within_s)
        assert found, f"no reply within {within_s} s"
        return decode_reply(found[1], KEYS).decisions

    def outcomes(self) -> list[Outcome]:
        return [decision.outcome for decision in self.reply()]

    def seconds_left(self) -> int:
        """Of the reply list: -2 if there is none, -1 if it stays for ever."""
        return int(self._replies.ttl(REPLY_TO))

    def is_empty(self) -> bool:
        return not self._broker.exists(*(key(self._deployment, n) for n in (QUEUE, "unacked")))

    def close(self) -> None:
        self._celery.close()
        self._broker.close()
        self._replies.close()


@pytest.fixture
def queue(environment: dict[str, str]) -> Iterator[Queue]:
    made = Queue(environment)
    yield made
    made.close()


@pytest.fixture
def bets(operator: Operator) -> list[Cancel]:
    """The cancels of ten bets of 1.00."""
    return placed(operator)


def placed(operator: Operator) -> list[Cancel]:
    operator.deposit("10.00")
    references = [f"r{number}" for number in range(10)]
    with operator.engine.begin() as connection:
        place_all(connection, [bet_of(reference, "1.00") for reference in references])
    return [cancel_of(reference) for reference in references]


def require_sound(operator: Operator, cash: int) -> None:
    assert operator.balance().cash == Decimal(cash)
    with operator.engine.connect() as connection:
        assert audit(connection).violations == ()


@pytest.mark.parametrize(
    "point",
    [
        "before_commit",
        "after_commit",
        long("before_transaction"),
        long("after_reply"),
    ],
)
def test_a_worker_that_dies_on_its_way_has_its_group_applied_once_by_the_next(
    idle_system: System, queue: Queue, operator: Operator, bets: list[Cancel], point: str
) -> None:
    mark = idle_system.logs / "crashed"
    idle_system.environment |= {
        "UNBET_TEST": "1",
        "UNBET_TEST_CRASH_AT": point,
        "UNBET_TEST_CRASH_ONCE": str(mark),
    }
    idle_system.start_worker()
    queue.send(*bets)
    for _ in range(2 if point == "after_reply" else 1):
        # Decided twice or not, it is the same request: nothing is repeated.
        told = {(decision.outcome, decision.replayed) for decision in queue.reply()}
        assert told == {(Outcome.REVERSED, False)}
    assert mark.exists()
    until(queue.is_empty, "the message is still there")
    require_sound(operator, 10)


def test_a_worker_that_is_killed_as_a_whole_leaves_its_group_to_another(
    idle_system: System, queue: Queue, operator: Operator, bets: list[Cancel]
) -> None:
    idle_system.start_worker("first")
    with operator.engine.connect() as connection:
        connection.execute(text("LOCK TABLE unbet.requests IN EXCLUSIVE MODE"))
        queue.send(*bets)
        until(lambda: waiting_for_locks(operator.engine), "the group was not begun")
        os.killpg(idle_system.processes["first"].pid, 9)
        idle_system.processes.pop("first").wait()
        connection.rollback()
    idle_system.start_worker("second")
    assert queue.outcomes() == [Outcome.REVERSED] * 10
    require_sound(operator, 10)


@pytest.mark.long
def test_a_cancel_that_kills_every_process_leaves_the_queue_and_the_others_go_on(
    idle_system: System, queue: Queue, operator: Operator, bets: list[Cancel]
) -> None:
    idle_system.environment |= {
        "UNBET_TEST": "1",
        "UNBET_TEST_CRASH_AT": "before_commit:r0",
    }
    idle_system.start_worker()
    queue.send(bets[0])
    for cancel in bets[1:]:
        queue.send(cancel)
    for _ in bets[1:]:
        assert queue.outcomes() == [Outcome.REVERSED]
    until(queue.is_empty, "the poison is still on the queue")
    require_sound(operator, 9)


def test_what_is_free_is_replied_to_before_what_is_locked(
    system: System, queue: Queue, operator: Operator, bets: list[Cancel]
) -> None:
    assert system.processes
    with operator.engine.connect() as connection:
        connection.execute(text("SELECT FROM unbet_ledger.bets WHERE reference = 'r3' FOR UPDATE"))
        queue.send(*bets)
        assert queue.outcomes() == [Outcome.REVERSED] * 9
        (locked,) = queue.reply()
        connection.rollback()
    assert (locked.request_id, locked.outcome) == (bets[3].request_id, Outcome.PARKED)


def test_a_batch_is_replied_to_when_all_of_it_is_decided_or_parked(
    system: System, queue: Queue, operator: Operator, bets: list[Cancel]
) -> None:
    assert system.processes
    batch = batch_of("r0", "r1", "r2", "r3", user_id=None, currency=None, amount="1")
    with operator.engine.connect() as connection:
        connection.execute(text("SELECT FROM unbet_ledger.bets WHERE reference = 'r3' FOR UPDATE"))
        queue.send(*batch[:2], bets[5], *batch[2:])
        assert [decision.request_id for decision in queue.reply()] == [bets[5].request_id]
        assert queue.outcomes() == [Outcome.PARKED] * 4
        connection.rollback()
    again = batch_of("r3", "r2", "r1", "r0")
    queue.send(*again)
    assert queue.outcomes() == [Outcome.REVERSED] * 4
    # Both at once, as a receiver of today and one of before has them.
    queue.send(*again, *batch, version=3)
    assert {decision.replayed for decision in queue.reply()} == {False}
    queue.send(*again, *batch)
    assert [decision.replayed for decision in queue.reply()] == [False] * 4 + [True] * 4
    require_sound(operator, 5)


@pytest.fixture
def own_operator(own_directory: Path, idle_system: System, queue: Queue) -> Iterator[Operator]:
    """A ledger on a server of its own, and a worker on it."""
    url = services.start(own_directory, redis=False).database_url
    assert url
    idle_system.environment["UNBET_DATABASE_URL"] = url
    engine = migrated(url)
    queue.belong_to(url)
    idle_system.start_worker()
    yield Operator(engine)
    engine.dispose()


@pytest.mark.long
def test_a_group_waits_on_the_queue_for_a_database_that_is_away(
    idle_system: System, queue: Queue, own_directory: Path, own_operator: Operator
) -> None:
    bets = placed(own_operator)
    own_operator.engine.dispose()
    services.stop(own_directory)
    queue.send(*bets)
    until(lambda: "handed back" in idle_system.said("worker"), "not handed back")
    until(lambda: not queue.is_empty(), "the group is gone")
    services.start(own_directory, redis=False)
    assert queue.outcomes() == [Outcome.REVERSED] * 10
    require_sound(own_operator, 10)


@pytest.mark.long
def test_a_group_that_nobody_waits_for_any_more_does_not_stay_on_the_queue(
    idle_system: System, queue: Queue, own_directory: Path, own_operator: Operator
) -> None:
    bets = placed(own_operator)
    own_operator.engine.dispose()
    services.stop(own_directory)
    queue.send(bets[0], seconds_ago=61)
    until(lambda: "left to the sweep" in idle_system.said("worker"), "not let go")
    until(queue.is_empty, "it is still on the queue")


def test_a_reply_that_nobody_fetches_goes_by_itself(queue: Queue, idle_system: System) -> None:
    idle_system.start_worker()
    queue.send(cancel_of("r1"))
    until(lambda: queue.seconds_left() != -2, "no reply came")
    assert 0 < queue.seconds_left() <= 60
