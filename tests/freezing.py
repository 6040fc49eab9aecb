"""Processes that accept and never answer."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psutil


@contextmanager
def frozen(*pids: int | None) -> Iterator[None]:
    """Stop the processes and their children (SIGSTOP), let them go on at the end."""
    family = [
        member
        for process in (psutil.Process(pid) for pid in pids if pid)
        for member in (process, *process.children(recursive=True))
    ]
    _each(family, psutil.Process.suspend)
    try:
        yield
    finally:
        _each(family, psutil.Process.resume)


def _each(family: list[psutil.Process], signal: Callable[[psutil.Process], None]) -> None:
    for process in family:
        with suppress(psutil.NoSuchProcess):
            signal(process)
