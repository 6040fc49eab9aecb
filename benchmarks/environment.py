"""The environment of a benchmark: its own servers, ledgers filled with older bets, and
processes."""

import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import redis
from sqlalchemy import Engine, create_engine, make_url, text

from benchmarks import filling
from unbet.database.migrate import migrate
from unbet.local import services
from unbet.local.ports import reserve_port
from unbet.local.processes import Processes
from unbet.local.services.state_files import HOST

START_LIMIT_S: Final = 60.0

# A Celery worker says that it is ready; one line of it, whatever the log's form.
_READY: Final = re.compile(r"\bready\b")

TUNABLE: Final = ("group_size", "groups_in_flight")
"""Of the shell's settings for Unbet; any other could make the sides differ unseen."""

_FORGET_WALLETS: Final = text("DELETE FROM unbet.routes")
_LAST_BET: Final = text("SELECT last_value FROM unbet_ledger.bets_id_seq")


class BenchmarkError(Exception):
    """Something was not ready or not done in time; the text is for a person."""


@dataclass(frozen=True)
class Ledger:
    """One database with its older bets."""

    url: str = field(repr=False)
    engine: Engine = field(repr=False)
    """For bulk work."""

    def count(self) -> int:
        """Bets, reversed ones included; as many as ids were given, which is fast to ask."""
        with self.engine.connect() as connection:
            return int(connection.execute(_LAST_BET).scalar_one())


class Environment:
    """The servers that run on `directory`."""

    def __init__(self, directory: Path, running: services.Services) -> None:
        self.directory = directory
        self.scratch = directory / "scratch"
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir()
        self._services = running
        self._secret = secrets.token_urlsafe(24)
        self._message_key = secrets.token_urlsafe(32)

    def ledger(self, ballast: int, say: Callable[[int], None]) -> Ledger:
        """A database of its own, with at least `ballast` bets; `say` as for `filling.fill`."""
        url, name = make_url(str(self._services.database_url)), f"ballast_{ballast}"
        server = create_engine(url.set(drivername="postgresql+psycopg"))
        with server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            there = text("SELECT FROM pg_database WHERE datname = :name")
            if connection.execute(there, {"name": name}).first() is None:
                connection.execute(text(f"CREATE DATABASE {name}"))
        server.dispose()
        own = url.set(database=name).render_as_string(hide_password=False)
        engine = filling.bulk_engine(own)
        with engine.begin() as connection:
            migrate(connection)
        filling.fill(engine, ballast, say)
        return Ledger(own, engine)

    def environment(self, ledger: Ledger) -> dict[str, str]:
        """The variables of a system on `ledger`, with an empty Redis and a port of its own."""
        # What an earlier side left in its queue must not be the next one's work.
        for url in {self._services.broker_url, self._services.redis_url}:
            with redis.Redis.from_url(str(url)) as client:
                client.flushdb()
        with ledger.engine.begin() as connection:  # nor is its wallet the next one's
            connection.execute(_FORGET_WALLETS)
        counters = self.scratch / "metrics"
        shutil.rmtree(counters, ignore_errors=True)
        counters.mkdir()
        tunable = {f"UNBET_{name.upper()}" for name in TUNABLE}
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("UNBET_") or name in tunable
        }
        return {
            **inherited,
            **self._services.environment(),
            "UNBET_DATABASE_URL": ledger.url,
            "UNBET_URL_SECRET": self._secret,
            "UNBET_MESSAGE_KEY": self._message_key,
            "UNBET_PROVIDER_ID": filling.PROVIDER,
            "UNBET_SPOOL_DIR": str(self.scratch / "spool"),
            "UNBET_PORT": str(reserve_port()),
            "PROMETHEUS_MULTIPROC_DIR": str(counters),
        }

    @contextmanager
    def running(self, commands: Mapping[str, str], environment: Mapping[str, str]) -> Iterator[str]:
        """The processes of `commands`, ready; yields the URL for Cancels. Ends them all, what
        serves first. Raises `ProcessError` if one has ended by itself."""
        address = f"http://{HOST}:{environment['UNBET_PORT']}"
        procfile = self.scratch / "Procfile"
        procfile.write_text("".join(f"{name}: {line}\n" for name, line in commands.items()))
        processes = Processes(procfile, environment, self.scratch / "logs")
        try:
            processes.start()
            for name in commands:
                _wait(processes, name, address)
            yield f"{address}/{self._secret}/V4/Cancel"
            processes.require_all()
        finally:
            processes.stop()


@contextmanager
def prepared(directory: Path | None) -> Iterator[Environment]:
    """Servers on `directory`, kept afterwards, or on a temporary one; stopped at the end."""
    chosen = Path(tempfile.mkdtemp(prefix="unbet-bench-")) if directory is None else directory
    chosen.mkdir(parents=True, exist_ok=True)
    chosen.chmod(0o711)  # PostgreSQL of another account has to pass through
    try:
        # In a thread: cut off by Ctrl-C, the start still comes to its end, so that all can be
        # stopped.
        with ThreadPoolExecutor(1) as starting:
            running = starting.submit(services.start, chosen).result()
        yield Environment(chosen.resolve(), running)
    finally:
        services.stop(chosen)
        if directory is None:
            shutil.rmtree(chosen)


def _wait(processes: Processes, name: str, address: str) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while True:
        said = processes.log(name).read_text(errors="replace")
        if _serves(address) if name == "web" else _READY.search(said):
            return
        processes.require_all()
        if time.monotonic() > deadline:
            raise BenchmarkError(f"{name} was not ready in time. It says:\n{said[-2000:]}")
        time.sleep(0.05)


def _serves(address: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"{address}/healthz", timeout=2, trust_env=False).is_success
    return False
