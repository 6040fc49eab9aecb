"""The endpoints: several endpoints, addresses and secrets, on real processes."""

import json
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.operating import Operator
from tests.system.processes import EXAMPLE, System
from tests.system.refusing import json_logs, logged
from tests.system.watching import PLAYER, metric, wait_until_cancelled


def test_each_secret_has_its_provider_and_its_dialect(
    idle_system: System, operator: Operator
) -> None:
    first, second = "the-secret-of-the-first", "the-secret-of-the-second"
    idle_system.environment["UNBET_ENDPOINTS"] = json.dumps(
        {
            first: {"provider": "LuckyMonaco"},
            second: {"provider": "Other", "dialect": "lucky-monaco-v1"},
        }
    )
    idle_system.start_both()
    operator.deposit("100.00", **PLAYER)
    operator.bet("r1", "10.00", **PLAYER)
    operator.bet("r1", "5.00", provider="Other", **PLAYER)
    asked = EXAMPLE | {"reference": "r1", "providerId": "other", "roundId": "1"}
    v1 = idle_system.http.post(f"/{second}/v1/Cancel", json=asked).json()
    assert v1.pop("transactionId").isdigit()
    assert v1 == {
        "error": 0,
        "description": "Success",
        "currency": "USD",
        "cash": "90.000000000000000000",
    }
    assert operator.balance(**PLAYER).cash == Decimal(90), "only its own provider's bet"
    assert idle_system.http.post(f"/{second}/V4/Cancel", json=asked).status_code == 404
    assert idle_system.http.post(f"/{first}/v1/Cancel", json=asked).status_code == 404
    v4 = idle_system.http.post(f"/{first}/V4/Cancel", json=EXAMPLE | {"reference": "r1"}).json()
    assert v4 == {"error": 0, "description": "Success", "reference": "r1"}
    assert operator.balance(**PLAYER).cash == Decimal(100)
    assert first not in idle_system.said("receiver")


@pytest.mark.long
def test_only_the_providers_addresses_may_call_and_what_is_refused_can_be_replayed(
    idle_system: System, operator: Operator, tmp_path: Path
) -> None:
    json_logs(idle_system).environment |= {
        "UNBET_ALLOWED_IPS": "192.0.2.0/24,2001:db8::/32",
        "UNBET_TRUSTED_PROXIES": "127.0.0.1/32",
    }
    idle_system.start_worker()
    idle_system.start("receiver", sys.executable, "-m", "api")
    idle_system.wait("the receiver", idle_system.ready)
    operator.deposit("100.00", **PLAYER)
    operator.bet("r1", "10.00", **PLAYER)

    def status(*forwarded: str) -> int:
        headers = [("X-Forwarded-For", value) for value in forwarded]
        body = EXAMPLE | {"reference": "r1"}
        return idle_system.http.post(idle_system.path, json=body, headers=headers).status_code

    assert status("203.0.113.9") == 403
    assert status("192.0.2.7, 203.0.113.9") == 403, "the sender cannot say who it is"
    assert status() == 403
    assert trailer_status(idle_system, "203.0.113.9", "192.0.2.7") == 403, "nor after its body"
    assert operator.balance(**PLAYER).cash == Decimal(90)
    refused = logged(idle_system, "refused")
    senders = ["203.0.113.9", "203.0.113.9", "127.0.0.1", "203.0.113.9"]
    assert [line["received_from"] for line in refused] == senders
    assert json.loads(refused[0]["body"])["reference"] == "r1"
    # A person lets them in afterwards.
    idle_system.start_sweep()
    log = tmp_path / "receiver.log"
    replayed = json.loads(idle_system.unbet("replay", str(log), "--json").stdout)
    assert replayed["parked"] == 4
    wait_until_cancelled(operator, "r1")
    assert operator.balance(**PLAYER).cash == Decimal(100)
    assert status("192.0.2.7") == 200
    assert status("2001:db8::7") == 200


def trailer_status(system: System, forwarded: str, trailer: str) -> int:
    """The answer to a Cancel that says who sent it once in its head, and once after its body."""
    body = json.dumps(EXAMPLE | {"reference": "r1"})
    request = (
        f"POST {system.path} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {forwarded}\r\n"
        f"Transfer-Encoding: chunked\r\n\r\n{len(body):x}\r\n{body}\r\n"
        f"0\r\nX-Forwarded-For: {trailer}\r\n\r\n"
    )
    address = "127.0.0.1", int(system.environment["UNBET_PORT"])
    with socket.create_connection(address, timeout=10) as sender:
        sender.sendall(request.encode())
        return int(sender.recv(65536)[9:12])


def test_an_expired_secret_is_none_but_what_it_brought_is_logged(idle_system: System) -> None:
    old, new = "the-old-secret-of-the-url", "the-new-secret-of-the-url"
    until_then = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    json_logs(idle_system).environment["UNBET_ENDPOINTS"] = json.dumps(
        {
            old: {"provider": "LuckyMonaco", "until": until_then},
            new: {"provider": "LuckyMonaco"},
        }
    )
    idle_system.start_both()
    refused = idle_system.http.post(f"/{old}/V4/Cancel", json=EXAMPLE)
    assert (refused.status_code, refused.content) == (404, b"")
    assert idle_system.http.post(f"/{new}/V4/Cancel", json=EXAMPLE).json()["error"] == 0
    (line,) = logged(idle_system, "refused")
    assert (line["reason"], json.loads(line["body"])) == ("expired", EXAMPLE)
    assert old not in idle_system.said("receiver")


