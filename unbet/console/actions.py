"""The actions of a person: retry, close or reopen a parked cancel, each recorded by login."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from unbet.console.forms import Tokens, fields_of
from unbet.console.rendering import Pages
from unbet.database.deadlines import run_within
from unbet.database.faults import Fault, UndecidedError, fault_of
from unbet.runtime.http import UnreadableError
from unbet.wallets.ledger.intervention_log import last_number
from unbet.wallets.ledger.interventions import (
    InterventionError,
    Record,
    close_parked,
    reopen_parked,
    retry_parked,
)

LIMIT_S: Final = 3.0

_PARKED: Final = "/parked/{request_id:uuid}"

log = structlog.get_logger("console")

Change = Callable[[Connection, UUID, str, str], int | None]
"""What a person, named third, wants done for a reason, the last. Gives the number of the record
that says so, perhaps one of before; None where there is nothing to do it to. Does not commit.
Raises `InterventionError`."""


class Actions:
    """Each is one transaction, and leads back to the page that shows its record."""

    def __init__(self, engine: Engine, tokens: Tokens, pages: Pages) -> None:
        self._engine, self._tokens, self._pages = engine, tokens, pages

    def routes(self) -> list[Route]:
        return [
            Route(f"{_PARKED}/{name}", partial(self._decide, change), methods=["POST"])
            for name, change in _CHANGES.items()
        ]

    async def _decide(self, change: Change, request: Request) -> Response:
        user = str(request.user.display_name)
        try:
            fields = await fields_of(request)
        except UnreadableError as error:
            return self._pages.failed(request, error.status, "That was no form", "Nothing changed.")
        if not self._tokens.holds(user, fields.get("token", "")):
            log.warning("a form without a valid token", user=user, path=request.url.path)
            detail = "Nothing changed. Open the page again and send it from there."
            return self._pages.failed(request, 403, "This form is too old", detail)

        def work(connection: Connection) -> int | None:
            asked: UUID = request.path_params["request_id"]
            return change(connection, asked, user, fields.get("reason", ""))

        try:
            number = await asyncio.to_thread(run_within, self._engine, LIMIT_S, work)
        except InterventionError as error:
            detail = f"Go back and mend it: {error}."
            return self._pages.failed(request, 422, "Nothing changed", detail)
        except (DBAPIError, UndecidedError) as error:
            if fault_of(error) not in (Fault.LOCKED, Fault.TRANSIENT):
                raise
            detail = "Somebody else holds the cancel or its bet at this moment: try again."
            return self._pages.failed(request, 409, "Nothing changed", detail)
        log.info("decided", user=user, path=request.url.path, record=number)
        return RedirectResponse(f"/parked?done={number}" if number else "/parked?gone=1", 303)


def _retry(connection: Connection, request_id: UUID, user: str, _reason: str) -> int | None:
    if not retry_parked(connection, made_by=user, request_id=request_id):
        return None
    return last_number(connection, request_id)


def _close(connection: Connection, request_id: UUID, user: str, reason: str) -> int | None:
    done = close_parked(connection, request_id, made_by=user, reason=reason)
    return _record_of(connection, request_id, done.before) if done.closed else None


def _reopen(connection: Connection, request_id: UUID, user: str, reason: str) -> int | None:
    done = reopen_parked(connection, request_id, made_by=user, reason=reason)
    return _record_of(connection, request_id, done.before) if done else None


def _record_of(connection: Connection, request_id: UUID, before: Record | None) -> int:
    return before.id if before else last_number(connection, request_id)


_CHANGES: Final[Mapping[str, Change]] = {"retry": _retry, "close": _close, "reopen": _reopen}
