"""The built-in ledger over HTTP: once for each reference, told in the same words each time."""

import asyncio
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
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
    PROVIDER,
    REPLAYED,
    RIGHTS,
    LedgerHttp,
    Player,
    problem_of,
    serving,
    token_of,
    tokens,
)
from tests.system.processes import EXAMPLE, ROOT, System
from tests.system.running import Running
from tests.waiting import until

MAX_WAITING = 256
THREADS = 8
GUESS = "a-guess-that-must-not-be-kept-at-all"


@pytest.fixture(scope="module")
def ledger(kept_system: System) -> Iterator[LedgerHttp]:
    with serving(kept_system) as started:
        yield started


@pytest.fixture
def player(ledger: LedgerHttp) -> Player:
    return Player(ledger)


def test_a_bet_takes_its_stake_once_however_often_it_is_sent(player: Player) -> None:
    deposited = player.deposit("100.00")
    assert (deposited.status_code, deposited.json()) == (200, DONE)
    for expected in (DONE, REPLAYED, REPLAYED):
        answer = player.bet("10.25", "b1")
        assert (answer.status_code, answer.json()) == (200, expected)
    assert player.balances() == {"cash": "89.75", "bonus": "0.00", "held": "0.00"}


def test_a_bet_is_settled_and_its_win_is_cash(player: Player) -> None:
    player.deposit("100.00")
    player.bet("10.00", "b1")
    assert player.settle("b1", "25.000000000000000001").json() == DONE
    assert player.settle("b1", "25.000000000000000001").json() == REPLAYED
    assert player.cash() == "115.000000000000000001"


def test_bonus_is_kept_apart_and_may_pay_first(player: Player) -> None:
    player.deposit("5.00", "cash")
    player.deposit("10.00", "bonus", balance_type="bonus")
    assert player.bet("12.00", "b1", stake_order="bonus_first").json() == DONE
    assert player.balances() == {"cash": "3.00", "bonus": "0.00", "held": "0.00"}


def test_what_a_player_has_won_is_withdrawn(player: Player) -> None:
    player.deposit("100.00")
    player.bet("10.00", "b1")
    player.settle("b1", "30.00")
    for expected in (DONE, REPLAYED):
        assert player.withdraw("50.00").json() == expected
    assert player.balances() == {"cash": "70.00", "bonus": "0.00", "held": "50.00"}
    for expected in (DONE, REPLAYED):
        assert player.end("complete").json() == expected
    assert player.end("release").json()["refusal"] == "withdrawal_completed"
    assert player.balances() == {"cash": "70.00", "bonus": "0.00", "held": "0.00"}


def test_a_withdrawal_that_is_released_is_cash_again(player: Player) -> None:
    player.deposit("100.00")
    assert player.end("release").json()["refusal"] == "unknown_withdrawal"
    player.withdraw("60.00")
    assert player.bet("50.00", "b1").json()["refusal"] == "insufficient_funds"
    for expected in (DONE, REPLAYED):
        assert player.end("release").json() == expected
    assert player.end("complete").json()["refusal"] == "withdrawal_released"
    assert problem_of(player.withdraw("61.00"), 422)["type"] == "urn:unbet:problem:conflict"
    assert player.cash() == "100.00"


def test_bonus_becomes_cash_once(player: Player) -> None:
    player.deposit("10.00", balance_type="bonus")
    for expected in (DONE, REPLAYED):
        assert player.convert("4.00").json() == expected
    assert player.balances() == {"cash": "4.00", "bonus": "6.00", "held": "0.00"}


def test_a_correction_has_a_reason_and_a_name_and_is_made_once(player: Player) -> None:
    for expected in (DONE, REPLAYED):
        assert player.correct("credit", "7.00", "c1").json() == expected
    assert player.correct("debit", "2.00", "c2").json() == DONE
    assert player.correct("credit", "1.00", "c3", balance_type="bonus").json() == DONE
    assert player.correct("debit", "9.00", "c4").json()["refusal"] == "insufficient_funds"
    problem_of(player.correct("credit", "7.00", "c1", reason="another"), 422)
    document = problem_of(player.correct("credit", "1.00", "c5", made_by=" "), 400)
    assert [each["field"] for each in document["errors"]] == ["made_by"]
    assert player.balances() == {"cash": "5.00", "bonus": "1.00", "held": "0.00"}


def test_a_refusal_is_an_answer_and_stays_one(player: Player) -> None:
    refused = {"status": "refused", "refusal": "insufficient_funds"}
    answer = player.bet("10.00", "b1")
    assert (answer.status_code, answer.json()) == (200, {**refused, "replayed": False})
    player.deposit("100.00")
    assert player.bet("10.00", "b1").json() == {**refused, "replayed": True}
    assert player.cash() == "100.00"


def test_a_reference_with_other_details_changes_nothing_and_is_no_server_error(
    player: Player,
) -> None:
    player.deposit("100.00")
    player.bet("10.00", "b1")
    player.settle("b1", "1.00")
    for answer in (player.deposit("99.00"), player.bet("11.00", "b1"), player.settle("b1", "2.00")):
        document = problem_of(answer, 422)
        assert document["type"] == "urn:unbet:problem:conflict"
        assert document["detail"] == "Nothing was done."
    assert player.cash() == "91.00"


