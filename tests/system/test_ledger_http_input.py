"""What the ledger over HTTP does with requests that are wrong, and what it shows of them."""

import socket
import sys
from typing import Any

import httpx
import pytest

from tests.system.ledger_http import (
    ALL,
    DONE,
    LedgerHttp,
    Player,
    problem_of,
)
from tests.system.ledger_http import ledger as ledger
from tests.system.ledger_http import player as player
from tests.system.processes import System


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
