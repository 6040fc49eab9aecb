"""Points at which a test lets a process die, as a power failure would end it. For tests only."""

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from unbet.core.message import Cancel

_AT: Final = os.environ.get("UNBET_TEST_CRASH_AT")
"""`point` or `point:reference`."""
_ONCE: Final = os.environ.get("UNBET_TEST_CRASH_ONCE")
"""A file that the first crash makes; where it is there, nothing crashes any more."""

KILLED: Final = 137
"""The exit status of a process that SIGKILL has ended, as a shell shows it."""

ARMED: Final = _AT is not None
"""Whether there are any: asked first where every cancel passes."""

if _AT and os.environ.get("UNBET_TEST") != "1":
    sys.exit("UNBET_TEST_CRASH_AT is set without UNBET_TEST=1: it kills processes, for tests only.")


def crash_point(point: str, cancels: Iterable[Cancel] = ()) -> None:
    """End the process here, without any clean-up, if a test has asked for this point and, where it
    names one, for a reference among `cancels`."""
    if _AT is None:
        return
    wanted, _, reference = _AT.partition(":")
    if point != wanted:
        return
    if reference and reference not in (cancel.reference for cancel in cancels):
        return
    if _is_first():
        os._exit(KILLED)


def _is_first() -> bool:
    if _ONCE is None:
        return True
    with suppress(FileExistsError):
        os.close(os.open(_ONCE, os.O_CREAT | os.O_EXCL))
        return True
    return False
