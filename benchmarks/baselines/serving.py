"""The receiver's endpoint in front of another desk, under the receiver's web server.

This is the one file of the baselines that knows how the receiver is put together.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol, cast
from uuid import UUID

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from api.app import cancels_first
from api.notes import Notes
from api.receive import Receiver
from contract import logs
from contract.collecting import collect_rarely
from contract.message import Cancel, Decision
from contract.settings import settings
from ledger import connect_to
from ledger.answers import AnswerNote


class Desk(Protocol):
    """Where a cancel is decided: what `api.dispatch.Dispatcher` is to the receiver."""

    async def decide(self, cancel: Cancel, within_s: float) -> tuple[Decision | None, UUID]:
        """As `Dispatcher.decide`."""
        ...


class _NoNotes:
    """For a desk that leaves the ledger alone."""

    def add(self, note: AnswerNote) -> None:
        pass

    async def keep_writing(self) -> None:
        pass

    async def flush(self) -> None:
        pass


def application(
    desk: Desk, close: Callable[[], None] = lambda: None, *, noted: bool = True
) -> ASGIApp:
    """The receiver's application with `desk`; `close` is called at its end. With `noted` the
    answers are noted in the ledger, as the receiver does it."""
    chosen = settings()
    logs.configure(chosen.log_format)
    engine = connect_to(chosen.database_url, name="notes", pool_size=1)
    notes = cast(Notes, Notes(engine) if noted else _NoNotes())
    # Nothing is parked here: these desks decide, or fail.
    receiver = Receiver(chosen, cast(Any, desk), cast(Any, None), notes)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        collect_rarely()
        writing = asyncio.create_task(notes.keep_writing())
        yield
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing
        await notes.flush()
        close()
        engine.dispose()

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    return cancels_first(
        receiver, Starlette(routes=[Route("/healthz", healthz)], lifespan=lifespan)
    )


def serve(module: str, processes: int) -> None:
    """Serve `module`'s `app()`, with the receiver's own settings of the web server."""
    chosen = settings()
    uvicorn.run(
        f"{module}:app",
        factory=True,
        workers=processes,
        host=chosen.host,
        port=chosen.port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=int(chosen.answer_deadline_s) + 1,
    )
