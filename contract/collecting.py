"""Python's search for garbage in cycles, made rare: hardly anything that a cancel leaves is one.

Among a program's own objects and hundreds of waiting requests the search itself takes time: without
this the slowest answers under load took 50 ms longer.
"""

import gc
from typing import Final

NEW_OBJECTS: Final = 20_000
"""More than a group leaves; the usual 700 would have it look many times in each group."""


def collect_rarely() -> None:
    """To be called once a process has imported and built what it keeps."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 20, 20)
