"""The tuning of the baselines: the fastest settings of those that were tried
(`docs/performance.md`). A BENCH_ variable overrides one."""

import os


def _number(name: str, default: int) -> int:
    return int(os.environ.get(f"BENCH_{name}", default))


DIRECT_PROCESSES = _number("DIRECT_PROCESSES", 2)
DIRECT_THREADS = _number("DIRECT_THREADS", 32)
"""Of each server process; each thread has its connection to the ledger."""

NAIVE_PROCESSES = _number("NAIVE_PROCESSES", 1)
NAIVE_THREADS = _number("NAIVE_THREADS", 32)
"""Of each server process: requests that wait for their result at a time."""
NAIVE_WORKER_THREADS = _number("NAIVE_WORKER_THREADS", 16)

GROUPED_PROCESSES = _number("GROUPED_PROCESSES", 2)

ECHO_PROCESSES = _number("ECHO_PROCESSES", 1)


def document() -> dict[str, int]:
    """All of them, for the results."""
    return {name: value for name, value in globals().items() if name.isupper()}
