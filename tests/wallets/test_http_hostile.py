"""A wallet service, or what stands before it, that keeps to no rule of HTTP: never a success that
is none, and no connection that is used on with what was left in it."""

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.making import cancel_of
from tests.wallets.contract import outcomes, verdicts_on
from tests.wallets.service import wallet_at
from unbet.core.outcomes import Outcome
from unbet.wallets.http.wallet import HttpWallet
from unbet.wallets.port import Decided, Undecided, Why

Respond = Callable[[list[dict[str, str]]], bytes]


def verdicts(items: list[dict[str, str]], outcome: str = "no_bet") -> bytes:
    told = [{"request_id": item["request_id"], "outcome": outcome} for item in items]
    return json.dumps(told).encode()


def response(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Server:
    """Sends what `respond` makes of a call, byte by byte as it is."""

    def __init__(self, listening: socket.socket) -> None:
        self.respond: Respond = lambda items: response(verdicts(items))
        self.calls = 0
        self.connections = 0
        self._listening = listening
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"

    def run(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            received = connection.makefile("rb")
            while line := received.readline():
                length = 0
                while (line := received.readline()) != b"\r\n":
                    name, _, value = line.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                self.calls += 1
                connection.sendall(self.respond(json.loads(received.read(length))))


@contextmanager
def serving() -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server(listening)
        threading.Thread(target=server.run, daemon=True).start()
        yield server
        listening.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def wallet(server: Server) -> Iterator[HttpWallet]:
    with wallet_at(server.url, call_limit_s=3.0) as wallet:
        yield wallet


def test_an_answer_in_chunks_after_others_of_its_kind_is_read(
    server: Server, wallet: HttpWallet
) -> None:
    def respond(items: list[dict[str, str]]) -> bytes:
        body = verdicts(items)
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        return b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + head + chunks

    server.respond = respond
    for number in range(3):
        assert outcomes(wallet, cancel_of(f"r{number}")) == [Outcome.NO_BET]


@pytest.mark.parametrize(
    "respond",
    [
        lambda _: response(b"", "307 Temporary Redirect", "Location: /cancels"),
        lambda items: response(verdicts(items), "201 Created"),
        lambda items: response(verdicts(items), "206 Partial Content"),
        lambda items: response(gzip.compress(verdicts(items)), "200 OK", "Content-Encoding: gzip"),
        lambda _: response(gzip.compress(b"[" + b" " * (1 << 26)), "200 OK"),
        lambda items: response(b"\xff\xfe" + verdicts(items).decode().encode("utf-16-le")),
        lambda _: response(b"[" * 100_000),
        lambda items: b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n" + verdicts(items),
        lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n[] ",
        lambda _: b"HTTP/1.1 200 OK\r\n" + b"X-Header: y\r\n" * 20_000 + b"\r\n",
        lambda _: b"HTTP/1.1 100 Continue\r\n\r\n" * 1000,
        lambda _: b"SSH-2.0-OpenSSH_9.2\r\n",
    ],
    ids=[
        "redirect", "201", "206", "gzip", "bomb", "utf-16", "deep", "negative length",
        "two lengths", "headers", "only 100", "another protocol",
    ],
)  # fmt: skip
def test_what_is_no_answer_by_the_contract_decides_nothing(
    server: Server, wallet: HttpWallet, respond: Respond
) -> None:
    server.respond = respond
    (told,) = verdicts_on(wallet, cancel_of("r1"))
    assert isinstance(told, Undecided)
    assert told.why is Why.UNANSWERED, told


@pytest.mark.parametrize(
    "verdict",
    [
        '{"request_id": "ID", "outcome": "settled", "outcome": "reversed"}',
        '{"request_id": "ID", "outcome": "reversed", "\\u006futcome": "settled"}',
        '{"request_id": "other", "request_id": "ID", "outcome": "reversed"}',
    ],
)
def test_a_verdict_that_says_something_twice_decides_nothing(
    server: Server, wallet: HttpWallet, verdict: str
) -> None:
    server.respond = lambda items: response(
        f"[{verdict.replace('ID', items[0]['request_id'])}]".encode()
    )
    (told,) = verdicts_on(wallet, cancel_of("r1"))
    assert isinstance(told, Undecided)
    assert told.why is Why.AMBIGUOUS, told


def test_an_answer_too_many_does_not_become_the_answer_to_the_next_call(
    server: Server, wallet: HttpWallet
) -> None:
    server.respond = lambda items: response(verdicts(items)) * 2
    for number in range(5):
        (told,) = verdicts_on(wallet, cancel_of(f"r{number}"))
        assert isinstance(told, Decided), told


def test_retry_after_a_year_is_half_a_minute_and_what_is_no_number_a_second(
    server: Server, wallet: HttpWallet
) -> None:
    for value in ("-1", "\u0661", "1e9", "Wed, 21 Oct 2099 07:28:00 GMT"):
        header = f"Retry-After: {value}"
        server.respond = lambda _items, header=header: response(b"{}", "503 x", header)  # type: ignore[misc]
        (told,) = verdicts_on(wallet, cancel_of("r1"))
        assert isinstance(told, Undecided)
        assert told.why is Why.AWAY
        calls, began = server.calls, time.monotonic()
        while server.calls == calls:
            verdicts_on(wallet, cancel_of("r1"))
            assert time.monotonic() - began < 5