def test_a_cancelled_bet_is_neither_settled_nor_taken_again(player: Player) -> None:
    player.deposit("100.00")
    player.bet("10.00", "b1")
    for name in ("b1", "late"):
        system = player.ledger.system
        cancel = {"userId": player.user_id, "currency": "EUR", "uuid": player.reference(name)}
        answer = system.http.post(
            system.path, json={**EXAMPLE, **cancel, "reference": player.reference(name)}
        )
        assert answer.json()["error"] == 0
    assert player.cash() == "100.00"
    for answer in (player.settle("b1", "50.00"), player.bet("10.00", "late")):
        assert answer.json()["refusal"] == "cancelled"
    assert player.cash() == "100.00"


def test_one_key_sent_by_many_at_once_is_done_once(player: Player) -> None:
    player.deposit("100.00")
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: player.bet("1.00", "b1"), range(40)))
    assert [answer.status_code for answer in answers] == [200] * 40
    assert [answer.json()["replayed"] for answer in answers].count(False) == 1
    assert player.cash() == "99.00"


def test_a_token_is_good_for_its_rights_alone(player: Player) -> None:
    player.deposit("100.00")
    player.bet("1.00", "b1")
    account, http = player.account, player.ledger.http
    requests: dict[str, list[tuple[str, str, dict[str, Any]]]] = {
        "bets": [
            ("POST", "/bets", player.bet_body("1.00", "b2")),
            (
                *("POST", "/settlements"),
                {"provider": PROVIDER, "bet_reference": player.reference("b1"), "amount": "0"},
            ),
        ],
        "money": [
            ("POST", "/deposits", {**account, "amount": "1.00"}),
            ("POST", "/withdrawals", {**account, "amount": "1.00"}),
            ("POST", "/withdrawals/complete", {}),
            ("POST", "/withdrawals/release", {}),
            ("POST", "/conversions", {**account, "amount": "1.00"}),
        ],
        "correct": [
            (
                *("POST", "/corrections"),
                {
                    **(account | {"amount": "1.00", "direction": "credit"}),
                    **{"reason": "a test", "made_by": "ada"},
                },
            )
        ],
        "read": [("GET", "/balances", account)],
    }
    for right, needing in requests.items():
        for method, path, fields in needing:
            for given in RIGHTS:
                reference = fields.get("reference", player.reference(f"{right}-right"))
                body = {**fields, "reference": reference} if method == "POST" else None
                headers = {
                    "Idempotency-Key": reference,
                    "Authorization": f"bearer {token_of(given)}",
                }
                params = fields if method == "GET" else None
                answer = http.request(method, path, json=body, params=params, headers=headers)
                if given == right:
                    assert answer.status_code == 200, answer.text
                else:
                    assert f"`{right}`" in problem_of(answer, 403)["detail"]
                    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert player.cash() == "99.00"


def test_without_a_known_token_nothing_is_done_and_guessing_is_slowed_down(player: Player) -> None:
    body = {**player.account, "amount": "1.00", "reference": player.reference("d1")}
    url = f"{player.ledger.http.base_url}/deposits"
    key = {"Idempotency-Key": body["reference"]}
    for given in ({}, {"Authorization": f"Basic {ALL}"}, {"Authorization": f"Bearer {ALL}x"}):
        answer = httpx.post(url, json=body, headers={**key, **given}, trust_env=False)
        problem_of(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")
    guesses = [player.ledger.post("/deposits", body, token=f"{n:032}") for n in range(25)]
    assert {guess.status_code for guess in guesses} == {401, 429}
    assert guesses[-1].headers["retry-after"] == "60"
    assert player.deposit("1.00").json() == DONE, "the right one is let in all the same"
    assert player.cash() == "1.00"


def test_no_token_is_in_the_log(player: Player) -> None:
    player.deposit("1.00")
    player.ledger.post("/deposits", {"reference": "r"}, token=GUESS)
    said = player.ledger.said()
    assert '"caller":"all"' in said
    assert player.reference("d1") in said
    for token in (ALL, *map(token_of, RIGHTS), GUESS):
        assert token not in said


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"amount": 10}, "amount"),
        ({"amount": 10.25}, "amount"),
        ({"amount": "1e3"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "0.0000000000000000001"}, "amount"),
        ({"amount": None}, "amount"),
        ({"user_id": 7}, "user_id"),
        ({"currency": "E"}, "currency"),
        ({"provider": " "}, "provider"),
        ({"stake_order": "both"}, "stake_order"),
        ({"amout": "1"}, "amout"),
        ({"self": "1"}, "self"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_done(
    player: Player, changed: dict[str, Any], field: str
) -> None:
    player.deposit("100.00")
    answer = player.ledger.post("/bets", {**player.bet_body("10.00", "b1"), **changed})
    document = problem_of(answer, 400)
    assert [each["field"] for each in document["errors"]] == [field]
    assert field in document["detail"]
    assert player.cash() == "100.00"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b'"text"', "body"),
        (b"\xff", "body"),
        (b"[" * 10_000, "body"),
        (b'{"amount": NaN}', "amount"),
        (b'{"amount": "1", "amount": "2"}', "amount"),
        (rb'{"\ud800": 1}', "body"),
        (rb'{"\ud800": 1, "\ud800": 2}', r"\ud800"),
    ],
)
def test_what_is_no_object_of_json_is_told_so(ledger: LedgerHttp, body: bytes, field: str) -> None:
    answer = ledger.http.post("/bets", content=body, headers={"Idempotency-Key": "k"})
    assert field in {each["field"] for each in problem_of(answer, 400)["errors"]}


