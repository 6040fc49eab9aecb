"""A provider's Cancel from HTTP to an operator's own wallet, through real processes."""

import subprocess
import sys
from decimal import Decimal

import pytest
from sqlalchemy import Engine, text

from tests.making import cancel_of
from tests.system.processes import EXAMPLE, System
from tests.waiting import until
from tests.wallets.casino_process import bets_meet_their_cancels, start_casino
from tests.wallets.sql_casino import SqlCasino, install, run_sql
from unbet.journal.parking import park

SUCCESS = {"error": 0, "description": "Success", "reference": EXAMPLE["reference"]}
REFERENCE = EXAMPLE["reference"]


@pytest.fixture
def casino(database_url: str, engine: Engine) -> SqlCasino:
    install(database_url)
    return SqlCasino(engine, player=EXAMPLE["userId"], currency=EXAMPLE["currency"])


@pytest.fixture
def system(idle_system: System, casino: SqlCasino) -> System:
    """A receiver, a worker and a sweep, with the operator's wallet."""
    del casino  # is there first
    idle_system.environment["UNBET_WALLET"] = "sql"
    idle_system.start_both()
    return idle_system


def test_a_cancel_gives_the_stake_back_once_and_an_unknown_one_refuses_the_late_bet(
    system: System, casino: SqlCasino
) -> None:
    casino.deposit("100.00")
    assert casino.bet(REFERENCE, "10.00")
    assert system.cancel() == SUCCESS
    assert casino.money()[0] == Decimal(100)

    assert [system.cancel(), system.cancel(uuid="another")] == [SUCCESS] * 2
    assert casino.money()[0] == Decimal(100)

    assert system.cancel(reference="late")["error"] == 0
    assert casino.place("late", "10.00") == "cancelled"
    assert casino.money()[0] == Decimal(100)

    assert casino.bet("settled", "10.00")
    casino.settle("settled", "25.00")
    assert system.cancel(reference="settled")["error"] == 120
    assert casino.bet("mine", "5.00")
    assert system.cancel(reference="mine", userId="mallory")["error"] == 7
    assert casino.money()[0] == Decimal(110)


def test_in_the_example_as_it_is_installed_bets_over_http_meet_their_cancels(
    idle_system: System, database_url: str
) -> None:
    idle_system.environment |= {"UNBET_WALLET": "sql", "CASINO_DATABASE_URL": database_url}
    install_module = [sys.executable, "-m", "examples.wallet_sql.install"]
    subprocess.run(install_module, env=idle_system.environment, check=True, timeout=60)
    start_casino(idle_system, "examples.wallet_sql")
    idle_system.start_both()
    bets_meet_their_cancels(idle_system)


def test_a_sweep_finishes_what_is_parked(system: System, casino: SqlCasino) -> None:
    casino.deposit("100.00")
    casino.bet("parked", "10.00")
    player = {"user_id": EXAMPLE["userId"], "currency": EXAMPLE["currency"]}
    with casino.engine.begin() as connection:
        park(connection, [cancel_of("parked", **player)], reason="test")
    system.start_sweep()
    until(lambda: casino.money()[0] == Decimal(100), "the stake was not given back")
    with casino.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM unbet.parked")).scalar() == 0


def test_while_the_function_fails_the_provider_is_told_to_retry_and_gets_its_answer_later(
    system: System, casino: SqlCasino, database_url: str
) -> None:
    casino.deposit("100.00")
    casino.bet(REFERENCE, "10.00")
    run_sql(database_url, "ALTER TABLE users RENAME TO moved")
    assert system.cancel()["error"] == 100
    run_sql(database_url, "ALTER TABLE moved RENAME TO users")
    assert system.cancel() == SUCCESS
    assert casino.money()[0] == Decimal(100)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({}, "no function unbet_cancel"),
        ({"UNBET_UNKNOWN_REFERENCE": "hold"}, "only the built-in ledger can hold"),
        ({"UNBET_WALLET": "sqll"}, "UNBET_WALLET has a wrong value"),
    ],
)
def test_a_wallet_that_cannot_work_is_refused_at_the_start(
    idle_system: System, changed: dict[str, str], sentence: str
) -> None:
    idle_system.environment |= {"UNBET_WALLET": "sql"} | changed
    idle_system.start_sweep()
    assert idle_system.processes["sweep"].wait(30) == 1
    assert sentence in idle_system.said("sweep")


def test_a_group_that_waited_until_nobody_waits_for_it_is_left_to_the_sweep(
    idle_system: System, casino: SqlCasino
) -> None:
    """Otherwise what is late would keep what is fresh waiting until that is late as well."""
    casino.deposit("100.00")
    assert casino.bet("late", "10.00")
    idle_system.environment["UNBET_WALLET"] = "sql"
    idle_system.start_receiver()
    assert idle_system.cancel(reference="late")["error"] == 100
    idle_system.start_worker()
    idle_system.wait("worker", lambda: "begun too late" in idle_system.said("worker"))
    assert casino.money()[0] == Decimal(90)
    idle_system.start_sweep()
    until(lambda: casino.money()[0] == Decimal(100), "the stake was not given back")
