"""One call to the wallet at a time for a player, within its limits, and what it means if it fails:
a refused connection is "not done", anything after it is unanswered."""

import asyncio
import ssl
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from importlib.util import find_spec
from typing import Final
from uuid import UUID

import httpx
import structlog

from unbet.runtime.breaker import CircuitBreaker
from unbet.wallets.http.request import Item, body_of, headers_of
from unbet.wallets.http.response import MAX_BYTES, NOT_NOW, read, unanswered, undecided
from unbet.wallets.http.settings import HttpWalletSettings, key_of
from unbet.wallets.http.turns import Turns
from unbet.wallets.port import Decided, Undecided, Verdict, Why

KEEPALIVE_S: Final = 4.0
"""Many servers close a connection that has been idle for 5 s; what is written to it just then is
lost, and whether it is done is not known."""
MIN_CALL_S: Final = 0.1
"""With less than this left nothing is sent: it would only be in doubt."""
PARTS_AT_ONCE: Final = 4
"""Of a call that is asked again in parts."""
UNCLEAR: Final = frozenset({Why.UNANSWERED, Why.AMBIGUOUS})
MAX_RETRY_AFTER_S: Final = 30
"""A wallet that asks for more is asked again after this."""

if find_spec("sniffio") is None:
    # httpcore 1.0 imports it several times a call, to learn whose event loop it is in; one that is
    # not there was looked for on the whole path each time, a third of what a lone call cost.
    sys.modules["sniffio"] = None  # type: ignore[assignment]

log = structlog.get_logger("wallet")


