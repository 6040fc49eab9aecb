"""What the web server is told, and how it takes connections."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import uvicorn

from api.protocol import Bounded
from api.server import options
from tests.waiting import until
from unbet.runtime.settings import Settings

CONNECTIONS = 200

BUSY_SERVER = """
import asyncio, sys, time
from unbet.runtime.http import respond
from api.server import serve
from unbet.runtime.settings import Settings

rounds = 0

def work():
    global rounds
    rounds += 1
    time.sleep(0.005)
    asyncio.get_running_loop().call_soon(work)

async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        work()
        await send({"type": "lifespan.startup.complete"})
        await receive()
    else:
        await respond(send, 200, b"%d" % rounds)

urls = {"database_url": "postgresql://localhost/unbet", "broker_url": "redis://localhost"}
serve(application, Settings(port=int(sys.argv[1]), **urls))
"""
"""Something to do in each round of its loop, and in which round each answer was sent."""

NGINX = Path(__file__).parents[2] / "docs" / "nginx.conf"


def test_an_idle_connection_is_kept_a_little_longer_than_the_proxy_keeps_it() -> None:
    settings = Settings(database_url="postgresql://localhost/unbet", broker_url="redis://localhost")
    config = uvicorn.Config("api:none", **options(settings))
    upstream = NGINX.read_text().partition("upstream")[2].partition("}")[0]
    (proxys,) = re.findall(r"keepalive_timeout (\d+)s;", upstream)
    assert int(proxys) < config.timeout_keep_alive <= 75
    assert config.http is Bounded
    assert (config.access_log, config.proxy_headers) == (False, False)


@pytest.fixture
def busy_server() -> Iterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = free.getsockname()[:2]
    process = subprocess.Popen([sys.executable, "-c", BUSY_SERVER, str(address[1])])
    try:
        until(lambda: not refuses(address), "it does not listen")
        yield address
    finally:
        process.kill()
        process.wait()


def refuses(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address).close()
    except ConnectionRefusedError:
        return True
    return False


def test_new_connections_do_not_wait_for_a_round_of_the_loop_each(
    busy_server: tuple[str, int],
) -> None:
    with ExitStack() as opened:
        clients = [
            opened.enter_context(socket.create_connection(busy_server)) for _ in range(CONNECTIONS)
        ]
        for client in clients:
            client.sendall(b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n")
        answers = [client.makefile("rb").read() for client in clients]
    rounds = [int(answer.rpartition(b"\r\n")[2]) for answer in answers]
    assert max(rounds) - min(rounds) < CONNECTIONS / 4
