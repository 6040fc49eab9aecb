"""Two deployments, each with its own database, on one Redis: they do not meet, and both say that
the other is there."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
import redis

from tests.databases import deployment_at, engine_of
from tests.operating import Operator
from tests.system.processes import MESSAGE_KEY, System
from tests.system.watching import PLAYER, metric, timed, tombstones
from tests.tiers import long
from tests.waiting import until

CANCELS = 60
PRESENT = "unbet:deployments"
"""The one key that deployments share."""
OLD_CONTROL = "/{db}.celery.pidbox"
"""The channel on which workers of an older version are told what to do."""
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
    engine = engine_of(other_system.environment["UNBET_DATABASE_URL"])
    yield Operator(engine)
    engine.dispose()


@pytest.mark.parametrize(
    "key",
    [MESSAGE_KEY, long(ANOTHER_KEY)],
    ids=["the same key", "another key"],
)
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
            return (told["deployment"], told["other_deployments"]) == (str(own), [str(other)])

        until(is_told, "it is not shown at /readyz")
        for process in ("receiver", "worker"):
            until(lambda: str(other) in system.said(process), "not in the log")  # noqa: B023 - at once
        assert "another deployment uses this Redis" in system.said("receiver")
        assert metric(system, 'unbet_foreign_total{kind="deployment"}') == 1
        assert metric(system, 'unbet_foreign_total{kind="message"}') == 0


def nothing_has_a_name_that_both_use(*systems: System) -> None:
    own = tuple(system.key("") for system in systems)
    for variable in ("UNBET_BROKER_URL", "UNBET_REDIS_URL"):
        with redis.Redis.from_url(systems[0].environment[variable]) as client:
            names = {name.decode() for name in client.scan_iter()}
            assert {name for name in names if not name.startswith(own)} <= {PRESENT}
            # Redis does not list who listens to a pattern; how many have got a message it says.
            database = client.connection_pool.connection_kwargs["db"]
            own_channel = f"{systems[0].key('')}{OLD_CONTROL.format(db=database)}"
            assert client.publish(OLD_CONTROL.format(db=database), b"") == 0
            if variable == "UNBET_BROKER_URL":
                assert client.publish(own_channel, b"") == 1, "the question is asked wrongly"
