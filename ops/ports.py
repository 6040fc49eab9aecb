"""Ports of this machine, for servers that are told where to listen and may come back there."""

import secrets
import socket
from typing import Final

PORTS: Final = range(20_000, 32_768)
"""Below those that the system gives to whoever connects (Linux: from 32768, others: from 49152):
one of these could be lost before its server listens, or while it is started again; and a client
that tries to reach a server that is away could be connected to itself."""

_MOST_TRIES: Final = 1000

_signs: Final[list[socket.socket]] = []


def reserve_port(host: str = "127.0.0.1") -> int:
    """One that nobody listens on, and that until our end no other process is given by this: the
    UDP port of the same number, which no server here has a use for, is the sign. Raises `OSError`
    when none can be had."""
    for _ in range(_MOST_TRIES):
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
            _signs.append(sign)
            return port
    raise problem
