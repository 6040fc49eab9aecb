"""The process of the ledger over HTTP: when it starts, how it ends, and how much it holds."""

import asyncio
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import httpx
import psycopg
import pytest
from sqlalchemy import make_url

from tests.system.ledger_http import (
    ALL,
    DONE,
    LedgerHttp,
    Player,
    problem_of,
    serving,
    tokens,
)
from tests.system.ledger_http import ledger as ledger
from tests.system.ledger_http import player as player
from tests.system.processes import EXAMPLE, ROOT, System
from tests.system.running import Running
from tests.waiting import until

MAX_WAITING = 256
THREADS = 8


def test_without_a_token_it_says_so_once_serves_nothing_and_waits_for_its_end(
    idle_system: System,
) -> None:
    ledger = LedgerHttp(idle_system)
    del idle_system.environment["UNBET_LEDGER_TOKENS"]
    idle_system.start("ledger", sys.executable, "-m", "unbet.ledger_api")
    until(lambda: "\n" in ledger.said(), "it says nothing")
    assert "the ledger is not served over HTTP: UNBET_LEDGER_TOKENS is not set" in ledger.said()
    process = idle_system.processes["ledger"]
    with pytest.raises(httpx.ConnectError):
        ledger.http.get("/healthz")
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(5)
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(10) == 0
    assert ledger.said().count("\n") == 1
    ledger.http.close()


def test_bets_whose_cancels_are_decided_elsewhere_are_not_taken(idle_system: System) -> None:
    endpoints = {"a-secret-for-tests-0": {"provider": "Elsewhere", "wallet": "sql"}}
    idle_system.environment["UNBET_ENDPOINTS"] = json.dumps(endpoints)
    with serving(idle_system) as ledger:
        player = Player(ledger)
        player.deposit("10.00")
        document = problem_of(player.bet("1.00", "b1", provider="Elsewhere"), 400)
        assert [each["field"] for each in document["errors"]] == ["provider"]
        assert player.bet("1.00", "b1").json() == DONE
        assert player.cash() == "9.00"


def test_it_does_not_start_where_nobodys_bets_are_in_the_ledger(idle_system: System) -> None:
    ledger = LedgerHttp(idle_system)
    ledger.http.close()
    idle_system.environment["UNBET_WALLET"] = "sql"
    idle_system.start("ledger", sys.executable, "-m", "unbet.ledger_api")
    assert idle_system.processes["ledger"].wait(30) == 1
    assert "no provider's bets are in the built-in ledger" in ledger.said()


def test_it_does_not_start_where_its_wallets_are_not_those_on_record(idle_system: System) -> None:
    with psycopg.connect(idle_system.environment["UNBET_DATABASE_URL"]) as connection:
        connection.execute("DELETE FROM unbet.routes")
        connection.execute("INSERT INTO unbet.routes VALUES ('', 'ledger'), ('Elsewhere', 'http')")
    ledger = LedgerHttp(idle_system)
    ledger.http.close()
    idle_system.start("ledger", sys.executable, "-m", "unbet.ledger_api")
    assert idle_system.processes["ledger"].wait(30) == 1
    assert "Elsewhere: http on record, as all others in the settings" in ledger.said()


def test_a_database_that_is_away_at_the_start_is_waited_for_and_then_looked_at(
    idle_system: System,
) -> None:
    own = make_url(idle_system.environment["UNBET_DATABASE_URL"])
    elsewhere = own.set(database="postgres").render_as_string(hide_password=False)
    ledger = LedgerHttp(idle_system)
    ledger.http.close()
    with psycopg.connect(elsewhere, autocommit=True) as server:
        server.execute(f"ALTER DATABASE {own.database} SET synchronous_commit = off")
        server.execute(f"ALTER DATABASE {own.database} ALLOW_CONNECTIONS false")
        try:
            idle_system.start("ledger", sys.executable, "-m", "unbet.ledger_api")
            until(lambda: "waiting for the database" in ledger.said(), "it does not wait")
            server.execute(f"ALTER DATABASE {own.database} ALLOW_CONNECTIONS true")
            assert idle_system.processes["ledger"].wait(30) == 1
        finally:
            server.execute(f"ALTER DATABASE {own.database} ALLOW_CONNECTIONS true")
            server.execute(f"ALTER DATABASE {own.database} RESET synchronous_commit")
    assert "synchronous_commit" in ledger.said()


def test_the_pages_curl_lines_do_what_they_say(idle_system: System) -> None:
    page = (ROOT / "docs" / "ledger-http.md").read_text()
    examples = re.findall(r"```sh\n(curl .*?)```\n```json\n(.*?)```", page, re.DOTALL)
    assert len(examples) == 8
    with serving(idle_system) as ledger:
        for line, told in examples:
            # As a shell reads it, and curl would send it.
            _, _, url, *rest = shlex.split(line.replace("$LEDGER_TOKEN", ALL).replace("\\\n", ""))
            options = list(zip(rest[::2], rest[1::2], strict=True))
            headers = [header.split(": ") for option, header in options if option == "-H"]
            sent = dict(options).get("-d")
            answer = httpx.request(
                "POST" if sent else "GET",
                url.replace("http://127.0.0.1:8082", str(ledger.http.base_url)),
                content=sent,
                headers=[(name, value) for name, value in headers],
                trust_env=False,
            )
            assert answer.json() == json.loads(told), line


