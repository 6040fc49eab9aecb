"""What a connection may cost, where only a look inside can tell."""

import asyncio
import socket

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from api.body import LONGEST_BODY
from api.protocol import Bounded

FOR_EVER_S = 20


async def test_of_a_body_that_is_too_long_no_more_is_kept_than_shows_it() -> None:
    arrived, answer = asyncio.Event(), asyncio.Event()

    async def application(_scope: Scope, _receive: Receive, _send: Send) -> None:
        arrived.set()
        await answer.wait()  # which keeps what has come meanwhile

    config = uvicorn.Config(application, http=Bounded)
    config.load()
    connection = Bounded(config=config, server_state=ServerState(), app_state={})
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.create_connection(lambda: connection, sock=ours)
    with theirs:
        body = b"x" * 10 * LONGEST_BODY
        head = b"POST /nothing HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n" % len(body)
        sending = asyncio.create_task(loop.sock_sendall(theirs, head + body))
        await asyncio.wait_for(arrived.wait(), FOR_EVER_S)
        await asyncio.wait([sending], timeout=0.5)
        assert LONGEST_BODY < len(connection.cycle.body) <= 2 * LONGEST_BODY + 1
        answer.set()
        sending.cancel()
