"""The sweep as a process: what is parked is finished, whatever ends in between, without Redis.

(Over 250 lines: what fills and ages the parked serves all of them.)
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Engine, text

from tests.databases import migrated
from tests.making import batch_of, cancel_of
from tests.operating import Operator, bet_of
from tests.servers import services
from tests.system.processes import System
from tests.tiers import long
from unbet import place_all
from unbet.core.message import Cancel
from unbet.journal.parking import park
from unbet.journal.sweeping import MAX_TRIES
from unbet.runtime.failpoints import KILLED
from unbet.wallets.ledger.audit import audit

BREAK_SESSIONS = """
    CREATE FUNCTION break_the_session() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
    CREATE TRIGGER break_the_session BEFORE INSERT ON unbet.requests FOR EACH ROW
    WHEN (NEW.reference = 'poison') EXECUTE FUNCTION break_the_session();
"""


class Parking:
    """Bets of one player with their cancels parked, and what has become of them."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.operator = Operator(engine)

    def fill(self, *references: str) -> None:
        self.operator.deposit(f"{len(references)}.00")
        with self.engine.begin() as connection:
            place_all(connection, [bet_of(reference, "1.00") for reference in references])
        self.park(*map(cancel_of, references))

    def park(self, *cancels: Cancel) -> None:
        with self.engine.begin() as connection:
            park(connection, cancels, reason="test")

    def make_due(self) -> None:
        with self.engine.begin() as connection:
            # A sweep that is at work on them, or was until it died, lets go of them.
            connection.execute(text("SET LOCAL lock_timeout = '20s'"))
            connection.execute(text("UPDATE unbet.parked SET next_try_at = now()"))

    def count(self, state: str = "parked") -> int:
        query = text("SELECT count(*) FROM unbet.parked WHERE state = :state")
        with self.engine.connect() as connection:
            return int(connection.execute(query, {"state": state}).scalar_one())

    def tries(self, reference: str) -> int:
        query = text("SELECT tries FROM unbet.parked WHERE reference = :reference")
        with self.engine.connect() as connection:
            return int(connection.execute(query, {"reference": reference}).scalar_one())

    def require_each_once(self, reversals: int) -> None:
        with self.engine.connect() as connection:
            done = text("SELECT count(*) FROM unbet_ledger.transfers WHERE kind = 'reversal'")
            assert connection.execute(done).scalar() == reversals
        with self.engine.connect() as connection:
            assert audit(connection).violations == ()
        assert self.operator.balance().cash == Decimal(reversals)


