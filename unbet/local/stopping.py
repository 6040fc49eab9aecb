"""Handles Ctrl-C and similar signals: a command ends once, with everything that it started."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

EXIT_STOPPED: Final = 130
"""As a shell has it for a program that Ctrl-C ended."""

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody asked to stop; no `except Exception` on the way may swallow it."""


class StopRequests:
    """What has been asked for so far: to stop, and then to be quick about it."""

    def __init__(self) -> None:
        self.stopping = False
        """Set it before a stop that nobody asked for: a request must not interrupt that one."""
        self._hurried = False

    def hurried(self) -> bool:
        """Whether somebody has asked again."""
        return self._hurried

    def handle(self, number: int, _frame: object) -> None:
        if not self.stopping:
            self.stopping = True
            raise Stopped
        # A terminal that closes says so twice, and nobody sits there who is in a hurry.
        self._hurried |= number != signal.SIGHUP


@contextmanager
def stoppable() -> Iterator[StopRequests]:
    """Within, the first request to stop raises `Stopped`; later ones interrupt nothing, so that a
    second Ctrl-C leaves no processes behind."""
    requests = StopRequests()
    # nohup has the end of a terminal ignored, and so it stays.
    nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    handled = [number for number in SIGNALS if not (nohup and number == signal.SIGHUP)]
    previous = {number: signal.signal(number, requests.handle) for number in handled}
    try:
        yield requests
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
