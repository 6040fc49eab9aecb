"""An import in trouble, and in bulk: it ends like one that was undisturbed and line by line.

(Over 250 lines: each trouble needs what ends the other process, and that is long.)
"""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

import unbet
from tests.making import Operator
from tests.ops.lines import (
    AnswerContext,
    as_bytes,
    bet,
    connected,
    convert,
    correct,
    deposit,
    end,
    freeze,
    parsed,
    settle,
    state_of,
    withdraw,
)
from tests.tiers import long
from tests.waiting import until, waiting_for_locks
from unbet.cli.import_lines import Line
from unbet.cli.importing import ImportStoppedError, LineResult, import_lines
from unbet.cli.instructions import (
    BetInstruction,
    ConvertInstruction,
    CorrectInstruction,
    DepositInstruction,
    EndInstruction,
    FreezeInstruction,
    SettleInstruction,
    WithdrawInstruction,
)

KINDS = (
    *("deposit", "bet", "settle", "freeze", "unfreeze", "withdraw", "complete_withdrawal"),
    *("release_withdrawal", "correct", "convert_bonus"),
)
SCRIPT = Path(sys.executable).with_name("unbet")


def test_an_import_tries_again_while_a_player_is_locked(engine: Engine, operator: Operator) -> None:
    operator.deposit("10.00")
    results: list[list[LineResult]] = []
    importing = threading.Thread(
        target=lambda: results.extend(import_lines(engine, parsed([bet("r1")])))
    )

    with accounts_locked_by_somebody_else(engine):
        importing.start()
        until(lambda: waiting_for_locks(engine) == 1, "it did not wait")
        until(lambda: waiting_for_locks(engine) == 0, "it did not give up")
    importing.join(timeout=20)

    assert [result.status for chunk in results for result in chunk] == ["done"]


def test_the_time_to_try_again_begins_when_the_first_try_has_failed(
    new_database: Callable[[], str],
) -> None:
    url = new_database()
    engine = unbet.connect_to(
        url, name="import", limits={"lock_timeout": "0", "statement_timeout": "0"}
    )
    with connected(url) as other, ThreadPoolExecutor(1) as pool:
        Operator(other).deposit("10.00")
        with accounts_locked_by_somebody_else(other):
            importing = pool.submit(
                lambda: list(import_lines(engine, parsed([bet("r1")]), retry_for_s=0.5))
            )
            until(lambda: ended_after_a_second_of_waiting(other), "it did not wait")
        [[result]] = importing.result()
    engine.dispose()

    assert result.status == "done"


def ended_after_a_second_of_waiting(engine: Engine) -> bool:
    query = text("""
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = 'unbet-import' AND wait_event_type = 'Lock'
           AND query_start < clock_timestamp() - interval '1 s'
    """)
    with engine.connect() as connection:
        return connection.execute(query).first() is not None


def test_an_import_goes_on_with_a_new_connection_when_its_own_is_lost(
    new_database: Callable[[], str],
) -> None:
    url = new_database()
    victim, other = unbet.connect_to(url, name="victim"), unbet.connect_to(url, name="other")
    statuses = []

    for results in import_lines(victim, parsed(deposit(f"d{n}") for n in range(4500))):
        statuses += [result.status for result in results]
        with other.begin() as connection:
            connection.execute(
                text("""
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                     WHERE application_name = 'unbet-victim'
                """)
            )

    assert statuses == ["done"] * 4500
    assert Operator(other).balance().cash == 45000
    victim.dispose()
    other.dispose()


def test_when_the_trouble_stays_it_is_told_how_far_the_import_came(
    engine: Engine, operator: Operator
) -> None:
    operator.deposit("10.00")
    first = [deposit(f"bob{n}", user="bob") for n in range(2000)]

    with (
        accounts_locked_by_somebody_else(engine),
        pytest.raises(ImportStoppedError, match="lock timeout; 2000 lines are committed"),
    ):
        list(import_lines(engine, parsed([*first, bet("r1")]), retry_for_s=0.5))

    assert operator.balance("bob").cash == 20000


