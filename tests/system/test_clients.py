"""Clients that half-close, leave, or never read: what they asked for is decided, and they are let
go, without a traceback."""

import json
import signal
import socket
import struct
import time
from contextlib import ExitStack

import pytest

from tests.operating import Operator
from tests.system.processes import EXAMPLE, System
from tests.system.watching import metric, placed, wait_until_cancelled
from tests.waiting import until

CLIENTS = 20
RESET = struct.pack("ii", 1, 0)
"""Of SO_LINGER: what is sent at the end is a reset."""

LONG_ANSWERS = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 12


@pytest.fixture
def system(shared_system: System) -> System:
    return shared_system


@pytest.fixture
def operator(shared_operator: Operator) -> Operator:
    return shared_operator


def connect(system: System, *, never_reads: bool = False) -> socket.socket:
    client = socket.socket()
    if never_reads:
        # The systems of both sides then have little room for what is not read.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
    client.settimeout(15)
    client.connect(("127.0.0.1", int(system.environment["UNBET_PORT"])))
    return client


def cancel_of(system: System, reference: str) -> bytes:
    body = json.dumps(EXAMPLE | {"reference": reference, "uuid": reference}).encode()
    head = f"POST {system.path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def all_of(client: socket.socket) -> bytes:
    received = b""
    while piece := client.recv(65536):
        received += piece
    return received


def undelivered(system: System) -> float:
    return sum(
        metric(system, f'unbet_undelivered_total{{reason="{one}"}}') for one in ("gone", "cut")
    )


def test_a_client_that_half_closes_after_its_requests_gets_their_answers(system: System) -> None:
    before = undelivered(system)
    with connect(system) as client:
        client.sendall(cancel_of(system, "r1") + cancel_of(system, "r2"))
        client.shutdown(socket.SHUT_WR)
        answers = all_of(client)
    assert answers.count(b'{"error":0,') == 2
    assert answers.index(b'"r1"') < answers.index(b'"r2"')
    with connect(system) as client:
        client.sendall(cancel_of(system, "r3")[:-9])
        client.shutdown(socket.SHUT_WR)
        assert all_of(client).startswith(b"HTTP/1.1 400 ")
    assert undelivered(system) == before


def test_clients_that_leave_before_their_answer_have_their_cancels_decided(
    system: System, operator: Operator
) -> None:
    operator.deposit("100.00", user_id=EXAMPLE["userId"], currency=EXAMPLE["currency"])
    references = placed(operator, 3 * CLIENTS)
    before, said_before = undelivered(system), len(system.said("receiver"))
    for first in range(0, len(references), 3):
        with connect(system) as client:
            client.sendall(b"".join(cancel_of(system, r) for r in references[first : first + 3]))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            # What has not come whole is nobody's: only from here on may it leave.
            until(lambda: unread_by_receiver(system, client) == 0, "nobody reads it")
    wait_until_cancelled(operator, *references)
    until(lambda: undelivered(system) >= before + CLIENTS, "the answers were not counted")
    said = system.said("receiver")[said_before:]
    assert "answers not delivered" in said
    assert "Traceback" not in said


def unread_by_receiver(system: System, client: socket.socket) -> int:
    """Bytes that the receiver's end of the connection holds for it."""
    ours, port = client.getsockname()[1], int(system.environment["UNBET_PORT"])
    with open("/proc/net/tcp") as connections:
        for line in connections:
            fields = line.split()
            if fields[1].endswith(f":{port:04X}") and fields[2].endswith(f":{ours:04X}"):
                return int(fields[4].split(":")[1], 16)
    return 0


def test_clients_that_pipeline_and_never_read_are_cut_and_their_cancels_decided(
    system: System, operator: Operator
) -> None:
    operator.deposit("100.00", user_id=EXAMPLE["userId"], currency=EXAMPLE["currency"])
    references = placed(operator, CLIENTS)
    unread, cut = 'unbet_cut_total{reason="unread"}', 'unbet_undelivered_total{reason="cut"}'
    unread_before, cut_before = metric(system, unread, absent=0), metric(system, cut)
    said_before = len(system.said("receiver"))
    with ExitStack() as opened:
        for reference in references:
            client = opened.enter_context(connect(system, never_reads=True))
            client.sendall(LONG_ANSWERS + cancel_of(system, reference))
        until(
            lambda: metric(system, unread, absent=0) == unread_before + CLIENTS,
            "a client that does not read was not cut",
        )
    wait_until_cancelled(operator, *references)
    assert metric(system, cut) >= cut_before + 2 * CLIENTS
    said = system.said("receiver")[said_before:]
    assert said.count("answers not delivered") == CLIENTS
    assert "Traceback" not in said


def test_a_receiver_stops_in_time_whatever_its_clients_do(idle_system: System) -> None:
    # Without a worker: who waits for an answer gets 100 at the deadline.
    idle_system.start_receiver()
    request = cancel_of(idle_system, "r1")
    with ExitStack() as opened:

        def client(sent: bytes, *, never_reads: bool = False) -> socket.socket:
            one = opened.enter_context(connect(idle_system, never_reads=never_reads))
            one.sendall(sent)
            return one

        for sent in (b"", request[:30], request[:-9], b"GET /healthz HTTP/1.1\r\n\r\n"):
            client(sent)
        half_closed = client(request)
        half_closed.shutdown(socket.SHUT_WR)
        client(LONG_ANSWERS + request, never_reads=True)
        until(lambda: metric(idle_system, "unbet_waiting") == 1, "the cancel does not wait")
        receiver = idle_system.processes["receiver"]
        started = time.monotonic()
        receiver.send_signal(signal.SIGTERM)
        assert receiver.wait(timeout=15) == -signal.SIGTERM
        assert time.monotonic() - started < 12  # 8 s for an answer, 9 s for all, and its own end
        assert b'"error":100' in all_of(half_closed)
    assert "Traceback" not in idle_system.said("receiver")
