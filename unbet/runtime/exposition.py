"""Shows metrics in Prometheus' text form: a receiver at `/metrics`, a machine without a receiver on
a port of its own."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import structlog
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Metric,
    generate_latest,
    start_http_server,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

__all__ = ["CONTENT_TYPE_LATEST"]

MULTIPROC_DIR: Final = "PROMETHEUS_MULTIPROC_DIR"

log = structlog.get_logger("metrics")


class StaticCollector(Collector):
    """Metrics that were asked for elsewhere."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


class MultiprocessCollector(Collector):
    """What all processes that share the directory have counted."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files = MultiProcessCollector(None, str(directory))  # type: ignore[no-untyped-call]

    def collect(self) -> Iterable[Metric]:
        self._forget_the_dead()
        families: Iterable[Metric] = self._files.collect()  # type: ignore[no-untyped-call]
        return families

    def _forget_the_dead(self) -> None:
        """A gauge of what is going on now counts only the processes that live."""
        for file in self._directory.glob("gauge_live*.db"):
            pid = int(file.stem.rpartition("_")[2])
            if not Path(f"/proc/{pid}").exists():
                mark_process_dead(pid, str(self._directory))  # type: ignore[no-untyped-call]


def counted() -> Collector:
    """What this process has counted, or, with the directory, the machine's."""
    return (
        MultiprocessCollector(Path(os.environ[MULTIPROC_DIR]))
        if MULTIPROC_DIR in os.environ
        else REGISTRY
    )


def exposition(asked_for: Iterable[Metric] = ()) -> bytes:
    """All that is counted, and what was asked for."""
    return generate_latest(counted()) + generate_latest(StaticCollector(asked_for))


def serve(port: int, *, has_children: bool = False) -> None:
    """Show what is counted at this port of loopback, from a thread; 0 for not at all. The second
    process of a machine finds the port taken: where they count together, one is enough."""
    if not port:
        return
    if has_children and MULTIPROC_DIR not in os.environ:
        log.warning(f"without {MULTIPROC_DIR} the metrics of a worker's children are not shown")
    registry = CollectorRegistry()
    registry.register(counted())
    try:
        server, _ = start_http_server(port, addr="127.0.0.1", registry=registry)
    except OSError as error:
        log.warning("the metrics are not shown here", port=port, error=error.strerror)
        return
    # A child that outlives its parent must not keep the port.
    os.register_at_fork(after_in_child=server.socket.close)
    log.info("metrics are shown", port=port)