def test_of_a_refused_call_without_a_body_the_query_is_logged_and_can_be_replayed(
    idle_system: System, tmp_path: Path
) -> None:
    old, new = "the-old-secret-of-the-url", "the-new-secret-of-the-url"
    groove = {"provider": "Groove", "dialect": "groove"}
    until_then = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    json_logs(idle_system).environment["UNBET_ENDPOINTS"] = json.dumps(
        {old: groove | {"until": until_then}, new: groove}
    )
    idle_system.start_both()
    query = "request=rollback&accountid=u-1001&transactionid=bet-9"
    http = idle_system.http
    assert http.get(f"/{old}/groove?{query}").status_code == 404
    assert http.get(f"/{new}/cancel?{query}").status_code == 404
    assert http.post(f"/{new}/groove?{query}").status_code == 405
    refused = [(line["reason"], line["body"]) for line in logged(idle_system, "refused")]
    assert refused == [("expired", query), ("path", query), ("method", query)]
    log = tmp_path / "receiver.log"
    assert json.loads(idle_system.unbet("replay", str(log), "--json").stdout)["parked"] == 3


def test_who_guesses_secrets_is_slowed_down_and_the_right_one_is_not(system: System) -> None:
    with ThreadPoolExecutor(4) as pool:
        statuses = list(
            pool.map(
                lambda n: system.http.post(f"/{n:024}/V4/Cancel", json=EXAMPLE).status_code,
                range(30),
            )
        )
    assert statuses.count(404) == 20
    assert statuses.count(429) == 10
    assert system.cancel()["error"] == 0
    assert metric(system, "unbet_wrong_secrets_total") == 30


OUTSIDE = {"X-Forwarded-For": "203.0.113.9"}
"""What a proxy says that is not trusted."""


def test_who_guesses_by_any_path_is_slowed_down_and_operators_are_not(system: System) -> None:
    paths = ["/{:024}", "/{:024}/x", "/{:024}/v4/cancel", "/metrics?{}"]
    asked = [paths[n % len(paths)].format(n) for n in range(30)]
    told = [system.http.post(path, json=EXAMPLE, headers=OUTSIDE) for path in asked]
    assert [answer.status_code for answer in told] == [404] * 20 + [429] * 10
    assert {answer.content for answer in told} == {b""}
    assert metric(system, "unbet_wrong_secrets_total") == 30
    for page in ("/healthz", "/readyz", "/metrics", "/openapi.json"):
        assert {system.http.get(page).status_code for _ in range(30)} == {200}
    assert system.http.get("/healthz", headers=OUTSIDE).status_code == 200
    assert system.http.get("/unknown").status_code == 404
    assert system.cancel()["error"] == 0


def test_a_wrong_secret_is_not_told_apart_by_when_it_is_answered(idle_system: System) -> None:
    idle_system.start_receiver()
    right = idle_system.environment["UNBET_URL_SECRET"]
    for path in (f"/{right}/x", f"/{'x' * len(right)}/x", f"/{'x' * len(right)}/V4/Cancel"):
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.9\r\n"
        address = "127.0.0.1", int(idle_system.environment["UNBET_PORT"])
        with socket.create_connection(address, timeout=10) as sender:
            sender.sendall(f"{head}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n".encode())
            assert sender.recv(65536).startswith(b"HTTP/1.1 100"), path
            sender.sendall(b"{}")
            assert sender.recv(65536).startswith(b"HTTP/1.1 404"), path


def test_a_proxy_that_is_not_trusted_opens_no_operators_page(system: System) -> None:
    unknown = system.http.get("/unknown", headers=OUTSIDE)
    for page in ("/metrics", "/readyz", "/openapi.json"):
        for method, path in (("GET", page), ("POST", page), ("HEAD", page), ("GET", f"{page}/")):
            told = system.http.request(method, path, headers=OUTSIDE)
            assert (told.status_code, told.content) == (404, b""), f"{method} {path}"
            assert told.headers.keys() == unknown.headers.keys()
        assert system.http.get(page).status_code == 200
        refused = system.http.post(page)
        assert refused.status_code == 405
        assert set(refused.headers["allow"].split(", ")) == {"GET", "HEAD"}


def test_whose_proxy_does_not_say_its_address_is_no_operator(idle_system: System) -> None:
    idle_system.environment["UNBET_TRUSTED_PROXIES"] = "127.0.0.1/32"
    idle_system.start_receiver()
    for said in ("203.0.113.9, unknown", "127.0.0.1, _hidden", ""):
        told = idle_system.http.get("/readyz", headers={"X-Forwarded-For": said})
        assert (told.status_code, told.content) == (404, b""), said


def test_an_expired_secret_is_none_whatever_is_asked_of_it(idle_system: System) -> None:
    old = "the-old-secret-of-the-url"
    until = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    endpoints = {old: {"provider": "LuckyMonaco", "until": until}}
    idle_system.environment["UNBET_ENDPOINTS"] = json.dumps(endpoints)
    idle_system.start_receiver()
    for method, body in (("GET", None), ("OPTIONS", None), ("POST", b"x" * 20_000)):
        told = idle_system.http.request(method, f"/{old}/V4/Cancel", content=body)
        assert (told.status_code, told.content) == (404, b""), method