def test_what_it_holds_is_answered_before_it_ends(idle_system: System) -> None:
    with serving(idle_system) as ledger:
        player = Player(ledger)
        player.deposit("10.00")
        with (
            closing(psycopg.connect(idle_system.environment["UNBET_DATABASE_URL"])) as other,
            ThreadPoolExecutor(1) as pool,
        ):
            lock_accounts_of(player, other)
            answer = pool.submit(player.bet, "1.00", "b1")
            until(lambda: waits_for_lock(other), "the bet does not wait")
            process = idle_system.processes["ledger"]
            os.kill(process.pid, signal.SIGTERM)
            other.rollback()
            assert answer.result(20).json() == DONE
            assert process.wait(20) == -signal.SIGTERM


def test_a_player_whose_account_is_locked_does_not_keep_the_others_waiting(
    ledger: LedgerHttp, player: Player
) -> None:
    player.deposit("100.00")
    other_player = Player(ledger)
    other_player.deposit("1.00")
    url = ledger.system.environment["UNBET_DATABASE_URL"]
    with closing(psycopg.connect(url)) as other, ThreadPoolExecutor(THREADS * 2) as pool:
        lock_accounts_of(player, other)
        held = [pool.submit(player.bet, "1.00", f"b{number}") for number in range(THREADS * 2)]
        with closing(psycopg.connect(url, autocommit=True)) as asking:
            until(lambda: waits_for_lock(asking), "nobody waits for the lock")
        for number in range(20):
            assert other_player.bet("0.01", f"b{number}").json() == DONE
        assert not any(one.done() for one in held)
        other.rollback()
        assert {one.result(20).status_code for one in held} <= {200, 503}


@pytest.mark.long
def test_more_requests_than_it_holds_are_told_so_and_none_is_done_twice(
    ledger: LedgerHttp, player: Player
) -> None:
    player.deposit("1000.00")
    bodies = [player.bet_body("1.00", f"b{number}") for number in range(MAX_WAITING + 20)]
    url = ledger.system.environment["UNBET_DATABASE_URL"]
    with closing(psycopg.connect(url)) as other:
        lock_accounts_of(player, other)
        answers = asyncio.run(sent_at_once(ledger, bodies))
        assert {answer.status_code for answer in answers} == {503}
        assert {answer.headers["retry-after"] for answer in answers} == {"1"}
        told_at_once = [answer for answer in answers if "Nothing was done" in answer.text]
        assert 0 < len(told_at_once) <= 20
        other.rollback()
    assert ledger.is_ready()
    left, deadline = bodies, time.monotonic() + 60
    while left:
        assert time.monotonic() < deadline, f"{len(left)} are not done"
        answers = asyncio.run(sent_at_once(ledger, left))
        left = [body for body, one in zip(left, answers, strict=True) if one.status_code == 503]
        assert {one.json()["status"] for one in answers} <= {"done", 503}
    assert player.cash() == f"{1000 - len(bodies)}.00"


@pytest.mark.long
def test_run_serves_it_where_there_is_a_token() -> None:
    run = Running(environment={"UNBET_LEDGER_TOKENS": tokens(), "UNBET_LEDGER_PORT": "0"})
    try:
        run.ready()
        url = run.said.partition("Ledger ")[2].split()[0]
        account = {"user_id": EXAMPLE["userId"], "currency": EXAMPLE["currency"]}
        headers = {"Authorization": f"Bearer {ALL}"}
        answer = httpx.get(f"{url}/balances", params=account, headers=headers, trust_env=False)
        assert answer.json()["cash"] == "100.00", "the demonstration's bet is cancelled"
    finally:
        run.close()


async def sent_at_once(
    ledger: LedgerHttp, bodies: Sequence[dict[str, Any]]
) -> list[httpx.Response]:
    """The answers to these bets."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=40, trust_env=False, limits=limits) as http:

        async def send(body: dict[str, Any]) -> httpx.Response:
            headers = {"Authorization": f"Bearer {ALL}", "Idempotency-Key": body["reference"]}
            return await http.post(f"{ledger.http.base_url}/bets", json=body, headers=headers)

        return await asyncio.gather(*map(send, bodies))


def lock_accounts_of(player: Player, connection: psycopg.Connection) -> None:
    """Until its transaction ends."""
    connection.execute(
        "SELECT FROM unbet_ledger.accounts WHERE owner = %s FOR UPDATE", (player.user_id,)
    )


def waits_for_lock(connection: psycopg.Connection) -> bool:
    row = connection.execute(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    ).fetchone()
    return bool(row and row[0])