def test_a_body_that_is_too_long_is_not_read(ledger: LedgerHttp) -> None:
    answer = ledger.http.post("/bets", content=b" " * 20_000, headers={"Idempotency-Key": "k"})
    assert problem_of(answer, 413)["type"] == "urn:unbet:problem:too-long"


@pytest.mark.long
def test_a_body_that_does_not_come_is_not_waited_for(ledger: LedgerHttp) -> None:
    base = ledger.http.base_url
    head = (
        f"POST /bets HTTP/1.1\r\nHost: {base.host}\r\nAuthorization: Bearer {ALL}\r\n"
        "Idempotency-Key: k\r\nContent-Length: 10\r\nConnection: close\r\n\r\n{"
    )
    assert base.port
    with socket.create_connection((base.host, base.port), timeout=30) as slow:
        slow.sendall(head.encode())
        answer = b"".join(iter(lambda: slow.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"urn:unbet:problem:slow" in answer


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("plain", "{}plain"),
        ("quoted", '"{}quoted"'),
        ('"', r'"{}\""'),
        ("\\", r'"{}\\"'),
        ('\\"', r'"{}\\\""'),
        ('"', "{}%22"),
        ("ümlaut 博", "{}%C3%BCmlaut%20%e5%8d%9a"),
        ("100%41", "{}100%2541"),
        ("100%41", "{}100%41"),
        ("line\nbreak", "{}line%0Abreak"),
    ],
)
def test_a_key_is_the_reference_in_whatever_form_a_header_can_carry_it(
    player: Player, name: str, key: str
) -> None:
    body = {**player.account, "amount": "1.00", "reference": player.reference(name)}
    answer = player.ledger.post("/deposits", body, key=key.format(player.reference("")))
    assert answer.json() == DONE, answer.text


@pytest.mark.parametrize("keys", [[], ["another"], ["{}", "{}"], ['"{}'], ['"{}x']])
def test_a_key_that_is_missing_or_another_is_refused(player: Player, keys: list[str]) -> None:
    reference = player.reference("d1")
    body = {**player.account, "amount": "1.00", "reference": reference}
    headers = [("Idempotency-Key", key.format(reference)) for key in keys]
    answer = player.ledger.http.post("/deposits", json=body, headers=headers)
    (error,) = problem_of(answer, 400)["errors"]
    assert error["field"] == "Idempotency-Key"
    assert player.cash() == "0.00"


def test_what_the_ledger_cannot_hold_is_refused_and_changes_nothing(player: Player) -> None:
    most = "9" * 20
    assert player.deposit(most, "d1").json() == DONE
    document = problem_of(player.deposit(most, "d2"), 422)
    assert document["type"] == "urn:unbet:problem:out-of-range"
    assert player.cash() == f"{most}.00"


@pytest.mark.parametrize(
    "params", [{"user_id": "a"}, {"user_id": "a", "currency": "E"}, {"user_id": "a", "x": "y"}]
)
def test_a_question_about_balances_has_both_fields_and_no_other(
    ledger: LedgerHttp, params: dict[str, str]
) -> None:
    problem_of(ledger.http.get("/balances", params=params), 400)


def test_other_paths_and_methods_are_problems_too(ledger: LedgerHttp) -> None:
    problem_of(ledger.http.get("/nothing"), 404)
    answer = ledger.http.get("/bets")
    problem_of(answer, 405)
    assert answer.headers["allow"] == "POST"


def test_it_counts_what_it_is_asked(player: Player) -> None:
    player.deposit("1.00")
    player.deposit("1.00")
    shown = player.ledger.http.get("/metrics").text
    for result in ("done", "replayed"):
        assert f'unbet_ledger_calls_total{{operation="deposit",result="{result}"}}' in shown
    ready = player.ledger.http.get("/readyz").json()
    assert (ready["ready"], ready["ledger"]) == (True, "ok")


def test_only_operators_addresses_see_more_than_that_it_lives(idle_system: System) -> None:
    idle_system.environment["UNBET_OPS_ALLOWED_IPS"] = "192.0.2.0/24"
    ledger = LedgerHttp(idle_system)
    idle_system.start("ledger", sys.executable, "-m", "unbet.ledger_api")

    def lives() -> bool:
        try:
            return ledger.http.get("/healthz").is_success
        except httpx.TransportError:
            return False

    idle_system.wait("the ledger", lives)
    for page in ("/readyz", "/metrics", "/openapi.json"):
        problem_of(ledger.http.get(page), 404)
    ledger.http.close()


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
