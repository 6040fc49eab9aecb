"""The receiver's pages: `/healthz` for everyone, the others for operators' addresses only.

Everyone else reaches only `/healthz` (`Refusals.takes`).
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.health import Readiness
from api.membership import Membership
from api.scrape import ScrapedState
from unbet.runtime.exposition import CONTENT_TYPE_LATEST, exposition

ALIVE = "/healthz"
"""The one page that is for everybody."""

_DESCRIPTION: Final = Path(__file__).parents[1] / "docs/openapi.json"

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


def pages(
    readiness: Readiness, state: ScrapedState, membership: Membership, lifespan: Lifespan
) -> Starlette:
    """The application of the pages; every other path is 404."""

    async def alive(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(_request: Request) -> Response:
        states = await readiness.states()
        all_well = all(each == "ok" for each in states.values())
        document = {"ready": all_well, **states, **membership.shown()}
        return JSONResponse(document, status_code=200 if all_well else 503)

    async def metrics(_request: Request) -> Response:
        document = await asyncio.to_thread(exposition, await state.families())
        return Response(document, media_type=CONTENT_TYPE_LATEST)

    async def described(_request: Request) -> Response:
        document = await asyncio.to_thread(_DESCRIPTION.read_bytes)
        return Response(document, media_type="application/json")

    async def refuse(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - Starlette calls it for no other
        return Response(status_code=error.status_code, headers=error.headers)

    application = Starlette(
        routes=[
            Route(ALIVE, alive),
            Route("/readyz", ready),
            Route("/metrics", metrics),
            Route("/openapi.json", described),
        ],
        exception_handlers={404: refuse, 405: refuse},
        lifespan=lifespan,
    )
    application.router.redirect_slashes = False
    return application
