"""Servers that go by a clock which the test sets: fixtures, to be imported."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from tests.clocks import Clock
from tests.servers import process, services
from tests.waiting import until


@pytest.fixture
def clocks(own_directory: Path, tmp_path: Path) -> Callable[[str], Clock]:
    """A clock for each name; they lie where a server of another account can read them."""
    own_directory.mkdir(mode=0o755, parents=True, exist_ok=True)
    own_directory.parent.chmod(0o755)
    assert tmp_path

    def clock(name: str) -> Clock:
        return Clock(own_directory / f"{name}.clock")

    return clock


@pytest.fixture
def own_services(
    own_directory: Path, clocks: Callable[[str], Clock], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A PostgreSQL and a Redis that go by the clock `servers`."""
    environment = process.environment() | clocks("servers").environment
    monkeypatch.setattr(process, "environment", lambda: environment)
    services.start(own_directory)
    return own_directory


def server_time(engine: Engine) -> float:
    with engine.connect() as connection:
        return float(connection.execute(text("SELECT extract(epoch FROM now())")).scalar_one())


def jumped(engine: Engine, clock: Clock, ahead_s: float) -> None:
    """Set the servers' clock, and see that the database goes by it."""
    clock.set(ahead_s)
    until(lambda: abs(server_time(engine) - time.time() - ahead_s) < 60, "no other clock")
