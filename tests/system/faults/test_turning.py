"""Connections to PostgreSQL that turn: read-only, moved to a new primary, silent, refused."""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.operating import Operator
from tests.servers import POSTGRES, Addresses, PostgreSQL, Standby, alter_system, execute
from tests.system.processes import System
from tests.system.watching import (
    DEADLINE_S,
    PLAYER,
    metric,
    placed,
    timed,
    wait_until_cancelled,
)
from tests.waiting import until

TRUSTED_FOR_S = 1.0
"""A connection that was good so lately is not asked whether it still is."""
FINAL_LIMIT_S = 5.0
"""After a server is there that takes writes: final answers again. Measured: 0.7 s."""


@pytest.fixture
def service_url(primary: PostgreSQL, addresses: Addresses) -> str:
    return addresses.in_front_of(POSTGRES, PostgreSQL.url(primary.access))


def read_only(server: PostgreSQL, *, on: bool) -> None:
    """As an operator does for a while, or who fences a primary before a failover."""
    alter_system(server, f"SET default_transaction_read_only = {'on' if on else 'off'}")


def seconds_until_final(system: System, operator: Operator, name: str) -> float:
    """How long until a cancel, one after another, is answered with its outcome at its first try."""
    began = time.monotonic()
    number = 0
    while True:
        reference = f"{name}{number}"
        operator.bet(reference, "1.00", **PLAYER)
        code, _ = timed(system, reference)
        if code == 0:
            return time.monotonic() - began
        assert time.monotonic() - began < 60, "answers stay promises"
        number += 1


@pytest.mark.long
def test_after_a_failover_behind_one_address_answers_are_final_again(
    system: System, operator: Operator, primary: PostgreSQL, standby: Standby, addresses: Addresses
) -> None:
    system.start_sweep()
    operator.bet("before", "1.00", **PLAYER)
    assert timed(system, "before")[0] == 0
    references = placed(operator, 5)
    read_only(primary, on=True)
    standby.catch_up(primary)
    code, seconds = timed(system, "r0")
    assert (code, seconds < DEADLINE_S) == (100, True)
    assert not system.ready()
    standby.promote()
    # The old sessions stay with the old server, which answers.
    addresses.move(POSTGRES, standby.access.port)
    assert seconds_until_final(system, operator, "after") < FINAL_LIMIT_S
    for reference in references[1:]:
        assert timed(system, reference)[0] == 0
    wait_until_cancelled(operator, *references)
    until(system.ready, "it does not say that it is ready")
    assert all(process.poll() is None for process in system.processes.values())


def test_after_a_while_of_read_only_answers_are_final_again(
    system: System, operator: Operator, primary: PostgreSQL
) -> None:
    system.start_sweep()
    operator.bet("r0", "1.00", **PLAYER)
    read_only(primary, on=True)
    assert timed(system, "r0")[0] == 100
    read_only(primary, on=False)
    assert seconds_until_final(system, operator, "after") < FINAL_LIMIT_S
    wait_until_cancelled(operator, "r0")


@pytest.mark.long
def test_after_connections_fell_silent_while_idle_the_next_cancels_are_final_by_new_ones(
    system: System, operator: Operator, primary: PostgreSQL, addresses: Addresses
) -> None:
    """As if the peer had vanished: nothing is closed, nothing comes. The worker decides by what it
    has, the receiver notes its answers by that."""
    references = placed(operator, 8)
    with ThreadPoolExecutor(4) as pool:
        assert {code for code, _ in pool.map(partial(timed, system), references[:4])} == {0}
    until(lambda: noted(primary, references[:4]), "the answers were not recorded")
    before = sessions(primary)
    assert before.keys() >= {"unbet-receiver", "unbet-worker"}
    idle_until = time.monotonic() + 2 * TRUSTED_FOR_S
    until(lambda: time.monotonic() > idle_until, "time stands still")
    addresses.silence_established(POSTGRES)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(partial(timed, system), references[4:]))
    assert {code for code, _ in answers} == {0}
    assert max(seconds for _, seconds in answers) < DEADLINE_S
    until(lambda: noted(primary, references[4:]), "the answers were not recorded")
    after = sessions(primary)
    for name in ("unbet-receiver", "unbet-worker"):
        assert after[name] - before[name], f"{name} has no new connection"
    operator.engine.dispose()
    assert operator.balance(**PLAYER).cash == 1000
    assert metric(system, "unbet_parked_total") == 0
    assert metric(system, "unbet_spooled_total") == 0


def sessions(server: PostgreSQL) -> dict[object, set[object]]:
    """The backends of each program's sessions, by the server itself."""
    query = "SELECT application_name, pid FROM pg_stat_activity WHERE datname IS NOT NULL"
    found: dict[object, set[object]] = {}
    for name, pid in execute(server, query):
        found.setdefault(name, set()).add(pid)
    return found


def noted(server: PostgreSQL, references: list[str]) -> bool:
    """Whether the answer to each is on record."""
    query = (
        "SELECT FROM unbet.answers JOIN unbet.requests USING (request_id) WHERE reference = ANY(%s)"
    )
    return len(execute(server, query, references)) == len(references)
