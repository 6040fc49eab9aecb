"""Unit tests start no PostgreSQL and no Redis: `make test-unit` takes seconds."""

import sys
from collections.abc import Generator
from pathlib import Path
from typing import Final

import pytest

SERVERS: Final = {"initdb", "pg_ctl", "postgres", "redis-server", "valkey-server"}

_running: list[pytest.Item] = []
"""The unit test that runs now."""


def _refuse_servers(event: str, arguments: tuple[object, ...]) -> None:
    if event != "subprocess.Popen" or not _running:
        return
    command = arguments[1]
    words = command if isinstance(command, list | tuple) else str(command).split()
    if SERVERS & {Path(str(word)).name for word in words}:
        raise AssertionError(f"{_running[0].nodeid} starts a server: it is no unit test")


sys.addaudithook(_refuse_servers)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    # An earlier test of another folder may have started the shared servers.
    if "running_services" in getattr(item, "fixturenames", ()):
        pytest.fail(f"{item.nodeid} uses the shared servers: it is no unit test")
    _running.append(item)
    try:
        yield
    finally:
        _running.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    _running.append(item)
    try:
        yield
    finally:
        _running.clear()
