"""Redis behind TLS: receiver and worker speak it, and refuse a server that they cannot verify."""

import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme
from sqlalchemy import Engine

from tests.operating import Operator
from tests.system.processes import System
from tests.system.watching import PLAYER
from tests.tiers import long
from tests.waiting import until


class TlsPort:
    """A port that speaks TLS and hands on to a server that does not."""

    def __init__(self, authority: trustme.CA, port: int) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(self._context)
        self._behind = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open = ExitStack()
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()
        self._open.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                raw, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=[raw], daemon=True).start()

    def _serve(self, raw: socket.socket) -> None:
        with suppress(OSError):
            outer = self._open.enter_context(self._context.wrap_socket(raw, server_side=True))
            inner = self._open.enter_context(socket.create_connection(("127.0.0.1", self._behind)))
            threading.Thread(target=_pump, args=[inner, outer], daemon=True).start()
            _pump(outer, inner)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "authority.pem")
    return made


@pytest.fixture
def tls_system(idle_system: System, authority: trustme.CA) -> Iterator[System]:
    """A system that reaches its Redis by TLS only, but does not know the authority yet."""
    port = TlsPort(authority, urlsplit(idle_system.environment["UNBET_BROKER_URL"]).port or 0)
    for name in ("UNBET_BROKER_URL", "UNBET_REDIS_URL"):
        parts = urlsplit(idle_system.environment[name])
        assert parts.port
        netloc = parts.netloc.replace(f":{parts.port}", f":{port.port}").replace(
            parts.hostname or "", "127.0.0.1"
        )
        idle_system.environment[name] = f"rediss://{netloc}{parts.path}"
    yield idle_system
    idle_system.stop()
    port.close()


@pytest.mark.parametrize("told_by", ["the URL", long("the system")])
def test_a_cancel_travels_through_a_redis_behind_tls(
    tls_system: System, engine: Engine, tmp_path: Path, told_by: str
) -> None:
    authority = tmp_path / "authority.pem"
    if told_by == "the system":
        tls_system.environment["SSL_CERT_FILE"] = str(authority)
    else:
        for name in ("UNBET_BROKER_URL", "UNBET_REDIS_URL"):
            tls_system.environment[name] += f"?ssl_ca_certs={authority}"
    tls_system.start_both()
    operator = Operator(engine)
    operator.deposit("10.00", **PLAYER)
    operator.bet("r1", "4.00", **PLAYER)
    assert tls_system.cancel(reference="r1")["error"] == 0
    until(lambda: "decided" in tls_system.said("worker"), "not by way of the ledger alone")


def test_a_redis_that_cannot_be_verified_is_not_spoken_to(tls_system: System) -> None:
    tls_system.environment["UNBET_ANSWER_DEADLINE_S"] = "3"
    tls_system.start("receiver", sys.executable, "-m", "api")
    until(lambda: "Redis is away" in tls_system.said("receiver"), "it was spoken to")
    tls_system.wait("the receiver", tls_system.alive)
    assert tls_system.http.get("/readyz").json()["broker"] == "ConnectionError"
    assert tls_system.cancel()["error"] == 100
