"""A dry run: what would be decided is logged beside what the old endpoint answers, and the provider
hears the old endpoint. Nothing is decided, parked, spooled or recorded."""

import asyncio
import time
from collections.abc import Awaitable, Mapping
from typing import Final, NamedTuple, Protocol
from urllib.parse import quote

import httpx
import structlog
from starlette.types import Scope, Send

from api.deadline import ANSWER_SHARE
from api.dispatch import Overloaded
from api.receive import Call
from api.waits import Decided
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.dialects import DIALECTS
from unbet.dialects.answers import Answer
from unbet.dialects.body import answer_to, render
from unbet.dialects.examples import path_names
from unbet.dialects.port import Dialect
from unbet.dialects.raw import BadRequestError
from unbet.runtime import metrics
from unbet.runtime.endpoint_registry import Endpoint
from unbet.runtime.http import respond
from unbet.runtime.settings import ReceiverSettings, SettingsError

DECIDE_WITHIN_S: Final = 1.0
"""The old endpoint is asked after this, decided or not: a dry run delays its answers no longer."""
MAX_CONNECTIONS: Final = 256
MAX_ANSWER_LENGTH: Final = 64 * 1024
"""Bytes; a longer answer is not handed on."""
_OF_A_CONNECTION: Final = frozenset(
    {
        *(b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te"),
        *(b"trailer", b"transfer-encoding", b"upgrade", b"expect", b"host", b"content-length"),
    }
)
"""Headers that are not the request's, but one connection's."""

log = structlog.get_logger("receiver")


class _Decider(Protocol):
    def decide(self, cancel: Cancel, within_s: float) -> Awaitable[Decided]: ...


class OldAnswer(NamedTuple):
    """What the old endpoint has answered."""

    status: int
    kind: bytes | None
    """Its content type."""
    content: bytes


class WouldAnswer(NamedTuple):
    """What the provider would hear from us."""

    outcomes: str
    """One for each bet, or that it would be refused."""
    answer: Answer
    body: bytes


class Shadow:
    """Answers in the place of `Receiver._answer`. The messages of `dispatcher` say that they are a
    dry run."""

    def __init__(self, settings: ReceiverSettings, dispatcher: _Decider) -> None:
        self._url = settings.wallet_dry_run_url
        for config in settings.by_secret().values():
            require_names(config.dry_run_url or self._url, DIALECTS[config.dialect])
        self._within_s = settings.answer_deadline_s * ANSWER_SHARE
        self._dispatcher = dispatcher
        self._client = httpx.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            timeout=None,  # noqa: S113 - the whole of it has a limit
            limits=httpx.Limits(max_connections=MAX_CONNECTIONS, keepalive_expiry=4.0),
        )

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    async def answer(self, call: Call, scope: Scope, body: bytes, sender: str, send: Send) -> None:
        """Answer a request, whether it would be decided or refused."""
        endpoint, dialect = call.endpoint, call.endpoint.dialect
        ours = await self._would_answer(call)
        url = endpoint.config.dry_run_url or self._url
        old = await self._pass_on(url, call, scope, body, sender) if url else None
        if old is None:
            again = call.context(dialect.answer_of(Outcome.PARKED))
            content, kind = render(dialect, again), dialect.codec.content_type
            await respond(send, again.answer.status, content, content_type=kind)
        else:
            await _hand_back(send, old)
        agreement = _agreement(ours, old, dialect) if url else "not_compared"
        metrics.DRY_RUN.labels(agreement=agreement).inc()
        first = call.cancels[0] if call.cancels else None
        log.info(
            "dry run",
            request_id=str(first.request_id) if first else None,
            reference=first.reference if first else None,
            uuid=first.uuid if first else None,
            would_be=ours.outcomes if ours else None,
            code=ours.answer.code if ours else None,
            old_status=old.status if old else None,
            old_code=_code_in(old.content, dialect) if old else None,
            agreement=agreement,
            seconds=round(time.monotonic() - call.started, 6),
        )

    async def _would_answer(self, call: Call) -> WouldAnswer | None:
        """None if it is not decided in time."""
        dialect, request = call.endpoint.dialect, call.request
        if not call.cancels:
            refused = render(dialect, call.context(request.answer))
            return WouldAnswer("refused", request.answer, refused)
        decisions = await asyncio.gather(*map(self._would_decide, call.cancels))
        decided = [one for one in decisions if one is not None]
        if len(decided) < len(call.cancels):
            return None
        knows_players = call.endpoint.knows_players
        answer, body = answer_to(dialect, request, decided, knows_players=knows_players)
        return WouldAnswer(", ".join(one.outcome.value for one in decided), answer, body)

    async def _would_decide(self, cancel: Cancel) -> Decision | None:
        try:
            return (await self._dispatcher.decide(cancel, DECIDE_WITHIN_S)).decision
        except Overloaded:
            return None

    async def _pass_on(
        self, url: str, call: Call, scope: Scope, body: bytes, sender: str
    ) -> OldAnswer | None:
        """The old endpoint's answer; None if it has none in time."""
        headers = [pair for pair in scope["headers"] if pair[0] not in _OF_A_CONNECTION]
        headers.append((b"x-forwarded-for", sender.encode()))
        method, target = call.endpoint.dialect.method, old_target(url, call.endpoint, scope)
        deadline = (
            asyncio.get_running_loop().time() + call.started + self._within_s - time.monotonic()
        )
        try:
            async with (
                asyncio.timeout_at(deadline),
                self._client.stream(method, target, content=body, headers=headers) as response,
            ):
                content = b""
                async for part in response.aiter_bytes():
                    content += part
                    if len(content) > MAX_ANSWER_LENGTH:
                        log.error("the old endpoint's answer is too long")
                        return None
        except (TimeoutError, httpx.HTTPError) as error:
            log.error("the old endpoint has not answered", error=repr(error))
            return None
        kind = response.headers.get("content-type")
        return OldAnswer(response.status_code, kind.encode() if kind else None, content)


