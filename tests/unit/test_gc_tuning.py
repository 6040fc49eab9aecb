"""Garbage in cycles is looked for rarely, but what is kept of it is bounded."""

import subprocess
import sys
from typing import Final

LIVING: Final = 450_000
"""Objects that live until as many others have been made."""
MADE: Final = 2_000_000

PROGRAM: Final = f"""
import gc
from collections import deque
from unbet.runtime.gc_tuning import tune_gc

tune_gc()
living = deque(maxlen={LIVING})
for _ in range({MADE}):
    itself = []
    itself.append(itself)
    living.append(itself)
print(len(gc.get_objects()))
"""


def test_of_cycles_that_outlive_the_first_searches_a_bounded_number_is_kept() -> None:
    program = [sys.executable, "-c", PROGRAM]
    ran = subprocess.run(program, capture_output=True, text=True, timeout=100, check=True)
    assert int(ran.stdout) < LIVING + 900_000
