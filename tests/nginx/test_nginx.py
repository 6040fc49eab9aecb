"""TLS in front of the receivers: who and what passes, and what is written of it."""

import json
from collections import Counter
from decimal import Decimal

import httpx
import pytest
from sqlalchemy import text

from tests.nginx.conftest import PROVIDER, V1_SECRET
from tests.nginx.proxy import Proxy
from tests.operating import Operator
from tests.system.processes import EXAMPLE, System
from tests.system.watching import PLAYER

REFERENCE = EXAMPLE["reference"]
SUCCESS = {"error": 0, "description": "Success", "reference": REFERENCE}


def test_the_provider_passes_and_another_address_does_not(
    system: System, operator: Operator, provider: httpx.Client, other_client: httpx.Client
) -> None:
    operator.deposit("100.00", **PLAYER)
    operator.bet(REFERENCE, "10.00", **PLAYER)
    assert other_client.post(system.path, json=EXAMPLE).status_code == 403
    assert operator.balance(**PLAYER).cash == Decimal(90)
    assert provider.post(system.path, json=EXAMPLE).json() == SUCCESS
    assert operator.balance(**PLAYER).cash == Decimal(100)


def test_what_a_sender_says_of_its_address_changes_nothing(
    system: System, operator: Operator, provider: httpx.Client, other_client: httpx.Client
) -> None:
    claims = {"x-forwarded-for": PROVIDER, "forwarded": f"for={PROVIDER}", "x-real-ip": PROVIDER}
    assert other_client.post(system.path, json=EXAMPLE, headers=claims).status_code == 403
    claims = {"x-forwarded-for": "198.51.100.1, 127.0.0.1"}
    assert provider.post(system.path, json=EXAMPLE, headers=claims).json() == SUCCESS
    with operator.engine.connect() as connection:
        told = connection.execute(text("SELECT received_from FROM unbet.requests")).scalars().all()
    assert told == [PROVIDER]


def test_both_dialects_paths_lead_to_a_receiver(operator: Operator, provider: httpx.Client) -> None:
    operator.deposit("100.00", **PLAYER)
    operator.bet(REFERENCE, "10.00", **PLAYER)
    answer = provider.post(f"/{V1_SECRET}/v1/Cancel", json=EXAMPLE | {"roundId": "1"}).json()
    assert (answer["error"], Decimal(answer["cash"])) == (0, Decimal(100))


def post(provider: httpx.Client, path: str, body: str = "") -> httpx.Response:
    """To `path` as it stands: httpx itself would make another of slashes and dots."""
    return provider.post("/", content=body, extensions={"target": path.encode()})


def test_nothing_else_of_a_receiver_is_reached(
    system: System, proxy: Proxy, provider: httpx.Client
) -> None:
    secret = system.environment["UNBET_URL_SECRET"]
    paths = [
        *("/", "/metrics", "/readyz", "/healthz", "/openapi.json", "/V4/Cancel"),
        *(
            "/short/V4/Cancel",
            f"/{secret}/../metrics",
            f"/api{system.path}",
            f"/{secret};/V4/Cancel",
        ),
        *(f"{system.path}/../../../metrics", "//metrics", "/%6detrics", f"/metrics?{system.path}"),
        *(f"/{secret}%2f..%2fmetrics", f"/{secret}/%2e%2e/metrics", f"/./{secret}/..//metrics"),
    ]
    statuses = {path: post(provider, path).status_code for path in paths}
    assert statuses == dict.fromkeys(paths, 404)
    proxy.stop()
    assert proxy.said().count(" 404 in ") == len(paths)
    assert proxy.said().count("receiver -: -") == len(paths)


def test_what_the_receiver_refuses_of_a_right_secret_is_in_its_log(
    system: System, provider: httpx.Client
) -> None:
    secret = system.environment["UNBET_URL_SECRET"]
    body = json.dumps(EXAMPLE)
    missed = [f"/{secret}", f"/{secret}/v4/cancel", f"{system.path}/", f"/{system.path}"]
    for path in missed:
        answer = post(provider, path, body)
        assert (answer.status_code, answer.content) == (404, b""), path
    assert provider.put(system.path, content=body).status_code == 405
    assert provider.post(system.path, content=b"x" * 60_000).status_code == 413
    refused = [*refusals(system, "receiver"), *refusals(system, "receiver-2")]
    reasons = Counter(line["reason"] for line in refused)
    assert reasons == {"path": len(missed), "method": 1, "unreadable": 1}
    assert {line["received_from"] for line in refused} == {PROVIDER}
    assert [line["body"] for line in refused].count(body) == len(missed) + 1


