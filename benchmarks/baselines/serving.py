"""The receiver's endpoint in front of another dispatcher, under the receiver's web server.

This is the one file of the baselines that knows how the receiver is put together.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from api import server
from api.notes import Notes
from api.parking import UnpersistedError
from api.receive import Dispatcher, Receiver
from unbet import connect_to
from unbet.core.message import Cancel
from unbet.journal.answers import AnswerNote
from unbet.runtime import logs
from unbet.runtime.gc_tuning import tune_gc
from unbet.runtime.settings import ReceiverSettings, read


class _Nowhere:
    """Nothing is parked here: the baselines decide or fail."""

    async def park(self, _cancels: Sequence[Cancel], _reason: str) -> None:
        raise UnpersistedError


class _NoNotes:
    """For a dispatcher that leaves the ledger alone."""

    def add(self, note: AnswerNote) -> None:
        pass

    async def keep_writing(self) -> None:
        pass

    async def flush(self) -> None:
        pass


def application(
    dispatcher: Dispatcher, close: Callable[[], None] = lambda: None, *, noted: bool = True
) -> ASGIApp:
    """The receiver's application with `dispatcher`; `close` is called at its end. With `noted` the
    answers are noted in the ledger, as the receiver does it."""
    chosen = read(ReceiverSettings)
    logs.configure(chosen.log_format)
    engine = connect_to(chosen.database_url, name="notes", pool_size=1)
    notes = Notes(engine) if noted else _NoNotes()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        tune_gc()
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

    others = Starlette(routes=[Route("/healthz", healthz)], lifespan=lifespan)
    return Receiver(chosen, dispatcher, _Nowhere(), notes, others)


def serve(module: str, processes: int) -> None:
    """Serve `module`'s `app()`, with the receiver's own settings of the web server."""
    server.serve(f"{module}:app", read(ReceiverSettings), processes=processes)