@pytest.mark.long
def test_an_import_that_is_killed_and_run_again_ends_like_one_that_was_not(
    new_database: Callable[[], str], tmp_path: Path
) -> None:
    file = tmp_path / "import.jsonl"
    players = [f"player-{n}" for n in range(50)]
    deposits = [deposit(f"d-{user}", "300.00", user) for user in players]
    bets = [bet(f"r{n}", "1.00", players[n % 50]) for n in range(16_000)]
    wins = [settle(f"r{n}", "0.50") for n in range(0, 16_000, 4)]
    file.write_bytes(as_bytes(deposits + bets + wins))
    undisturbed, killed = new_database(), new_database()
    run_import(file, undisturbed).wait(timeout=60)

    for kill_at in (2_000, 4_000):
        running = run_import(file, killed)
        until(lambda: rows_of_bets(killed) > kill_at, "no bet")  # noqa: B023 - called at once
        running.kill()
        assert running.wait(timeout=10) == -signal.SIGKILL
        assert rows_of_bets(killed) < 16_000
    assert run_import(file, killed).wait(timeout=60) == 3  # 200 bets were more than the deposits

    assert state_of(killed) == state_of(undisturbed)


@pytest.mark.parametrize("seed", [0, *map(long, range(1, 10))])
def test_lines_in_stages_end_like_lines_one_by_one(
    new_database: Callable[[], str], seed: int
) -> None:
    lines = [*parsed(some_lines(random.Random(seed), 600))]
    alone, staged = new_database(), new_database()

    with connected(alone) as engine:
        one_by_one = [_execute_alone(engine, line) for line in lines]
    with connected(staged) as engine:
        in_stages = [result for results in import_lines(engine, lines) for result in results]

    assert [(r.status, r.replayed) for r in in_stages] == one_by_one
    assert {status for status, _ in one_by_one} == {"done", "refused", "conflict"}
    seen = {(line.op, status) for line, (status, _) in zip(lines, one_by_one, strict=True)}
    assert {op for op, status in seen if status == "done"} == set(KINDS)
    assert state_of(staged) == state_of(alone)


def some_lines(chance: random.Random, count: int) -> Iterator[AnswerContext]:
    """Few players and few references, so that nearly every line depends on others."""
    for _ in range(count):
        user = chance.choice(["alice", "bob", "carol", "dave"])
        amount = chance.choice(["1.00", "2.50", "7.123456789012345678"])
        reference, few = f"{chance.randrange(80)}", f"{chance.randrange(20)}"
        yield chance.choice(
            [
                deposit(reference, amount, user) | {"bonus": chance.random() < 0.3},
                bet(reference, amount, user),
                bet(reference, amount, user),
                settle(reference, amount),
                settle(reference, amount, win_reference=f"{chance.randrange(80)}"),
                freeze(user, chance.choice(["freeze", "unfreeze", "unfreeze"])),
                withdraw(few, amount, user),
                end(few, chance.choice(["complete_withdrawal", "release_withdrawal"])),
                correct(few, amount, user, chance.choice(["credit", "debit"])),
                convert(few, amount, user),
            ]
        )


def _execute_alone(engine: Engine, line: Line) -> tuple[str, bool]:
    with engine.begin() as connection:
        match line.instruction:
            case DepositInstruction() as order:
                result = unbet.deposit(connection, order.operation())
            case BetInstruction() as order:
                result = unbet.place_bet(connection, order.operation())
            case SettleInstruction() as order:
                result = unbet.settle_bet(connection, order.operation())
            case WithdrawInstruction() as order:
                result = unbet.hold_withdrawal(connection, order.operation())
            case EndInstruction(op="complete_withdrawal", reference=reference):
                result = unbet.complete_withdrawal(connection, reference)
            case EndInstruction(reference=reference):
                result = unbet.release_withdrawal(connection, reference)
            case CorrectInstruction() as order:
                result = unbet.correct(connection, order.operation())
            case ConvertInstruction() as order:
                result = unbet.convert_bonus(connection, order.operation())
            case FreezeInstruction(op="freeze", user=user):
                unbet.freeze(connection, user)
                return "done", False
            case FreezeInstruction(user=user):
                unbet.unfreeze(connection, user)
                return "done", False
    return result.status.value, result.replayed


def run_import(file: Path, database_url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [SCRIPT, "import", file],
        env={**os.environ, "UNBET_DATABASE_URL": database_url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@contextmanager
def accounts_locked_by_somebody_else(engine: Engine) -> Iterator[None]:
    """The accounts that there are."""
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        connection.execute(text("SELECT FROM unbet_ledger.accounts FOR UPDATE"))
        yield


def rows_of_bets(database_url: str) -> int:
    with connected(database_url) as engine, engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM unbet_ledger.bets")).scalar_one())
