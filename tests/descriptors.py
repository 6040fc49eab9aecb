"""A process that has used up all descriptors which the system lets it have."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_descriptor_left() -> Iterator[None]:
    """This process can open one thing more, as a socket that then cannot be waited for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free + 1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def no_descriptors_left(pid: int = 0) -> Iterator[None]:
    """The process `pid`, or this one, can open nothing more; what is open stays open."""
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
