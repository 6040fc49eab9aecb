"""The pages that change nothing: the figures, live; a search; a reference's history; parked
cancels."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from sqlalchemy import Connection, Engine
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from unbet.console.live import Live
from unbet.console.rendering import Pages
from unbet.database.deadlines import run_within
from unbet.history.explain import explain
from unbet.history.operations import explain_operations
from unbet.history.records import History, OperationRecord
from unbet.history.timeline import operation_summary, operation_timeline, summary, timeline
from unbet.journal.parking import count_parked, list_parked
from unbet.journal.search import MAX_ROWS, SearchResult, find
from unbet.wallets.ledger.intervention_log import decision, newest_decisions

LIMIT_S: Final = 3.0
LISTED: Final = 200
"""Parked cancels on a page."""
MAX_WORDS_LENGTH: Final = 256
STATES: Final = ("dead", "parked", "closed")

Result = TypeVar("Result")


class Views:
    """Every page that changes nothing."""

    def __init__(
        self, engine: Engine, live: Live, pages: Pages, wallet_of: Callable[[str], str]
    ) -> None:
        """`wallet_of` says which wallet decides a provider's cancels."""
        self._engine, self._live, self._pages = engine, live, pages
        self._wallet_of = wallet_of

    async def now(self, request: Request) -> Response:
        shown = await self._live.document()
        return self._pages.page(request, "now", shown=shown, wallets=self._live.wallets())

    async def live(self, request: Request) -> Response:
        if self._live.full:
            detail = "Close some of them; figures stand still."
            return self._pages.failed(request, 503, "Too many pages are open", detail)
        return StreamingResponse(
            self._live.follow(),
            media_type="text/event-stream",
            headers={"x-accel-buffering": "no"},  # a proxy is to hand on each event as it comes
        )

    async def search(self, request: Request) -> Response:
        words = request.query_params.get("words", "")[:MAX_WORDS_LENGTH]
        found = await self._read(lambda connection: _find(connection, words)) if words else []
        if len(found) == 1:
            only = found[0]
            query = {"reference": only.reference, "provider": only.provider}
            return RedirectResponse(f"/explain?{urlencode(query)}", 303)
        return self._pages.page(
            request, "search", words=words, found=found, more=len(found) == MAX_ROWS
        )

    async def explain(self, request: Request) -> Response:
        reference = request.query_params.get("reference", "")
        provider = request.query_params.get("provider") or None
        if not reference or "\0" in reference + (provider or ""):
            detail = "Search for a reference."
            return self._pages.failed(request, 404, "Nothing is known of that", detail)

        def read(connection: Connection) -> tuple[list[History], list[OperationRecord]]:
            # They are of no provider.
            others = [] if provider else explain_operations(connection, reference)
            histories = explain(connection, reference, provider, wallet_of=self._wallet_of)
            return histories, others

        histories, operations = await self._read(read)
        return self._pages.page(
            request,
            "explain",
            200 if histories or operations else 404,
            words=reference,
            reference=reference,
            histories=[(one, summary(one), timeline(one)) for one in histories],
            operations=[
                (one, operation_summary(one), operation_timeline(one)) for one in operations
            ],
        )

    async def parked(self, request: Request) -> Response:
        wanted = request.query_params.get("state")

        def read(connection: Connection) -> dict[str, Any]:
            counts = count_parked(connection)
            state = wanted if wanted in STATES else "dead" if counts.dead else "parked"
            number = request.query_params.get("done", "")
            return {
                "counts": [(name, getattr(counts, name)) for name in STATES],
                "state": state,
                "rows": list_parked(connection, states=[state], most=LISTED),
                "most": LISTED,
                "done": decision(connection, int(number)) if _is_number(number) else None,
                "decisions": newest_decisions(connection, most=10),
            }

        gone = "gone" in request.query_params
        return self._pages.page(request, "parked", gone=gone, **await self._read(read))

    async def _read(self, work: Callable[[Connection], Result]) -> Result:
        return await asyncio.to_thread(run_within, self._engine, LIMIT_S, work)


def _find(connection: Connection, words: str) -> list[SearchResult]:
    """By the words as they are, since a reference may begin or end with a blank; or else without
    those that copying leaves."""
    return find(connection, words) or find(connection, words.strip())


def _is_number(words: str) -> bool:
    return words.isascii() and words.isdigit() and len(words) < 19
