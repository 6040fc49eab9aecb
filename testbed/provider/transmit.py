"""Calls and retransmissions: the provider's time limits and tries (PROTOCOL, "How the provider
behaves"). Other providers try more often, or without an end; three times show as much."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from testbed.provider.answers import Answer, Code
from testbed.provider.connection import NoAnswerError, Response
from testbed.provider.dialects import V4, Dialect, Fields
from testbed.provider.endpoint import Endpoint
from testbed.provider.log import Attempt
from testbed.provider.messages import Cancel

Turn = Callable[[], Awaitable[None]]
"""What a call waits for before it begins."""


@dataclass(frozen=True)
class Timing:
    """How long the provider waits, in seconds; tests are less patient."""

    call_s: float = 10.0
    """For an answer."""
    pause_s: float = 0.2
    """Before a retransmission: the documents do not say."""
    later_s: float = 0.5
    """Before what comes `later`."""
    tries: int = 3
    """Transmissions in all."""


async def send(endpoint: Endpoint, cancel: Cancel, *, gives_back: bool = False) -> Answer:
    """One call; `gives_back`: the bet is known to be there. Raises `NoAnswerError`; has no end of
    its own."""
    fields = endpoint.dialect.fields(cancel)
    response = await endpoint.call(endpoint.dialect.request(fields, endpoint.key))
    return read_answer(response, fields, endpoint.dialect, gives_back=gives_back)


def read_answer(
    response: Response, asked: Fields, dialect: Dialect = V4, *, gives_back: bool = False
) -> Answer:
    """The answer as `Dialect.read` has it, and how it came."""
    answer = dialect.read(response, asked, gives_back=gives_back)
    return answer._replace(seconds=response.seconds, client=response.client)


class Pace:
    """Lets `per_second` calls begin in a second, evenly, and nobody ahead of others."""

    def __init__(self, per_second: float) -> None:
        self._gap_s = 1 / per_second
        self._next = 0.0

    async def turn(self) -> None:
        """Wait for the caller's."""
        now = asyncio.get_running_loop().time()
        at = max(now, self._next)
        self._next = at + self._gap_s
        await asyncio.sleep(at - now)


async def transmit(
    call: Callable[[], Awaitable[Answer]],
    timing: Timing,
    stops: Collection[Code],
    turn: Turn | None = None,
) -> tuple[Attempt, ...]:
    """Make the call until its answer is one of the codes `stops`, at most `timing.tries` times;
    each begins after `turn`."""
    attempts: list[Attempt] = []
    while True:
        if turn:
            await turn()
        attempts.append(await attempt(call, timing.call_s))
        if attempts[-1].code in stops or len(attempts) == timing.tries:
            return tuple(attempts)
        await asyncio.sleep(timing.pause_s)


async def attempt(call: Callable[[], Awaitable[Answer]], within_s: float) -> Attempt:
    """Make the call once."""
    at, started = datetime.now(UTC), time.monotonic()
    try:
        async with asyncio.timeout(within_s):
            answer = await call()
    except TimeoutError:
        answer = Answer(None, f"no answer within {within_s:g} s")
    except NoAnswerError as error:
        answer = Answer(None, f"no answer: {error}", client=error.client)
    return Attempt(
        at=at,
        seconds=round(time.monotonic() - started, 6),
        status=answer.status,
        code=answer.code,
        text=answer.text,
        answered_s=None if answer.seconds is None else round(answer.seconds, 6),
        client=answer.client,
    )
