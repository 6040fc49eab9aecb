"""What is refused of a caller with the right secret: told whole, and decided once it is mended."""

import json
import socket
from decimal import Decimal
from pathlib import Path

import pytest

from tests.operating import Operator
from tests.system.processes import EXAMPLE, System
from tests.system.refusing import json_logs, logged
from tests.system.watching import PLAYER, metric, wait_until_cancelled
from tests.waiting import until


@pytest.mark.long
def test_a_body_that_was_refused_is_decided_once_it_is_mended(
    system: System, operator: Operator, tmp_path: Path
) -> None:
    operator.deposit("100.00", **PLAYER)
    operator.bet("r1", "10.00", **PLAYER)
    line = {
        "event": "refused",
        "reason": "form",
        "provider": "LuckyMonaco",
        "dialect": "lucky-monaco-v4",
        "received_at": "2026-11-24T03:00:00+00:00",
        "received_from": "192.0.2.1",
        "body_base64": "/w==",
    }
    log, body = tmp_path / "refused.log", tmp_path / "body"
    log.write_text(f"no line of JSON\n{json.dumps(line)}\n")
    again = system.unbet("replay", str(log))
    assert (again.returncode, "not UTF-8" in again.stdout) == (1, True)
    body.write_text(json.dumps(EXAMPLE | {"reference": "r1"}))
    mended = system.unbet("replay", str(log), "--body", str(body))
    assert (mended.returncode, "1 parked for the sweep" in mended.stdout) == (0, True), mended
    system.start_sweep()
    wait_until_cancelled(operator, "r1")
    assert operator.balance(**PLAYER).cash == Decimal(100)
    log.write_text(json.dumps(line | {"dialect": "esperanto"}))
    assert "line 1: dialect" in system.unbet("replay", str(log)).stderr


def test_a_cancel_that_misses_the_endpoints_path_is_logged_whole(idle_system: System) -> None:
    idle_system.environment["UNBET_LOG_FORMAT"] = "json"
    idle_system.start_receiver()
    secret = idle_system.environment["UNBET_URL_SECRET"]
    paths = ("/{}//V4/Cancel", "/{}/V4/Cancel/", "/{}/v4/cancel", "/{}/v1/Cancel", "/{}")
    for number, path in enumerate(paths, 1):
        answer = idle_system.http.post(path.format(secret), json=EXAMPLE)
        assert (answer.status_code, answer.content) == (404, b"")
        refused = logged(idle_system, "refused")
        assert len(refused) == number
        assert json.loads(refused[-1]["body"]) == EXAMPLE
    assert secret not in idle_system.said("receiver")


def test_another_method_is_refused_but_what_it_brought_can_be_replayed(
    idle_system: System, operator: Operator, tmp_path: Path
) -> None:
    json_logs(idle_system).start_receiver()
    operator.deposit("100.00", **PLAYER)
    operator.bet("r1", "10.00", **PLAYER)
    body = EXAMPLE | {"reference": "r1"}
    refused = idle_system.http.put(idle_system.path, json=body)
    assert (refused.status_code, refused.headers["allow"], refused.content) == (405, "POST", b"")
    (line,) = logged(idle_system, "refused")
    assert (line["reason"], line["received_from"]) == ("method", "127.0.0.1")
    assert json.loads(line["body"]) == body
    assert metric(idle_system, 'unbet_refused_total{reason="method"}') == 1
    idle_system.start_sweep()
    replayed = idle_system.unbet("replay", str(tmp_path / "receiver.log"), "--json")
    assert json.loads(replayed.stdout)["parked"] == 1
    wait_until_cancelled(operator, "r1")
    assert operator.balance(**PLAYER).cash == Decimal(100)


def test_a_body_that_cannot_be_read_is_logged_as_far_as_it_came(idle_system: System) -> None:
    json_logs(idle_system).start_receiver()
    long = idle_system.http.post(idle_system.path, content=b"x" * 20_000)
    assert (long.status_code, long.content) == (413, b"")
    head = f"POST {idle_system.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n"
    address = "127.0.0.1", int(idle_system.environment["UNBET_PORT"])
    with socket.create_connection(address, timeout=10) as sender:
        sender.sendall(head.encode() + b'{"reference": "r1"')
    until(lambda: len(logged(idle_system, "refused")) == 2, "a sender that went was not logged")
    refused = logged(idle_system, "refused")
    assert [line["reason"] for line in refused] == ["unreadable"] * 2
    assert [line["problem"] for line in refused] == ["HTTP 413", "HTTP 400"]
    assert [line["body"] for line in refused] == ["x" * 16 * 1024, '{"reference": "r1"']
    assert metric(idle_system, 'unbet_refused_total{reason="unreadable"}') == 2
