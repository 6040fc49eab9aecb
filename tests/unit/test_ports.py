"""A port is given to one who asks, and to nobody else."""

import socket
import subprocess
import sys

import pytest

from unbet.local import ports

ASK_TWICE = "from unbet.local.ports import reserve_port; print(reserve_port(), reserve_port())"


def test_what_is_listened_on_or_given_away_is_not_given_and_nothing_is_after_its_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command = [sys.executable, "-X", "dev", "-c", ASK_TWICE]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert ended.stderr == "", "it warns of what it leaves open"
    listening, free = map(int, ended.stdout.split())
    given = ports.reserve_port()
    monkeypatch.setattr(ports, "PORTS", [listening, given, free])
    with socket.create_server(("127.0.0.1", listening)):
        assert ports.reserve_port() == free
        with pytest.raises(OSError, match="in use"):
            ports.reserve_port()
