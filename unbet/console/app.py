"""The console's ASGI application: its pages, behind its login."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFreeError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from unbet.console.actions import Actions
from unbet.console.auth import Login, SameOriginOnly, SecurityHeaders, refuse
from unbet.console.forms import Tokens
from unbet.console.live import Live
from unbet.console.probes import Probes
from unbet.console.rendering import HERE, Pages
from unbet.console.views import Views
from unbet.database.deployment import Identity, guard
from unbet.database.engine import connect_to
from unbet.database.faults import ASK_AGAIN, fault_of, first_line
from unbet.runtime.settings import ConsoleSettings

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")

LIMITS: Final = {
    # Reading must not hold up work: nothing that a page asks for runs for longer.
    "statement_timeout": "2s",
}

log = structlog.get_logger("console")


def create_app(settings: ConsoleSettings, identity: Identity | None = None) -> ASGIApp:
    """The application for `settings`; it opens its connections when somebody probes. `identity` is
    what the start has learned already: without it the first page could ask no worker."""
    engine = connect_to(settings.database_url, name="console", pool_size=4, limits=LIMITS)
    identity = identity or Identity(settings.deployment)
    reading = read_only(guard(engine, identity))
    probes = Probes(settings, reading, identity)
    live = Live(probes)
    tokens = Tokens()
    pages = Pages(tokens)
    views = Views(reading, live, pages, settings.wallet_of)
    actions = Actions(engine, tokens, pages)
    hosts = [*LOOPBACK, *settings.console_hosts]
    login = Login(settings.console_basic_auth)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        reading = asyncio.create_task(live.keep_reading())
        yield
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
        probes.close()
        engine.dispose()

    async def failed(request: Request, error: Exception) -> Response:
        if not _is_away(error):
            log.error("a page could not be made", path=request.url.path, exc_info=error)
            detail = "Nothing was changed. What is wrong stands in the console's log."
            return pages.failed(request, 500, "This page could not be made", detail)
        log.warning("the ledger is away", error=first_line(error))
        detail = "Try again in a moment."
        if request.method == "POST":
            # Its answer may be all that was lost.
            detail = "It may be done all the same. Send it again: nothing is done twice."
        return pages.failed(request, 503, "PostgreSQL does not answer in time", detail)

    async def no_such_page(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return pages.failed(request, status, "There is no such page", "Begin at the top left.")

    application = Starlette(
        routes=[
            Route("/", views.now),
            Route("/live", views.live),
            Route("/search", views.search),
            Route("/explain", views.explain),
            Route("/parked", views.parked),
            *actions.routes(),
            Mount("/static", Files(directory=HERE / "static"), name="static"),
        ],
        middleware=[
            # A page elsewhere whose name is made to lead to this machine (DNS rebinding) calls
            # the console by that name.
            Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False),
            Middleware(AuthenticationMiddleware, backend=login, on_error=refuse),
            Middleware(SameOriginOnly),
        ],
        exception_handlers={SQLAlchemyError: failed, HTTPException: no_such_page},
        lifespan=lifespan,
    )
    return SecurityHeaders(application)


def read_only(engine: Engine) -> Engine:
    """The same connections: all of a page is as it was at one moment, and nothing is written."""
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


class Files(StaticFiles):
    """Kept by browsers, and asked about each time: a new version is seen at once."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers["cache-control"] = "private, no-cache"
        return response


def _is_away(error: Exception) -> bool:
    """Whether the ledger did not answer, or not in time, a free connection included."""
    if isinstance(error, DBAPIError):
        return fault_of(error) in ASK_AGAIN
    return isinstance(error, NoConnectionFreeError)
