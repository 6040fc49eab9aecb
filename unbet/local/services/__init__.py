"""PostgreSQL and Redis on free ports of this machine, with their data in one directory DIR. `make
run`, the tests and the chaos run use them when no URL is given."""

from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from unbet.local.services.errors import ServicesError
from unbet.local.services.postgres import PostgreSQL
from unbet.local.services.redis import BROKER_DATABASE, REPLIES_DATABASE, Redis
from unbet.local.services.server import Server
from unbet.local.services.state_files import Access, locked

__all__ = ["Services", "ServicesError", "Status", "running", "start", "status", "stop"]


@dataclass(frozen=True)
class Services:
    """The URLs of servers that run, passwords included; None for one that was not asked for."""

    database_url: str | None = field(default=None, repr=False)
    broker_url: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)

    def environment(self) -> dict[str, str]:
        """The variables that point Unbet at these servers; only those of servers that run."""
        urls = {
            "UNBET_DATABASE_URL": self.database_url,
            "UNBET_BROKER_URL": self.broker_url,
            "UNBET_REDIS_URL": self.redis_url,
        }
        return {variable: url for variable, url in urls.items() if url is not None}


@dataclass(frozen=True)
class Status:
    """Which servers of a DIR run. One that runs may still not answer: frozen, or recovering."""

    postgres_pid: int | None
    redis_pid: int | None
    postgres_answers: bool
    redis_answers: bool
    services: Services

    @property
    def ready(self) -> bool:
        return self.postgres_answers and self.redis_answers


def start(directory: Path, *, postgres: bool = True, redis: bool = True) -> Services:
    """Start what does not run yet on DIR and wait until it answers.

    They run until `stop`, whatever becomes of the caller. Raises `ServicesError`; what did start by
    then keeps running, and another `start` goes on from there.
    """
    # Others may pass through but not list: as root, PostgreSQL runs under another account.
    directory.mkdir(mode=0o711, parents=True, exist_ok=True)
    directory = directory.resolve()
    with locked(directory):
        return _services(
            PostgreSQL(directory).start() if postgres else None,
            Redis(directory).start() if redis else None,
        )


def stop(
    directory: Path,
    titles: Collection[str] = ("PostgreSQL", "Redis"),
    *,
    hurried: Callable[[], bool] = lambda: False,
) -> list[str]:
    """Stop what runs on DIR, wait until it has ended; returns the names of what was stopped.

    Once `hurried` is true, PostgreSQL ends without writing its pages down: its next start does.
    """
    if not directory.is_dir():
        return []
    directory = directory.resolve()
    stopped: list[str] = []

    def end(server: Server) -> None:
        if server.title in titles and server.stop(hurried):
            stopped.append(server.title)

    # Not one after the other: what fails with one must not keep the other running.
    with locked(directory), ExitStack() as both:
        both.callback(end, PostgreSQL(directory))
        both.callback(end, Redis(directory))
    return stopped


def running(directory: Path) -> dict[str, int]:
    """The servers that run on DIR, by their names, with their pids; asks none of them."""
    directory = directory.resolve()
    found = ((each.title, each.process()) for each in (PostgreSQL(directory), Redis(directory)))
    return {title: process.pid for title, process in found if process}


def status(directory: Path) -> Status:
    """What runs on DIR now; takes 3 seconds at most."""
    directory = directory.resolve()
    postgres, redis = PostgreSQL(directory), Redis(directory)
    postgres_process, redis_process = postgres.process(), redis.process()
    postgres_access = Access.read(postgres.access_file) if postgres_process else None
    redis_access = Access.read(redis.access_file) if redis_process else None
    return Status(
        postgres_process.pid if postgres_process else None,
        redis_process.pid if redis_process else None,
        postgres_access is not None and postgres.probe_error(postgres_access) is None,
        redis_access is not None and redis.probe_error(redis_access) is None,
        _services(postgres_access, redis_access),
    )


def _services(postgres: Access | None, redis: Access | None) -> Services:
    return Services(
        PostgreSQL.url(postgres) if postgres else None,
        Redis.url(redis, BROKER_DATABASE) if redis else None,
        Redis.url(redis, REPLIES_DATABASE) if redis else None,
    )
