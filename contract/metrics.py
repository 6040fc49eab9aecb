"""What is counted, in every process; the receiver shows the sum at /metrics.

With PROMETHEUS_MULTIPROC_DIR set, the processes of one machine count into files there.
"""

import os
from pathlib import Path

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

__all__ = ["CONTENT_TYPE_LATEST"]

ANSWERS = Counter("unbet_answers_total", "Answers given, by code.", ["code"])
ANSWER_SECONDS = Histogram(
    "unbet_answer_seconds",
    "From a body's last byte to its answer.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 4, 5, 6, 7, 8, 10),
)
WAITING = Gauge(
    "unbet_waiting", "Requests that wait for their decision.", multiprocess_mode="livesum"
)
REFUSED = Counter(
    "unbet_refused_total",
    "Requests with the right secret that were refused, by reason.",
    ["reason"],
)
WRONG_SECRETS = Counter("unbet_wrong_secrets_total", "Requests with a wrong secret.")
CUT = Counter("unbet_cut_total", "Connections cut for exceeding a bound, by reason.", ["reason"])
REJECTED = Counter(
    "unbet_rejected_total", "Messages and replies that were forged or not understood.", ["kind"]
)
RESENT = Counter("unbet_resent_total", "Cancels put on the queue again for want of a reply.")
UNPUBLISHED = Counter("unbet_unpublished_total", "Cancels that the broker did not take in time.")
PARKED = Counter("unbet_parked_total", "Cancels that a receiver parked in the ledger.")
SPOOLED = Counter("unbet_spooled_total", "Cancels that went to a receiver's disk.")
RETRIES = Counter("unbet_retries_total", "Transactions tried again, by reason.", ["reason"])
SWEPT = Counter("unbet_swept_total", "Parked cancels that were decided.")
LAST_SWEEP = Gauge(
    "unbet_last_sweep_timestamp_seconds",
    "When a sweep last finished a round, in seconds since 1970; 0 if none has here.",
    multiprocess_mode="max",
)
DEAD = Counter("unbet_dead_total", "Cancels that were given up until a person tries them again.")


def exposition() -> bytes:
    """All of it in Prometheus' text form: this process's, or with the directory the machine's."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    _forget_the_dead(Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]))
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def _forget_the_dead(directory: Path) -> None:
    """A gauge of what is going on now counts only the processes that live."""
    for file in directory.glob("gauge_live*.db"):
        pid = int(file.stem.rpartition("_")[2])
        if not Path(f"/proc/{pid}").exists():
            mark_process_dead(pid)  # type: ignore[no-untyped-call]
