"""The ASGI application: operations, balances, and the pages that say how the process does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from unbet.database.deployment import Identity, guard
from unbet.database.engine import connect_to
from unbet.ledger_api.auth import Callers
from unbet.ledger_api.calls import THREADS, Calls
from unbet.ledger_api.endpoints import Endpoints
from unbet.ledger_api.pages import pages
from unbet.ledger_api.problems import Problem, ProblemError
from unbet.runtime.settings import LedgerServerSettings

_BY_STATUS = {404: Problem.NOT_FOUND, 405: Problem.METHOD}


def create_app(settings: LedgerServerSettings, identity: Identity) -> ASGIApp:
    """The application for `settings`; it connects when somebody asks."""
    engine = connect_to(settings.database_url, name="ledger", pool_size=THREADS + 1)
    guard(engine, identity)
    calls = Calls(engine)
    callers = Callers(settings.ledger_tokens, settings.trusted_proxies)
    endpoints = Endpoints(callers, calls, settings.wallet_choice())

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        calls.close()
        engine.dispose()

    application = Starlette(
        routes=[
            *endpoints.routes(),
            *(Route(path, page) for path, page in pages(settings, engine, identity).items()),
        ],
        exception_handlers={ProblemError: _told, HTTPException: _nothing_here, Exception: _failed},
        lifespan=lifespan,
    )
    application.router.redirect_slashes = False
    return application


async def _told(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # noqa: S101 - Starlette calls it for no other
    return error.response()


async def _nothing_here(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - Starlette calls it for no other
    problem = _BY_STATUS[error.status_code]
    return ProblemError(problem, problem.title, headers=error.headers).response()


async def _failed(_request: Request, _error: Exception) -> Response:
    # uvicorn logs it: Starlette raises it once more.
    detail = "It may be done all the same. What is wrong stands in the process's log."
    return ProblemError(Problem.FAILED, detail).response()
