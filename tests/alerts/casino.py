"""A system at work, and what can happen to it."""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path

import httpx
import psutil

from tests.alerts.prometheus import Prometheus
from tests.databases import migrated
from tests.operating import Operator
from tests.servers import services
from tests.system.processes import EXAMPLE, System
from tests.waiting import until

INTERVAL_S = 0.2
"""Between two cancels of the provider's."""


class Casino:
    """Receiver, worker and sweep; a cancel comes five times a second, whatever happens."""

    def __init__(self, directory: Path, own_services: Path, environment: dict[str, str]) -> None:
        self._services = own_services
        self.engine = migrated(environment["UNBET_DATABASE_URL"])
        self.operator = Operator(self.engine)
        Path(environment["PROMETHEUS_MULTIPROC_DIR"]).mkdir()
        logs = directory / "logs"
        logs.mkdir()
        self.system = System(environment, logs)
        receiver = f"127.0.0.1:{self.system.environment['UNBET_PORT']}"
        self.prometheus = Prometheus(directory / "prometheus", [receiver])
        self._closed = threading.Event()
        self.provider_calls = threading.Event()
        self.provider_calls.set()
        self._provider = threading.Thread(target=self._call)
        self.caused: set[str] = set()

    def open(self) -> None:
        self.system.start_worker()
        self.system.start_sweep()
        self.system.start_receiver()
        self._provider.start()
        self.prometheus.start()

    def close(self) -> None:
        self._closed.set()
        if self._provider.ident:
            self._provider.join()
        self.prometheus.stop()
        self.system.stop()
        self.engine.dispose()

    def fires(self, *names: str) -> list[dict[str, str]]:
        """Wait until each of `names` has fired, not all at once; the labels of what has."""
        found: list[dict[str, str]] = []

        def all_fired() -> bool:
            found.extend(labels for labels in self.prometheus.firing() if labels not in found)
            return {labels["alertname"] for labels in found} >= set(names)

        self.prometheus.until(all_fired, lambda: f"of {names} only these fire: {found}")
        self.caused |= set(names)
        return found

    def calms_down(self) -> None:
        """Wait until nothing fires."""
        self.prometheus.until(
            lambda: not self.prometheus.firing(),
            lambda: f"these still fire: {self.prometheus.firing()}",
        )

    def kill(self, name: str) -> None:
        """A process and its children."""
        process = self.system.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def lose_servers(self) -> None:
        """PostgreSQL and Redis, as a power failure would have it."""
        running = services.status(self._services)
        psutil.Process(running.redis_pid).kill()
        os.kill(running.postgres_pid or 0, signal.SIGQUIT)
        until(lambda: services.status(self._services).postgres_pid is None, "PostgreSQL runs on")
        self.engine.dispose()

    def get_servers_back(self) -> None:
        services.start(self._services)

    def _call(self) -> None:
        with ThreadPoolExecutor(40) as pool:
            for number in count():
                if self._closed.wait(INTERVAL_S):
                    return
                if self.provider_calls.is_set():
                    pool.submit(self._cancel, f"r{number}")

    def _cancel(self, reference: str) -> None:
        with suppress(httpx.TransportError):
            self.system.http.post(self.system.path, json=EXAMPLE | {"reference": reference})
