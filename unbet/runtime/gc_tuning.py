"""Runs Python's search for garbage in cycles rarely: a cancel leaves hardly any.

Among a program's own objects and hundreds of waiting requests the search itself takes time: without
this the slowest answers under load took 50 ms longer. What it has not looked at is bounded all the
same (`docs/decisions.md`).
"""

import gc
from typing import Final

NEW_OBJECTS: Final = 20_000
"""More than a group leaves; the usual 700 would have it look many times in each group."""

YOUNG_SEARCHES: Final = 5
"""Searches among new objects before those that outlived them are searched, and as many of these
before all are. So 720,000 objects are the most that cycles can keep: some 100 MB."""


def tune_gc() -> None:
    """To be called once a process has imported and built what it keeps."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, YOUNG_SEARCHES, YOUNG_SEARCHES)
