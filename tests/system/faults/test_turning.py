"""Connections to PostgreSQL that turn: read-only, moved to a new primary, silent, refused."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, make_url

from ledger import connect_to
from ledger.engine import TRUSTED_FOR_S
from ops import services
from ops.services.standby import Standby
from tests.databases import migrated
from tests.making import Operator
from tests.relay import Relay
from tests.system.processes import System, environment_of
from tests.system.watching import (
    DEADLINE_S,
    PLAYER,
    metric,
    placed,
    timed,
    wait_until_cancelled,
)
from tests.waiting import until

FINAL_WITHIN_S = 5.0
"""After a server is there that takes writes: final answers again. Measured: 0.7 s."""


@pytest.fixture
def primary_url(own_services: Path) -> str:
    url = services.status(own_services).services.database_url
    assert url
    return url


@pytest.fixture
def relay(primary_url: str) -> Iterator[Relay]:
    made = Relay(make_url(primary_url).port or 0)
    yield made
    made.close()


@pytest.fixture
def engine(primary_url: str, relay: Relay) -> Iterator[Engine]:
    """The operator's own, which goes by the service address as everybody does."""
    migrated(primary_url).dispose()
    url = make_url(primary_url).set(port=relay.port)
    made = connect_to(url.render_as_string(hide_password=False), name="operator")
    yield made
    made.dispose()


@pytest.fixture
def environment(
    own_services: Path, tmp_path: Path, operator: Operator, engine: Engine
) -> dict[str, str]:
    assert operator
    urls = services.status(own_services).services.environment()
    address = engine.url.render_as_string(hide_password=False)
    return environment_of(tmp_path, urls | {"UNBET_DATABASE_URL": address})


def read_only(url: str, *, on: bool) -> None:
    """As an operator does for a while, or who fences a primary before a failover."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        value = "on" if on else "off"
        connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
        connection.execute("SELECT pg_reload_conf()")


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


def test_after_a_failover_behind_one_address_answers_are_final_again(
    system: System, operator: Operator, own_services: Path, primary_url: str, relay: Relay
) -> None:
    system.start_sweep()
    standby = Standby(own_services)
    try:
        new = standby.start()
        operator.bet("before", "1.00", **PLAYER)
        assert timed(system, "before")[0] == 0
        references = placed(operator, 5)
        read_only(primary_url, on=True)
        standby.catch_up()
        code, seconds = timed(system, "r0")
        assert (code, seconds < DEADLINE_S) == (100, True)
        assert not system.ready()
        standby.promote()
        relay.leads_to = new.port  # the old sessions stay with the old server, which answers
        assert seconds_until_final(system, operator, "after") < FINAL_WITHIN_S
        for reference in references[1:]:
            assert timed(system, reference)[0] == 0
        wait_until_cancelled(operator, *references)
        until(system.ready, "it does not say that it is ready")
        assert all(process.poll() is None for process in system.processes.values())
    finally:
        standby.stop()


def test_after_a_while_of_read_only_answers_are_final_again(
    system: System, operator: Operator, primary_url: str
) -> None:
    system.start_sweep()
    operator.bet("r0", "1.00", **PLAYER)
    read_only(primary_url, on=True)
    assert timed(system, "r0")[0] == 100
    read_only(primary_url, on=False)
    assert seconds_until_final(system, operator, "after") < FINAL_WITHIN_S
    wait_until_cancelled(operator, "r0")


def test_after_connections_fell_silent_while_idle_the_next_cancels_are_final_by_new_ones(
    system: System, operator: Operator, primary_url: str, relay: Relay
) -> None:
    """As if the peer had vanished: nothing is closed, nothing comes. The worker decides by what it
    has, the receiver notes its answers by that."""
    references = placed(operator, 8)
    with ThreadPoolExecutor(4) as pool:
        assert {code for code, _ in pool.map(partial(timed, system), references[:4])} == {0}
    until(lambda: noted(primary_url, references[:4]), "the answers were not noted")
    before = sessions(primary_url)
    assert before.keys() >= {"unbet-receiver", "unbet-worker"}
    idle_until = time.monotonic() + 2 * TRUSTED_FOR_S
    until(lambda: time.monotonic() > idle_until, "time stands still")
    relay.silence()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(partial(timed, system), references[4:]))
    assert {code for code, _ in answers} == {0}
    assert max(seconds for _, seconds in answers) < DEADLINE_S
    until(lambda: noted(primary_url, references[4:]), "the answers were not noted")
    after = sessions(primary_url)
    for name in ("unbet-receiver", "unbet-worker"):
        assert after[name] - before[name], f"{name} has no new connection"
    operator.engine.dispose()
    assert operator.balance(**PLAYER).cash == 1000
    assert metric(system, "unbet_parked_total") == 0
    assert metric(system, "unbet_spooled_total") == 0


def sessions(url: str) -> dict[str, set[int]]:
    """The backends of each program's sessions, by the server itself."""
    found: dict[str, set[int]] = {}
    with psycopg.connect(url) as connection:
        query = "SELECT application_name, pid FROM pg_stat_activity WHERE datname IS NOT NULL"
        for name, pid in connection.execute(query):
            found.setdefault(name, set()).add(pid)
    return found


def noted(url: str, references: list[str]) -> bool:
    """Whether the answer to each is on record."""
    with psycopg.connect(url) as connection:
        query = "SELECT count(*) FROM answers JOIN requests USING (request_id)"
        query += " WHERE reference = ANY(%s)"
        row = connection.execute(query.encode(), [references]).fetchone()
    return row is not None and row[0] == len(references)
