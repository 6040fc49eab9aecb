"""The receiver's ASGI application."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import structlog
from starlette.applications import Starlette
from starlette.types import ASGIApp

from api.deadline import ASK_SHARE, CALL_SHARE
from api.dispatch import Dispatcher, Replies
from api.fallback import Fallback
from api.health import Readiness, probes_of
from api.ledger_calls import THREADS, LedgerCalls
from api.membership import Membership
from api.notes import Notes
from api.pages import pages
from api.parking import Parking
from api.publish import Publisher
from api.receive import Receiver
from api.scrape import ScrapedState
from api.shadow import Shadow
from unbet.database.deployment import Identity, guard
from unbet.database.engine import connect_to
from unbet.runtime.settings import ReceiverSettings
from unbet.spool import Spool

log = structlog.get_logger("receiver")

RESTART_AFTER_S: Final = 1.0


def create_app(settings: ReceiverSettings, identity: Identity | None = None) -> ASGIApp:
    """The application for `settings`; it opens its connections when the server starts it.
    `identity` is what the start has learned already."""
    identity = identity or Identity(settings.deployment)
    engine = connect_to(settings.database_url, name="receiver", pool_size=THREADS + 3)
    guard(engine, identity)
    ledger = LedgerCalls(engine, limit_s=settings.answer_deadline_s * CALL_SHARE)
    keys = settings.keys()
    spool = Spool(settings.spool_dir, deployment=lambda: identity.id)
    parking = Parking(ledger, spool)
    notes = Notes(engine)
    replies = Replies(settings.redis_url, keys, identity)
    wallets = settings.named_wallets()
    threads = settings.places() * (1 + len(set(wallets.values())))
    publisher = Publisher(
        threads, keys, identity, replies.list_name, wallets, dry_run=settings.wallet_dry_run
    )
    dispatcher = Dispatcher(
        publisher.submit,
        wallets,
        group_size=settings.group_size,
        groups_in_flight=settings.places(),
        max_waiting=settings.max_waiting,
        resend_after_s=settings.resend_after_s,
    )
    endpoints = tuple(settings.by_secret().values())
    membership = Membership(
        settings.broker_url, identity, ledger, endpoints, dry_run=settings.wallet_dry_run
    )
    fallback = Fallback(dispatcher, ledger, parking, settings.answer_deadline_s * ASK_SHARE)

    shadow = Shadow(settings, dispatcher) if settings.wallet_dry_run else None
    # A dry run parks nothing; what lies in the spool from before is a promise.
    falling_back = () if shadow else (fallback.watch, fallback.poll_outcomes)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(keep_running(work))
            for work in (
                lambda: replies.listen(dispatcher.resolve),
                *falling_back,
                parking.keep_draining,
                notes.keep_writing,
                membership.keep_noting,
            )
        ]
        yield
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        if shadow is not None:
            await shadow.close()
        await notes.flush()
        await replies.close()
        publisher.close()
        ledger.close()
        spool.close()
        engine.dispose()

    readiness = Readiness(probes_of(settings, engine, identity))
    state = ScrapedState(settings, engine, spool, identity)
    others = pages(readiness, state, membership, lifespan)
    return Receiver(settings, dispatcher, parking, notes, others, shadow)


async def keep_running(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run `work` for ever: the outermost shell of a background task. A bug met by one cancel must
    not stop the task for the others."""
    while True:
        try:
            await asyncio.create_task(work())
        except Exception:
            log.exception("a background task failed and is restarted")
            await asyncio.sleep(RESTART_AFTER_S)
