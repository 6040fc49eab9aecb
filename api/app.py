"""The receiver's ASGI application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api.dialects import DIALECTS
from api.dispatch import Dispatcher
from api.doors import is_in, sender_of, was_forwarded
from api.health import Readiness
from api.ledger_calls import THREADS, LedgerCalls
from api.notes import Notes
from api.parking import Parking
from api.publish import Publisher
from api.receive import Receiver
from api.replies import Replies
from api.rescue import Rescue
from api.spool import Spool
from api.state import State
from contract import exposition
from contract.settings import Settings
from ledger import connect_to

_PATHS: Final = tuple(dialect.path for dialect in DIALECTS.values())

ASK_SHARE: Final = 0.75
"""Of the answer's deadline: when the ledger is asked itself; the rest is for finding a home."""

CALL_SHARE: Final = 0.075
"""Of the answer's deadline: the limit of one ledger call. Three in a row fit into what is left."""


def create_app(settings: Settings) -> ASGIApp:
    """The application for `settings`; it opens its connections when the server starts it."""
    engine = connect_to(settings.database_url, name="receiver", pool_size=THREADS + 3)
    ledger = LedgerCalls(engine, limit_s=settings.answer_deadline_s * CALL_SHARE)
    keys = settings.keys()
    spool = Spool(settings.spool_dir)
    parking = Parking(ledger, spool)
    publisher = Publisher(settings.groups_in_flight, keys)
    notes = Notes(engine)
    readiness = Readiness(settings, engine)
    state = State(settings, engine, spool)
    # The replies know the dispatcher and the dispatcher their list's name: the list comes first.
    replies = Replies(settings.redis_url, keys)
    dispatcher = Dispatcher(
        publisher.publish,
        replies.list_name,
        group_size=settings.group_size,
        groups_in_flight=settings.groups_in_flight,
        most_waiting=settings.max_waiting,
        resend_after_s=settings.resend_after_s,
    )
    rescue = Rescue(dispatcher, ledger, parking, settings.answer_deadline_s * ASK_SHARE)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(replies.listen(dispatcher.resolve)),
            asyncio.create_task(rescue.watch()),
            asyncio.create_task(parking.keep_emptying()),
            asyncio.create_task(notes.keep_writing()),
        ]
        yield
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await notes.flush()
        await replies.close()
        publisher.close()
        ledger.close()
        spool.close()
        engine.dispose()

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> Response:
        if not _may_ask(request, settings):
            return Response(status_code=404)
        states = await readiness.states()
        ready = all(state == "ok" for state in states.values())
        return JSONResponse({"ready": ready, **states}, status_code=200 if ready else 503)

    async def shown_metrics(request: Request) -> Response:
        if not _may_ask(request, settings):
            return Response(status_code=404)
        asked_for = await state.families()
        document = await asyncio.to_thread(exposition.exposition, asked_for)
        return Response(document, media_type=exposition.CONTENT_TYPE_LATEST)

    async def not_found(_request: Request, _error: Exception) -> Response:
        return Response(status_code=404)

    receiver = Receiver(settings, dispatcher, parking, notes)
    everything_else = Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", shown_metrics),
        ],
        exception_handlers={404: not_found},
        lifespan=lifespan,
    )

    return cancels_first(receiver, everything_else)


def cancels_first(receiver: ASGIApp, everything_else: ASGIApp) -> ASGIApp:
    """One application of both. Cancels, nearly all that comes, pass by the router."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        is_cancel = scope["type"] == "http" and scope["path"].endswith(_PATHS)
        await (receiver if is_cancel else everything_else)(scope, receive, send)

    return application


def _may_ask(request: Request, settings: Settings) -> bool:
    """Only operators' addresses see what the receiver depends on. A proxy that is not trusted hands
    on requests from anywhere, whatever its own address."""
    sender = sender_of(request.scope, settings.trusted_proxies)
    peer = request.client.host if request.client else sender
    if was_forwarded(request.scope) and not is_in(peer, settings.trusted_proxies):
        return False
    return is_in(sender, settings.ops_allowed_ips)
