"""A port is given to one who asks, and to nobody else."""

import socket

import pytest

from ops import ports


def test_what_is_listened_on_or_given_away_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    listening, given, free = (ports.reserve_port() for _ in range(3))
    for sign in ports._signs[-3:]:
        sign.close()
    monkeypatch.setattr(ports, "PORTS", [listening, given, free])
    with (
        socket.create_server(("127.0.0.1", listening)),
        socket.socket(type=socket.SOCK_DGRAM) as another_process,
    ):
        another_process.bind(("127.0.0.1", given))
        assert ports.reserve_port() == free
        with pytest.raises(OSError, match="in use"):
            ports.reserve_port()
