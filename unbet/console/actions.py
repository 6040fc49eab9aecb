"""The actions of a person: retry, close or reopen a parked cancel, each recorded by login."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from unbet.console import decisions
from unbet.console.forms import Tokens, fields_of
from unbet.console.rendering import Pages
from unbet.database.deadlines import run_within
from unbet.database.faults import Fault, fault_of
from unbet.runtime.http import UnreadableError
from unbet.wallets.ledger.interventions import InterventionError

LIMIT_S: Final = 3.0

log = structlog.get_logger("console")


class Actions:
    """Each is one transaction, and leads back to the page that shows its record."""

    def __init__(self, engine: Engine, tokens: Tokens, pages: Pages) -> None:
        self._engine, self._tokens, self._pages = engine, tokens, pages

    async def retry(self, request: Request) -> Response:
        def work(fields: dict[str, str], connection: Connection) -> int | None:  # noqa: ARG001
            return decisions.try_again(connection, _asked(request), made_by=_user(request))

        return await self._decide(request, work)

    async def close(self, request: Request) -> Response:
        return await self._decide_with_reason(request, decisions.close)

    async def reopen(self, request: Request) -> Response:
        return await self._decide_with_reason(request, decisions.reopen)

    async def _decide_with_reason(
        self, request: Request, change: Callable[..., int | None]
    ) -> Response:
        def work(fields: dict[str, str], connection: Connection) -> int | None:
            reason = fields.get("reason", "")
            return change(connection, _asked(request), made_by=_user(request), reason=reason)

        return await self._decide(request, work)

    async def _decide(
        self, request: Request, work: Callable[[dict[str, str], Connection], int | None]
    ) -> Response:
        try:
            fields = await fields_of(request)
        except UnreadableError as error:
            return self._pages.failed(request, error.status, "That was no form", "Nothing changed.")
        if not self._tokens.holds(_user(request), fields.get("token", "")):
            log.warning("a form without a valid token", user=_user(request), path=request.url.path)
            return self._pages.failed(
                request,
                403,
                "This form is too old",
                "Nothing changed. Open the page again and send it from there.",
            )
        try:
            number = await asyncio.to_thread(
                run_within, self._engine, LIMIT_S, partial(work, fields)
            )
        except InterventionError as error:
            return self._pages.failed(
                request,
                422,
                "Nothing changed",
                f"Go back and mend it: {error}.",
            )
        except DBAPIError as error:
            if fault_of(error) is not Fault.LOCKED:
                raise
            detail = "Somebody else holds the cancel or its bet at this moment: try again."
            return self._pages.failed(request, 409, "Nothing changed", detail)
        log.info("decided", user=_user(request), path=request.url.path, record=number)
        return RedirectResponse(f"/parked?done={number}" if number else "/parked?gone=1", 303)


def _asked(request: Request) -> UUID:
    request_id: UUID = request.path_params["request_id"]
    return request_id


def _user(request: Request) -> str:
    return str(request.user.display_name)
