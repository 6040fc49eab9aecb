"""Whether a process can work: load balancers and people ask, so the result is cached."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from unbet.broker import redis_server
from unbet.database.deadlines import run_within
from unbet.database.deployment import DeploymentError, Identity, WrongDeploymentError, current
from unbet.database.engine import require_writable
from unbet.runtime.settings import ReplySettings

DEPENDENCIES: Final = ("ledger", "broker", "replies")

CACHED_S: Final = 1.0
LIMIT_S: Final = 3.0
"""A dependency that takes longer is away."""


class Readiness:
    """Asks what a process depends on, at most once a second."""

    def __init__(self, probes: Mapping[str, Callable[[], None]]) -> None:
        self._probes = probes
        self._lock = asyncio.Lock()
        self._states: dict[str, str] = {}
        self._asked_at = float("-inf")

    async def states(self) -> dict[str, str]:
        """`ok`, or what is wrong, for each dependency."""
        async with self._lock:
            if time.monotonic() - self._asked_at > CACHED_S:
                states = await asyncio.gather(*map(_state, self._probes.values()))
                self._states = dict(zip(self._probes, states, strict=True))
                self._asked_at = time.monotonic()
            return self._states


def probes_of(
    settings: ReplySettings, engine: Engine, identity: Identity
) -> Mapping[str, Callable[[], None]]:
    """What a receiver depends on: PostgreSQL and Redis."""
    probes: tuple[Callable[[], None], ...] = (
        lambda: ask_database(engine, identity),
        lambda: redis_server.ping(settings.broker_url),
        lambda: redis_server.ping(settings.redis_url),
    )
    return dict(zip(DEPENDENCIES, probes, strict=True))


async def _state(probe: Callable[[], None]) -> str:
    try:
        async with asyncio.timeout(LIMIT_S):
            await asyncio.to_thread(probe)
    except TimeoutError:
        return "no answer in time"
    except DeploymentError:
        return "another deployment's database"
    except (SQLAlchemyError, *redis_server.AWAY) as error:
        if isinstance(getattr(error, "orig", None), WrongDeploymentError):
            return "another deployment's database"
        # The kind only: a driver's text may hold the address and the user.
        return type(error).__name__
    return "ok"


def ask_database(engine: Engine, identity: Identity) -> None:
    """Raises what `_state` puts into words, unless the ledger can be written."""

    def ask(connection: Connection) -> UUID:
        require_writable(connection)
        return current(connection)

    identity.require(run_within(engine, LIMIT_S, ask))
