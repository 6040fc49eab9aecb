"""The receiver's ASGI application."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from api.deadline import ASK_SHARE, CALL_SHARE
from api.dispatch import Dispatcher
from api.health import Readiness
from api.ledger_calls import THREADS, LedgerCalls
from api.membership import Membership
from api.notes import Notes
from api.pages import pages
from api.parking import Parking
from api.publish import Publisher
from api.receive import Receiver
from api.replies import Replies
from api.rescue import Rescue
from api.scrape import State
from unbet.database.deployment import Identity, guard
from unbet.database.engine import connect_to
from unbet.dialects import DIALECTS
from unbet.runtime.settings import Settings
from unbet.spool import Spool

log = structlog.get_logger("receiver")

_PATHS: Final = tuple(dialect.path for dialect in DIALECTS.values())

BEGIN_ANEW_S: Final = 1.0


def create_app(settings: Settings, identity: Identity | None = None) -> ASGIApp:
    """The application for `settings`; it opens its connections when the server starts it.
    `identity` is what the start has learned already."""
    identity = identity or Identity(settings.deployment)
    engine = connect_to(settings.database_url, name="receiver", pool_size=THREADS + 3)
    guard(engine, identity)
    ledger = LedgerCalls(engine, limit_s=settings.answer_deadline_s * CALL_SHARE)
    keys = settings.keys()
    spool = Spool(settings.spool_dir, deployment=lambda: identity.id)
    parking = Parking(ledger, spool)
    publisher = Publisher(settings.groups_in_flight, keys, identity)
    notes = Notes(engine)
    # The replies know the dispatcher and the dispatcher their list's name: the list comes first.
    replies = Replies(settings.redis_url, keys, identity)
    dispatcher = Dispatcher(
        publisher.publish,
        replies.list_name,
        group_size=settings.group_size,
        groups_in_flight=settings.groups_in_flight,
        most_waiting=settings.max_waiting,
        resend_after_s=settings.resend_after_s,
    )
    membership = Membership(settings.broker_url, identity, ledger)
    rescue = Rescue(dispatcher, ledger, parking, settings.answer_deadline_s * ASK_SHARE)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(keep(work))
            for work in (
                lambda: replies.listen(dispatcher.resolve),
                rescue.watch,
                rescue.keep_asking,
                parking.keep_emptying,
                notes.keep_writing,
                membership.keep_noting,
            )
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

    receiver = Receiver(settings, dispatcher, parking, notes)
    readiness = Readiness(settings, engine, identity)
    state = State(settings, engine, spool, identity)
    return cancels_first(receiver, pages(readiness, state, membership, lifespan))


async def keep(work: Callable[[], Awaitable[None]]) -> None:
    """Have `work` done for ever: the outermost shell of what goes on in the background. A bug met
    by one cancel must not leave the others without it."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("work in the background failed and begins anew")
            await asyncio.sleep(BEGIN_ANEW_S)


def cancels_first(receiver: Receiver, everything_else: ASGIApp) -> ASGIApp:
    """One application of both. Cancels, nearly all that comes, pass by the router."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        is_for_receiver = scope["type"] == "http" and (
            scope["path"].endswith(_PATHS) or receiver.takes(scope)
        )
        await (receiver if is_for_receiver else everything_else)(scope, receive, send)

    return application
