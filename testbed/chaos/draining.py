"""Waits after the last fault until nothing is under way, and reports what still is."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from typing import Final

import redis

from testbed.chaos import postgres_sessions
from testbed.chaos.system import System

QUEUE: Final = "cancels"
UNACKNOWLEDGED: Final = "unacked"
"""As Celery names them in Redis, after what the deployment's keys begin with."""

LOOK_INTERVAL_S: Final = 0.5
QUIET_LOOKS: Final = 3
"""In a row: a message can be between two places for a moment."""


async def drained(system: System, within_s: float) -> list[str]:
    """Wait; what was not drained in time, a sentence each. Empty means that all of it was."""
    clock = asyncio.get_running_loop().time
    deadline, quiet = clock() + within_s, 0
    while True:
        left = await asyncio.to_thread(lambda: list(_left(system)))
        quiet = 0 if left else quiet + 1
        if quiet == QUIET_LOOKS or (left and clock() > deadline):
            return left
        await asyncio.sleep(LOOK_INTERVAL_S)


def _left(system: System) -> Iterator[str]:
    with closing(postgres_sessions.connect(system.postgres.url)) as connection:
        [(parked,)] = connection.execute("SELECT count(*) FROM unbet.parked WHERE state = 'parked'")
        [(deployment,)] = connection.execute(
            "SELECT id FROM unbet.deployment ORDER BY number DESC LIMIT 1"
        )
    if parked:
        yield f"{parked} cancels are parked"
    own = f"unbet:{str(deployment).replace('-', '')[:12]}:"
    with redis.Redis.from_url(system.redis.url, socket_timeout=5) as client:
        for key, length in (
            (QUEUE, client.llen(own + QUEUE)),
            (UNACKNOWLEDGED, client.hlen(own + UNACKNOWLEDGED)),
        ):
            if length:
                yield f"{length} messages are in `{own}{key}`"
    for file in sorted(system.spools.rglob("*")):
        if file.is_file() and file.stat().st_size:
            yield f"the spool file {file.relative_to(system.spools)} is not empty"