class Caller:
    """Belongs to one event loop."""

    def __init__(self, settings: HttpWalletSettings) -> None:
        self._settings = settings
        self._keys = [key_of(secret) for secret in settings.secrets]
        self._slots = asyncio.Semaphore(settings.calls_at_once)
        self._turns = Turns()
        self._breaker = CircuitBreaker()
        self._answered_at = 0.0
        self._client = httpx.AsyncClient(
            verify=ssl.create_default_context(),  # the system's authorities, or SSL_CERT_FILE
            trust_env=False,  # a proxy that a shell names is not the way to the money
            follow_redirects=False,
            # The whole call's limit is below: a server that answers in drops cannot stretch it.
            timeout=httpx.Timeout(None, connect=settings.connect_limit_s),
            limits=httpx.Limits(
                max_connections=settings.calls_at_once, keepalive_expiry=KEEPALIVE_S
            ),
        )

    async def close(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._client.aclose()

    async def ask(self, items: Sequence[Item], deadline: float) -> list[Verdict]:
        """The verdict on each cancel of `items`, by `deadline` of the monotonic clock, which is
        the loop's as well."""
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout_at(deadline):
                    await held.enter_async_context(self._turns.taken(items))
                    await held.enter_async_context(self._slots)
            except TimeoutError:
                return undecided(items, Why.BUSY, "its turn did not come in time", "not sent")
            if not _has_time(deadline):
                return undecided(items, Why.BUSY, "its turn came too late", "not sent")
            if self._breaker.is_open:
                return undecided(items, Why.AWAY, "the wallet has just failed", "not sent")
            return await self._ask_again_once(items, deadline)

    async def _ask_again_once(self, items: Sequence[Item], deadline: float) -> list[Verdict]:
        """The wallet repeats what it remembers: so most doubts end at once. And of a call that is
        held up, as by a row that somebody has locked, only what holds it up has to wait."""
        remembers = self._settings.abilities.may_ask_again_for_s >= deadline - time.monotonic()
        first = await self._ask(items, deadline)
        parts = _parts_to_ask_again(items, first, remembers=remembers)
        if not parts or self._breaker.is_open or not _has_time(deadline):
            return first
        room, turns = asyncio.Semaphore(PARTS_AT_ONCE), Turns()

        async def ask(part: Sequence[Item]) -> list[Verdict]:
            async with turns.taken(part), room:
                if not _has_time(deadline):
                    return []
                return await self._ask(part, deadline)

        calls = await asyncio.gather(*map(ask, parts))
        again = {_request_of(one): one for call in calls for one in call}
        return [_clearer(one, again.get(_request_of(one), one)) for one in first]

    async def _ask(self, items: Sequence[Item], deadline: float) -> list[Verdict]:
        began, limit_s = time.monotonic(), self._settings.call_limit_s
        limit = min(deadline, began + limit_s)
        try:
            async with asyncio.timeout_at(limit):
                response, body = await self._post(items)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            self._trip("the wallet cannot be reached", repr(error))
            return undecided(items, Why.AWAY, "the wallet cannot be reached", repr(error))
        except TimeoutError:
            # Otherwise the call had less than its time; or others were answered meanwhile, and it
            # is these cancels that are held up.
            if limit < deadline and self._answered_at < began:
                self._trip("the wallet does not answer", f"{limit_s} s")
            return unanswered(items, "no answer in time", "sent")
        except httpx.TransportError as error:
            return unanswered(items, "no whole answer", repr(error))
        if body is None:
            detail = f"more than {MAX_BYTES} bytes"
            return unanswered(items, "too long an answer", detail)
        self._answered_at = time.monotonic()
        retry_after = response.headers.get("retry-after")
        verdicts = read(items, response.status_code, retry_after is not None, body)
        if response.status_code in NOT_NOW:
            self._trip(f"the wallet answers {response.status_code}", retry_after or "")
            self._leave_alone(retry_after or "")
        return verdicts

    async def _post(self, items: Sequence[Item]) -> tuple[httpx.Response, bytes | None]:
        """The response and its body, as it came; None if that is too long to be read."""
        content = body_of(items, dry_run=self._settings.dry_run)
        headers = headers_of(items, content, self._keys)
        endpoint = self._settings.endpoint
        async with self._client.stream(
            "POST", endpoint, content=content, headers=headers
        ) as response:
            body = bytearray()
            async for part in response.aiter_raw():
                body += part
                if len(body) > MAX_BYTES:
                    return response, None
            return response, bytes(body)

    def _trip(self, what: str, detail: str) -> None:
        if not self._breaker.is_open:
            log.warning(what, detail=detail)
        self._breaker.trip()

    def _leave_alone(self, retry_after: str) -> None:
        """A date in its place is not read: the breaker's own pause holds."""
        if retry_after.isascii() and retry_after.isdigit():
            pause_s = min(int(retry_after[:9]), MAX_RETRY_AFTER_S)
            until = time.monotonic() + pause_s
            self._breaker.open_until = max(self._breaker.open_until, until)


def _parts_to_ask_again(
    items: Sequence[Item], first: Sequence[Verdict], *, remembers: bool
) -> list[Sequence[Item]]:
    """What is unclear in two: what has held it up is in one half. What is busy alone: nothing was
    done, and the wallet says so soon."""
    whys = {one.cancel.request_id: one.why for one in first if isinstance(one, Undecided)}
    unclear = [item for item in items if whys.get(item.cancel.request_id) in UNCLEAR and remembers]
    busy = [item for item in items if whys.get(item.cancel.request_id) is Why.BUSY]
    middle = len(unclear) // 2
    halves = [half for half in (unclear[:middle], unclear[middle:]) if half]
    return [*halves, *([item] for item in busy if len(items) > 1)]


def _request_of(one: Verdict) -> UUID:
    return one.decision.request_id if isinstance(one, Decided) else one.cancel.request_id


def _clearer(one: Verdict, again: Verdict) -> Verdict:
    """Which of two verdicts holds. One that was unclear stays so, whatever has met the second try;
    of one that was busy nothing was done before it."""
    if isinstance(one, Decided):
        return one
    return again if isinstance(again, Decided) or one.why is Why.BUSY else one


def _has_time(deadline: float) -> bool:
    return deadline - time.monotonic() >= MIN_CALL_S
