"""The receiver's endpoint in front of another dispatcher, put together as the receiver does it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

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


class _NoNotes(Notes):
    """For a dispatcher that leaves the ledger alone."""

    def add(self, note: AnswerNote) -> None:
        pass


def application(dispatcher: Dispatcher, *, noted: bool = True) -> ASGIApp:
    """The receiver's application with `dispatcher`. With `noted` the answers are noted in the
    ledger, as the receiver does it."""
    chosen = read(ReceiverSettings)
    logs.configure(chosen.log_format)
    engine = connect_to(chosen.database_url, name="notes", pool_size=1)
    notes = (Notes if noted else _NoNotes)(engine)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        tune_gc()
        writing = asyncio.create_task(notes.keep_writing())
        yield
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing
        await notes.flush()

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    others = Starlette(routes=[Route("/healthz", healthz)], lifespan=lifespan)
    return Receiver(chosen, dispatcher, _Nowhere(), notes, others)