def until(true: Callable[[], bool], what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@pytest.fixture
def parking(engine: Engine) -> Parking:
    return Parking(engine)


@pytest.fixture
def lone(idle_system: System) -> System:
    """A system whose Redis is gone altogether."""
    for name in ("UNBET_BROKER_URL", "UNBET_REDIS_URL"):
        idle_system.environment[name] = "redis://127.0.0.1:1/0"
    return idle_system


def crash(system: System, point: str) -> None:
    """Start a sweep that dies at `point`, and wait until it has."""
    system.environment |= {"UNBET_TEST": "1", "UNBET_TEST_CRASH_AT": point}
    system.start_sweep("ending")
    assert system.processes.pop("ending").wait(timeout=30) == KILLED
    del system.environment["UNBET_TEST_CRASH_AT"]


def test_what_is_parked_is_finished_with_redis_gone(lone: System, parking: Parking) -> None:
    parking.fill(*(f"r{number}" for number in range(20)))
    lone.start_sweep()
    until(lambda: parking.count() == 0, "nothing swept")
    parking.fill("later")
    until(lambda: parking.count() == 0, "nothing swept later")
    parking.require_each_once(21)


@pytest.mark.long
def test_five_hundred_are_shared_by_three_sweeps_each_once(lone: System, parking: Parking) -> None:
    references = [f"r{number}" for number in range(500)]
    parking.fill(*references)
    names = ["one", "two", "three"]
    for name in names:
        lone.start_sweep(name)
    until(lambda: parking.count() == 0, "not all swept")
    parking.require_each_once(500)

    def told() -> int:
        return sum(lone.said(name).count('"outcome":"reversed"') for name in names)

    # A sweep commits first and then says so in its log.
    until(lambda: told() >= 500, "not all told")
    assert told() == 500


@pytest.mark.parametrize("point", ["before_commit", "sweep_applied", long("sweep_leased")])
def test_a_sweep_that_dies_loses_nothing_and_doubles_nothing(
    lone: System, parking: Parking, point: str
) -> None:
    parking.fill("r1", "r2", "r3")
    crash(lone, point)
    assert parking.count() == (0 if point == "sweep_applied" else 3)
    parking.make_due()
    lone.start_sweep()
    until(lambda: parking.count() == 0, "not finished")
    parking.require_each_once(3)


@pytest.mark.parametrize("point", ["before_commit", "sweep_leased"])
def test_a_batch_is_finished_whole_though_a_sweep_dies_at_it(
    lone: System, parking: Parking, point: str
) -> None:
    references = [f"r{number}" for number in range(5)]
    parking.operator.deposit("5.00")
    with parking.engine.begin() as connection:
        place_all(connection, [bet_of(reference, "1.00") for reference in references])
    parking.park(*batch_of(*references, user_id=None, currency=None))
    crash(lone, point)
    assert parking.count() == 5
    assert {parking.tries(reference) for reference in references} == {1}
    parking.make_due()
    lone.start_sweep()
    until(lambda: parking.count() == 0, "not finished")
    parking.require_each_once(5)
    by = text("SELECT count(DISTINCT xmin::text) FROM unbet.requests")
    with parking.engine.connect() as connection:
        assert connection.execute(by).scalar() == 1


@pytest.mark.long
def test_a_sweep_killed_in_the_middle_of_many_is_succeeded_by_another(
    lone: System, parking: Parking
) -> None:
    parking.fill(*(f"r{number}" for number in range(2000)))
    lone.start_sweep("first")
    until(lambda: parking.count() < 2000, "nothing swept")
    lone.processes["first"].kill()
    lone.processes["first"].wait()
    del lone.processes["first"]
    left = parking.count()
    lone.start_sweep("second")
    parking.make_due()
    until(lambda: parking.count() == 0, f"{left} were left")
    parking.require_each_once(2000)


@pytest.mark.long
def test_a_cancel_that_kills_whatever_process_applies_it_is_dead_after_its_tries(
    lone: System, parking: Parking
) -> None:
    parking.fill("r1", "poison", "r2")
    for number in range(1, MAX_TRIES + 1):
        crash(lone, "before_commit:poison")
        assert parking.tries("poison") == number
        parking.make_due()
    # Tried alone after the first time, it had no company to take along.
    lone.start_sweep()
    until(lambda: parking.count("dead") == 1, "not dead")
    until(lambda: parking.count() == 0, "the others did not go on")
    parking.require_each_once(2)
    assert '"poison"' in lone.unbet("parked", "list", "--dead", "--json").stdout


@pytest.mark.long
def test_a_cancel_that_breaks_every_session_is_dead_after_its_tries(
    lone: System, parking: Parking
) -> None:
    with parking.engine.begin() as connection:
        connection.execute(text(BREAK_SESSIONS))
    parking.fill("r1", "poison", "r2")
    lone.start_sweep()
    for number in range(1, MAX_TRIES + 1):
        until(lambda: parking.tries("poison") == number, f"no try {number}")  # noqa: B023 - called at once
        parking.make_due()
    until(lambda: parking.count("dead") == 1, "not dead")
    until(lambda: parking.count() == 0, "the others did not go on")
    parking.require_each_once(2)
    with parking.engine.connect() as connection:
        error = connection.execute(text("SELECT last_error FROM unbet.parked")).scalar_one()
    assert "terminat" in error


def test_a_dead_cancel_is_finished_once_a_person_has_it_tried_again(
    lone: System, parking: Parking
) -> None:
    parking.fill("r1")
    with parking.engine.begin() as connection:
        connection.execute(text("UPDATE unbet.parked SET state = 'dead', tries = 5"))
    lone.start_sweep()
    assert lone.unbet("parked", "retry", "--all-dead").returncode == 0
    until(lambda: parking.count() == 0, "not finished")
    parking.require_each_once(1)


def test_with_hold_an_unknown_bet_is_waited_for(lone: System, parking: Parking) -> None:
    parking.park(cancel_of("late"))
    lone.environment["UNBET_UNKNOWN_REFERENCE"] = "hold"
    lone.start_sweep()
    until(lambda: "still parked" in lone.said("sweep"), "not tried")
    parking.operator.deposit("1.00")
    assert parking.operator.bet("late", "1.00").status == "done"
    until(lambda: parking.count() == 0, "not finished")
    parking.require_each_once(1)


def test_a_stop_lets_a_sweep_finish_and_ends_it_with_success(
    lone: System, parking: Parking
) -> None:
    parking.fill(*(f"r{number}" for number in range(1000)))
    lone.start_sweep()
    until(lambda: parking.count() < 1000, "nothing swept")
    lone.processes["sweep"].terminate()
    assert lone.processes["sweep"].wait(timeout=15) == 0
    swept = 1000 - parking.count()
    assert lone.said("sweep").count('"outcome":"reversed"') == swept
    # What was at hand was finished: nothing is leased and left.
    with parking.engine.connect() as connection:
        leased = text("SELECT count(*) FROM unbet.parked WHERE tries > 0")
        assert connection.execute(leased).scalar() == 0


@pytest.fixture
def own_parking(own_directory: Path, lone: System) -> Iterator[Parking]:
    url = services.start(own_directory, redis=False).database_url
    assert url
    lone.environment["UNBET_DATABASE_URL"] = url
    engine = migrated(url)
    yield Parking(engine)
    engine.dispose()


@pytest.mark.long
def test_a_sweep_waits_for_a_database_that_is_away_and_goes_on_when_it_is_back(
    lone: System, own_directory: Path, own_parking: Parking
) -> None:
    own_parking.fill("r1")
    own_parking.engine.dispose()
    services.stop(own_directory)
    lone.start_sweep()
    until(lambda: lone.said("sweep").count("the ledger is away") >= 3, "not noticed")
    services.start(own_directory, redis=False)
    until(lambda: own_parking.count() == 0, "not finished")
    own_parking.fill("r2")
    until(lambda: own_parking.count() == 0, "not finished")
    os.kill(services.status(own_directory).postgres_pid or 0, signal.SIGQUIT)
    until(lambda: services.status(own_directory).postgres_pid is None, "not crashed")
    services.start(own_directory, redis=False)
    own_parking.engine.dispose()
    own_parking.fill("r3")
    until(lambda: own_parking.count() == 0, "not finished after the crash")
    own_parking.require_each_once(3)


@pytest.mark.long
def test_a_stopped_database_neither_ends_a_sweep_nor_keeps_it_from_ending(
    lone: System, own_directory: Path, own_parking: Parking
) -> None:
    own_parking.fill("r1")
    lone.start_sweep()
    until(lambda: own_parking.count() == 0, "not finished")
    postgres = services.status(own_directory).postgres_pid or 0
    freeze(postgres, signal.SIGSTOP)
    try:
        until(lambda: "the ledger is away" in lone.said("sweep"), "not noticed")
        lone.processes["sweep"].terminate()
        lone.processes["sweep"].wait(timeout=15)
    finally:
        freeze(postgres, signal.SIGCONT)


def freeze(postgres: int, with_signal: signal.Signals) -> None:
    """The server and all its sessions."""
    for process in [psutil.Process(postgres), *psutil.Process(postgres).children()]:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(with_signal)
