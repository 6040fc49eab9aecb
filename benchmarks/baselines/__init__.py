"""The baselines: the same server and the same ledger work, with another way between them."""

import os
from typing import Final

_DEFAULTS: Final = {
    "DIRECT_PROCESSES": 2,
    "DIRECT_THREADS": 32,  # of each process; each has its connection to the ledger
    "NAIVE_PROCESSES": 1,
    "NAIVE_THREADS": 32,  # of each process: requests that wait for their result at a time
    "NAIVE_WORKER_THREADS": 16,
    "GROUPED_PROCESSES": 2,
    "ECHO_PROCESSES": 1,
}

TUNING: Final = {n: int(os.environ.get(f"BENCH_{n}", most)) for n, most in _DEFAULTS.items()}
"""The fastest settings of those that were tried (`docs/performance.md`). A BENCH_ variable
overrides one."""
