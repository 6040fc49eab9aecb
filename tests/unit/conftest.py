"""Unit tests start no PostgreSQL and no Redis: `make test-unit` takes seconds."""

import json
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Final

import pytest

from tests.unit.endpoints_files import KEY, OTHER, SECRET, Write

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


@pytest.fixture
def endpoint_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """What settings need besides endpoints, and what a file of them refers to."""
    monkeypatch.setenv("UNBET_DATABASE_URL", "postgresql://unbet:pw@db/unbet")
    monkeypatch.setenv("UNBET_BROKER_URL", "redis://queue:6379/0")
    monkeypatch.setenv("FIRST_SECRET", SECRET)
    monkeypatch.setenv("SECOND_KEY", f"{KEY}-2")


@pytest.fixture
def write_endpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes the file of endpoints, and names it."""
    (tmp_path / "second").write_text(f"{OTHER}\n")
    (tmp_path / "bgaming.key").write_text(f"{KEY}\n")

    def write(content: object, name: str = "endpoints.toml") -> Path:
        file = tmp_path / name
        if isinstance(content, bytes):
            file.write_bytes(content)
        else:
            file.write_text(content if isinstance(content, str) else json.dumps(content))
        monkeypatch.setenv("UNBET_ENDPOINTS_FILE", str(file))
        return file

    return write
