"""What a process that serves many connections asks of the system."""

import resource
import socket
from typing import Final

HANDLES: Final = 32
"""Of a hundred connections at once, the last comes in the 6th round of the loop; with one handle in
the 102nd."""


def allow_files(wanted: int) -> int:
    """Have the system allow this process `wanted` open files, or as many as it may have; how many
    of them it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, allowed), hard))
    return allowed


def handles_on(listening: socket.socket) -> list[socket.socket]:
    """`listening`, and copies of its descriptor for a server to listen with as well.

    libuv, which is under uvloop, accepts one connection of a handle in a round of the event loop. A
    loaded receiver's round takes tens of milliseconds: with one handle, the connections that come
    when another receiver has died wait for seconds before anything of them is read.
    """
    return [listening, *(listening.dup() for _ in range(HANDLES - 1))]
