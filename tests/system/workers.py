"""Workers as the Procfile starts them, and what they leave in Redis."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Final

import redis

from tests.system.processes import System
from tests.system.test_flower import Window
from tests.waiting import until

WORKER: Final = (sys.executable, "-m", "celery", "--app", "worker.app", "worker")

ASKS_AND_GOES: Final = (
    "from worker.app import app; app.control.broadcast('ping', reply=True, timeout=0.01)"
)


def start_workers(system: System, *names: str) -> None:
    for name in names:
        system.start(name, *WORKER)
    for name in names:
        system.wait(name, lambda: "ready." in system.said(name))  # noqa: B023 - called at once


def require_no_traces(system: System, window: Window, times: int) -> None:
    """Start and kill workers, Flower and `celery inspect` so often; then what they made must be
    gone, but for a living worker's own."""
    start_workers(system, "worker-living")
    with redis.Redis.from_url(system.environment["UNBET_BROKER_URL"]) as client:
        before = state_of(client)
        for _ in range(times):
            window.start()
            start_workers(system, "worker-killed")
            window.wait_for("/api/workers?refresh=1", lambda page: page.count("celery-") >= 2)
            # As one that is killed before the answer is there.
            system.start("asked", sys.executable, "-c", ASKS_AND_GOES)
            assert system.processes.pop("asked").wait(30) == 0
            system.start("inspect", *WORKER[:-1], "inspect", "--timeout", "60", "ping")
            until(lambda: "pong" in system.said("inspect"), "it did not ask")
            for name in ("inspect", "flower", "worker-killed"):
                os.killpg(system.processes[name].pid, signal.SIGKILL)
                system.processes.pop(name).wait()
            for name in ("inspect", "worker-killed"):
                (system.logs / f"{name}.log").unlink()
        until(lambda: state_of(client) == before, f"{before} became {state_of(client)}")


def state_of(client: "redis.Redis") -> dict[bytes, int]:
    """The keys that have no end, and how much each holds."""
    sizes: dict[bytes | str, Callable[[bytes], int]] = {
        b"set": client.scard,
        b"list": client.llen,
        b"zset": client.zcard,
        b"hash": client.hlen,
    }
    lasting = [key for key in client.scan_iter() if client.ttl(key) == -1]
    return {key: sizes.get(client.type(key), client.exists)(key) for key in lasting}
