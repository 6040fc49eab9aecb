"""Connections that misbehave are cut; the provider's are not."""

import json
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psutil
import pytest

from tests.system.processes import EXAMPLE, System
from tests.system.watching import metric
from tests.waiting import until

OTHER_FILES = 200
"""What a receiver keeps of the open files that the system allows it; the others are connections."""

LIMIT_S = 14.0
"""More than a head may take."""


@pytest.fixture
def system(shared_system: System) -> System:
    return shared_system


def connect(system: System) -> socket.socket:
    address = "127.0.0.1", int(system.environment["UNBET_PORT"])
    return socket.create_connection(address, timeout=LIMIT_S)


def is_cut(connection: socket.socket) -> bool:
    """Whether the other side has ended it, now or within the limit."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


def drip(connections: list[tuple[socket.socket, bytes]], seconds: float) -> None:
    """A little on each, again and again."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for connection, piece in connections:
            with suppress(ConnectionError):
                connection.send(piece)
        time.sleep(0.5)


def test_who_holds_a_connection_without_a_request_loses_it(system: System) -> None:
    head = f"POST {system.path} HTTP/1.1\r\nHost: x\r\n".encode()
    silent, slow, empty_lines, refused_body = (connect(system) for _ in range(4))
    slow.send(head)
    refused_body.send(head + b"Content-Length: 100000\r\n\r\n" + b"x" * 17_000)
    drip([(slow, b"A: b\r\n"), (empty_lines, b"\r\n"), (refused_body, b"x")], seconds=11)
    for name, connection in {
        "silent": silent,
        "slow": slow,
        "empty lines": empty_lines,
        "the rest of a refused body": refused_body,
    }.items():
        connection.settimeout(3)
        assert is_cut(connection), name
        connection.close()
    assert system.cancel()["error"] == 0


def test_a_head_is_bounded_whole_or_in_pieces(system: System) -> None:
    for pieces in (
        [b"A: " + b"x" * 20_000 + b"\r\n\r\n"],
        [b"A: " + b"x" * 9_000] + [b"x" * 900] * 10,
    ):
        connection = connect(system)
        connection.send(f"POST {system.path} HTTP/1.1\r\nHost: x\r\n".encode())
        with suppress(ConnectionError):
            for piece in pieces:
                connection.send(piece)
                time.sleep(0.02)
        connection.settimeout(5)
        assert is_cut(connection)
        connection.close()
    assert system.cancel()["error"] == 0


def test_a_slow_body_is_refused_and_a_provider_that_waits_between_calls_is_not(
    system: System,
) -> None:
    body = b"%d" % len(EXAMPLE)
    slow = connect(system)
    slow.send(
        f"POST {system.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n".encode() + body
    )
    assert slow.recv(65536).startswith(b"HTTP/1.1 408")
    slow.close()
    assert system.cancel()["error"] == 0
    time.sleep(1)
    assert system.cancel()["error"] == 0


def test_connections_beyond_the_bound_are_closed_at_once_and_the_others_are_served(
    idle_system: System,
) -> None:
    idle_system.start_worker()
    # As many files as the system allows a process: what the receiver needs itself, and ten more.
    files = OTHER_FILES + 10
    receiver = f"ulimit -n {files}; exec {sys.executable} -m api"
    idle_system.start("receiver", "sh", "-c", receiver)
    idle_system.wait("the receiver", idle_system.ready)
    # The test's own is one of the ten.
    held = [connect(idle_system) for _ in range(9)]
    beyond = [connect(idle_system) for _ in range(5)]
    started = time.monotonic()
    assert all(is_cut(connection) for connection in beyond)
    assert time.monotonic() - started < 5
    assert idle_system.cancel()["error"] == 0
    assert metric(idle_system, 'unbet_cut_total{reason="connections"}') == 5
    body = json.dumps(EXAMPLE).encode()
    head = f"POST {idle_system.path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    for connection in held:
        connection.send(head.encode() + body)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    # A place that becomes free is one again.
    held.pop().close()
    until(lambda: is_served(idle_system, head.encode() + body), "no place became free")
    for connection in [*held, *beyond]:
        connection.close()


def is_served(system: System, request: bytes) -> bool:
    with connect(system) as connection, suppress(ConnectionError):
        connection.send(request)
        return connection.recv(65536).startswith(b"HTTP/1.1 200")
    return False


CHUNKED = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("reason", "flood"),
    [
        ("pipeline", b"GET / HTTP/1.1\r\n\r\n" * 14_000),
        ("wrapping", CHUNKED + b"0\r\n" + b"a: b\r\n" * 500_000),
    ],
    ids=["pipelined requests", "trailers"],
)
def test_an_unknown_clients_flood_takes_no_memory(
    idle_system: System, reason: str, flood: bytes
) -> None:
    idle_system.start_receiver()
    receiver = psutil.Process(idle_system.processes["receiver"].pid)
    memory_bytes = [receiver.memory_info().rss]
    clients = [connect(idle_system) for _ in range(40)]

    def send(one: socket.socket) -> None:
        with suppress(OSError):
            one.sendall(flood)

    def are_cut() -> bool:
        memory_bytes.append(receiver.memory_info().rss)
        return metric(idle_system, f'unbet_cut_total{{reason="{reason}"}}', absent=0) == len(
            clients
        )

    with ThreadPoolExecutor(len(clients)) as pool:
        for one in clients:
            pool.submit(send, one)
        # What is sent may still lie in the kernel; what counts is that it was read.
        until(are_cut, "a flood was not cut")
    assert max(memory_bytes) < memory_bytes[0] + 100_000_000
    assert idle_system.http.get("/healthz").status_code == 200
    for one in clients:
        one.close()


@pytest.mark.parametrize("pieces", [1, 40])
def test_a_cancel_that_offers_another_protocol_is_decided(system: System, pieces: int) -> None:
    offer = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n"
    body = json.dumps(EXAMPLE)
    head = f"POST {system.path} HTTP/1.1\r\nHost: x\r\n{offer}Content-Length: {len(body)}\r\n\r\n"
    request = (head + body).encode()
    with connect(system) as sender:
        sender.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(2):  # the connection goes on
            step = -(-len(request) // pieces)
            for start in range(0, len(request), step):
                sender.sendall(request[start : start + step])
            answer = ""
            while not answer.endswith("}"):
                more = sender.recv(65536).decode()
                assert more, answer
                answer += more
            assert '"error":0' in answer