def require_names(url: str | None, dialect: Dialect) -> None:
    """Raises `SettingsError` where the old endpoint would not be told what the path says."""
    for name in path_names(dialect):
        if url is not None and f"{{{name}}}" not in url:
            raise SettingsError(
                f"the URL of the endpoint that answers in a dry run (UNBET_WALLET_DRY_RUN_URL, or "
                f"dry_run_url) has no {{{name}}}, which {dialect.name} has in its path."
            )


def old_target(url: str, endpoint: Endpoint, scope: Scope) -> httpx.URL:
    """`url` with the values of the request's path in place of their names, and with its query."""
    for name, value in (endpoint.values_in(scope["raw_path"]) or {}).items():
        sent = quote(value.encode(errors="surrogateescape"), safe="")
        url = url.replace(f"{{{name}}}", sent)
    target = httpx.URL(url)
    query = b"&".join(filter(None, (target.query, scope.get("query_string", b""))))
    return target.copy_with(query=query) if query else target


def _agreement(ours: WouldAnswer | None, old: OldAnswer | None, dialect: Dialect) -> str:
    """As the metric's label says."""
    if old is None:
        return "unanswered"
    if ours is None or ours.answer == dialect.answer_of(Outcome.PARKED):
        return "undecided"
    code = _code_in(ours.body, dialect)
    is_same = old.status == ours.answer.status and _code_in(old.content, dialect) == code
    return "same" if is_same else "different"


def _code_in(answer: bytes, dialect: Dialect) -> int | str | None:
    """The code in an answer of the dialect; None if there is none, or for anything else."""
    try:
        document = dialect.codec.read_answer(answer)
    except (BadRequestError, ValueError):
        return None
    code = document.get(dialect.code_field) if isinstance(document, Mapping) else None
    return code if isinstance(code, int | str) and not isinstance(code, bool) else None


async def _hand_back(send: Send, old: OldAnswer) -> None:
    headers = [(b"content-length", b"%d" % len(old.content))]
    if old.kind is not None:
        headers.append((b"content-type", old.kind))
    await send({"type": "http.response.start", "status": old.status, "headers": headers})
    await send({"type": "http.response.body", "body": old.content})
