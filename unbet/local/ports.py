"""Ports of this machine, for servers that are told where to listen and may come back there."""

import secrets
import shlex
import socket
from contextlib import suppress
from typing import Final

import psutil

PORTS: Final = range(20_000, 32_768)
"""Below those that the system gives to whoever connects (Linux: from 32768, others: from 49152):
one of these could be lost before its server listens, or while it is started again; and a client
that tries to reach a server that is away could be connected to itself."""

_MAX_TRIES: Final = 1000


def reserve_port(host: str = "127.0.0.1") -> int:
    """One that nobody listens on, and that until our end no other process is given by this: the
    UDP port of the same number, which no server here has a use for, is the sign. Raises `OSError`
    when none can be had."""
    for _ in range(_MAX_TRIES):
        port = secrets.choice(PORTS)
        sign = socket.socket(type=socket.SOCK_DGRAM)
        try:
            sign.bind(("127.0.0.1", port))
            with socket.socket() as probe:
                probe.bind((host, port))
        except OSError as error:
            sign.close()
            problem = error
        else:
            sign.detach()  # left open, for the system to close with the process
            return port
    raise problem


def listener_on(port: int) -> str:
    """Who listens there, as the end of a sentence; nothing where the system does not tell."""
    with suppress(psutil.Error):
        for each in psutil.net_connections(kind="tcp"):
            if each.status == psutil.CONN_LISTEN and each.laddr.port == port and each.pid:
                return f" by pid {each.pid} ({shlex.join(psutil.Process(each.pid).cmdline())})"
    return ""
