"""Ctrl-C and its kin: a command ends once, and takes along what it started."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

EXIT_STOPPED: Final = 130
"""As a shell has it for a program that Ctrl-C ended."""

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody asked to stop; no `except Exception` on the way may swallow it."""


@contextmanager
def stoppable() -> Iterator[None]:
    """Within, a request to stop raises `Stopped`: the first one, while later ones are ignored, so
    that a second Ctrl-C leaves no processes behind."""
    previous = {number: signal.signal(number, _stop) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _stop(_number: int, _frame: object) -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise Stopped