def refusals(system: System, receiver: str) -> list[dict[str, str]]:
    lines = [line for line in system.said(receiver).splitlines() if line.startswith("{")]
    return [line for line in map(json.loads, lines) if line["event"] == "refused"]


def test_no_path_that_passes_leads_to_an_operators_page(
    system: System, proxy: Proxy, provider: httpx.Client
) -> None:
    secret = system.environment["UNBET_URL_SECRET"]
    for path in (
        f"/metrics/../{secret}",
        f"/{secret}/metrics",
        f"/metrics/%2e%2e/{secret}/metrics",
    ):
        answer = post(provider, path)
        assert (answer.status_code, answer.content) == (404, b""), path
    proxy.stop()
    assert "receiver -" not in proxy.said()


def test_a_body_is_passed_on_beyond_the_receivers_own_limit(
    system: System, provider: httpx.Client
) -> None:
    fitting = provider.post(system.path, content=b"x" * 16 * 1024)
    assert (fitting.status_code, fitting.json()["error"]) == (200, 7)
    assert provider.post(system.path, content=b"x" * 65 * 1024).status_code == 413


def test_nothing_that_nginx_writes_shows_a_secret(
    system: System, proxy: Proxy, provider: httpx.Client, other_client: httpx.Client
) -> None:
    secret = system.environment["UNBET_URL_SECRET"]
    statuses = [
        provider.post(system.path, json=EXAMPLE).status_code,
        other_client.post(system.path, json=EXAMPLE).status_code,
        provider.post(system.path, content=b"x" * 17 * 1024).status_code,
        provider.post(f"{system.path}/", json=EXAMPLE).status_code,
        provider.post(f"/{V1_SECRET}/v1/Cancel?{secret}", json=EXAMPLE).status_code,
        provider.post(system.path, headers={"x": "y" * 40_000}).status_code,
    ]
    for name in ("receiver", "receiver-2"):
        system.processes[name].kill()
        system.processes[name].wait()
    statuses.append(provider.post(system.path, json=EXAMPLE).status_code)
    assert statuses == [200, 403, 413, 404, 200, 400, 502]
    proxy.stop()
    assert "POST /.../V4/Cancel 200 in" in proxy.said()
    assert "POST /.../V4/Cancel 502 in" in proxy.said()
    for hidden in (secret, V1_SECRET, EXAMPLE["sessionId"]):
        assert hidden.encode() not in proxy.written()


def test_connections_are_kept_on_both_sides(
    system: System, proxy: Proxy, provider: httpx.Client
) -> None:
    ours, theirs = set(), set()
    for number in range(20):
        response = provider.post(system.path, json=EXAMPLE | {"reference": f"r{number}"})
        ours.add(response.extensions["network_stream"].get_extra_info("client_addr"))
        theirs |= proxy.connections_to_receivers()
    assert (len(ours), len(theirs)) == (1, 2)


def test_with_one_receiver_away_the_other_answers(system: System, provider: httpx.Client) -> None:
    system.processes["receiver"].kill()
    system.processes["receiver"].wait()
    for number in range(10):
        fields = {"reference": f"r{number}"}
        answer = provider.post(system.path, json=EXAMPLE | fields).json()
        assert answer == SUCCESS | fields


def test_a_cancel_whose_receiver_dies_before_the_answer_is_answered_by_the_other(
    system: System, request: pytest.FixtureRequest, operator: Operator
) -> None:
    mark = system.logs / "crashed"
    system.environment |= {
        "UNBET_TEST": "1",
        "UNBET_TEST_CRASH_AT": "receiver_answer",
        "UNBET_TEST_CRASH_ONCE": str(mark),
    }
    operator.deposit("100.00", **PLAYER)
    operator.bet(REFERENCE, "10.00", **PLAYER)
    provider: httpx.Client = request.getfixturevalue("provider")
    assert provider.post(system.path, json=EXAMPLE).json() == SUCCESS
    assert mark.exists()
    assert operator.balance(**PLAYER).cash == Decimal(100)
    assert json.loads(system.unbet("audit", "--json").stdout)["ok"] is True
