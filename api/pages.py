"""The receiver's pages: whether it is alive, and for operators' addresses what there is to see."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.doors import is_in, sender_of, was_forwarded
from api.health import Readiness
from api.openapi import rendered
from api.state import State
from contract.exposition import CONTENT_TYPE_LATEST, exposition
from contract.settings import Settings

ALIVE = "/healthz"
"""The one page that is for everybody."""

Page = Callable[[Request], Awaitable[Response]]
Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


def pages(settings: Settings, readiness: Readiness, state: State, lifespan: Lifespan) -> Starlette:
    """An application of the pages; whatever else is asked of it does not exist."""

    async def alive(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(_request: Request) -> Response:
        states = await readiness.states()
        all_well = all(each == "ok" for each in states.values())
        return JSONResponse({"ready": all_well, **states}, status_code=200 if all_well else 503)

    async def metrics(_request: Request) -> Response:
        document = await asyncio.to_thread(exposition, await state.families())
        return Response(document, media_type=CONTENT_TYPE_LATEST)

    async def described(_request: Request) -> Response:
        return Response(rendered(), media_type="application/json")

    async def refuse(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - Starlette calls it for no other
        if request.url.path != ALIVE and not may_ask(request, settings):
            return Response(status_code=404)
        return Response(status_code=error.status_code, headers=error.headers)

    def for_operators(page: Page) -> Page:
        async def guarded(request: Request) -> Response:
            if not may_ask(request, settings):
                raise HTTPException(404)
            return await page(request)

        return guarded

    application = Starlette(
        routes=[
            Route(ALIVE, alive),
            Route("/readyz", for_operators(ready)),
            Route("/metrics", for_operators(metrics)),
            Route("/openapi.json", for_operators(described)),
        ],
        # Nobody else is told by another method, nor by a slash too many, what there is.
        exception_handlers={404: refuse, 405: refuse},
        lifespan=lifespan,
    )
    application.router.redirect_slashes = False
    return application


def may_ask(request: Request, settings: Settings) -> bool:
    """Only operators' addresses see what the receiver depends on. A proxy that is not trusted hands
    on requests from anywhere, whatever its own address."""
    sender = sender_of(request.scope, settings.trusted_proxies)
    peer = request.client.host if request.client else sender
    if was_forwarded(request.scope) and not is_in(peer, settings.trusted_proxies):
        return False
    return is_in(sender, settings.ops_allowed_ips)
