"""The pages: `/healthz` for everyone, the others for operators' addresses only, as a receiver's."""

import asyncio
from collections.abc import Mapping
from typing import Final

from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.health import Readiness, ask_database
from unbet.database.deployment import Identity
from unbet.ledger_api.endpoints import Endpoint
from unbet.ledger_api.openapi import document
from unbet.ledger_api.problems import Problem, ProblemError
from unbet.runtime.endpoint_registry import may_ask
from unbet.runtime.exposition import CONTENT_TYPE_LATEST, exposition
from unbet.runtime.settings import LedgerServerSettings

DEPENDENCY: Final = "ledger"


def pages(
    settings: LedgerServerSettings, engine: Engine, identity: Identity
) -> Mapping[str, Endpoint]:
    """Each by its path."""
    readiness = Readiness({DEPENDENCY: lambda: ask_database(engine, identity)})

    async def alive(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(_request: Request) -> Response:
        states = await readiness.states()
        is_ready = states[DEPENDENCY] == "ok"
        shown = {"ready": is_ready, **states, "deployment": str(identity.id or "") or None}
        return JSONResponse(shown, 200 if is_ready else 503)

    async def metrics(_request: Request) -> Response:
        return Response(await asyncio.to_thread(exposition), media_type=CONTENT_TYPE_LATEST)

    async def described(_request: Request) -> Response:
        return Response(document(), media_type="application/json")

    def for_operators(page: Endpoint) -> Endpoint:
        async def guarded(request: Request) -> Response:
            if not may_ask(request.scope, settings):
                raise ProblemError(Problem.NOT_FOUND, Problem.NOT_FOUND.title)
            return await page(request)

        return guarded

    return {
        "/healthz": alive,
        "/readyz": for_operators(ready),
        "/metrics": for_operators(metrics),
        "/openapi.json": for_operators(described),
    }
