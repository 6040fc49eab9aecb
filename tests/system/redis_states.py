"""States in which a Redis refuses what is asked of it, and how one comes there and back."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import redis

from tests.servers import services
from tests.waiting import until

State = Callable[["redis.Redis"], Any]
"""A context manager: within it the server is in that state."""


def administrator(directory: Path) -> "redis.Redis":
    """A client of the Redis in `directory` that keeps its rights and its connection in each state;
    a user of its own, and connected before any limit of clients."""
    url = services.status(directory).services.broker_url
    assert url
    with redis.Redis.from_url(url) as first:
        first.execute_command("ACL SETUSER tester on >tester +@all ~* &*")
    address = url.rpartition("@")[2]
    client = redis.Redis.from_url(
        f"redis://tester:tester@{address}", single_connection_client=True, socket_timeout=20
    )
    client.ping()
    return client


@contextmanager
def read_only(client: "redis.Redis") -> Iterator[None]:
    """As a master that was demoted; its new master does not answer."""
    client.replicaof("127.0.0.1", _closed_port())
    try:
        yield
    finally:
        client.replicaof("NO", "ONE")


@contextmanager
def without_its_master(client: "redis.Redis") -> Iterator[None]:
    """A replica that answers nothing without its master (MASTERDOWN)."""
    with _set(client, "replica-serve-stale-data", "no"), read_only(client):
        yield


@contextmanager
def disk_full(client: "redis.Redis") -> Iterator[None]:
    """As Redis is once it could not save (MISCONF)."""
    # A directory stands in the file's place: Valkey has nobody change where that lies.
    file = Path(_setting(client, "dir")) / _setting(client, "dbfilename")
    with _set(client, "save", "3600 1"):
        file.unlink(missing_ok=True)
        file.mkdir()
        with suppress(redis.ResponseError):
            client.bgsave()
        until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err", "it saves")
        try:
            yield
        finally:
            file.rmdir()
            client.bgsave()
            until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "ok", "no save")


@contextmanager
def memory_full(client: "redis.Redis") -> Iterator[None]:
    with _set(client, "maxmemory", "1"):
        yield


@contextmanager
def no_rights(client: "redis.Redis") -> Iterator[None]:
    """The right to write is taken from whoever is connected."""
    client.acl_setuser("default", enabled=True, categories=["-@write"])
    try:
        yield
    finally:
        client.acl_setuser("default", enabled=True, categories=["+@all"])


@contextmanager
def other_password(client: "redis.Redis") -> Iterator[None]:
    """Another password, and whoever was connected has to log in."""
    before = _setting(client, "requirepass")
    client.config_set("requirepass", "another")
    _kill_the_others(client)
    try:
        yield
    finally:
        client.config_set("requirepass", before)


@contextmanager
def too_many_clients(client: "redis.Redis") -> Iterator[None]:
    with _set(client, "maxclients", "1"):
        _kill_the_others(client)
        yield


@contextmanager
def busy(client: "redis.Redis") -> Iterator[None]:
    """A script runs and does not end (BUSY)."""
    address = client.connection_pool.connection_kwargs
    with _set(client, "lua-time-limit", "50"):
        connection = client.connection_pool.connection_class(**address)
        connection.send_command("EVAL", "while true do end", 0)
        until(lambda: _is_busy(client), "the script does not run")
        try:
            yield
        finally:
            client.script_kill()
            connection.disconnect()
            until(lambda: _answers(client), "the script still runs")


@contextmanager
def queue_is_a_text(client: "redis.Redis") -> Iterator[None]:
    with _other_type(client, "cancels"):
        yield


@contextmanager
def unacked_is_a_text(client: "redis.Redis") -> Iterator[None]:
    with _other_type(client, "unacked"):
        yield


@contextmanager
def index_is_a_text(client: "redis.Redis") -> Iterator[None]:
    with _other_type(client, "unacked_index"):
        yield


STATES: Final[dict[str, State]] = {
    "demoted": read_only,
    "without its master": without_its_master,
    "its disk is full": disk_full,
    "its memory is full": memory_full,
    "without the right to write": no_rights,
    "another password": other_password,
    "too many clients": too_many_clients,
    "a script runs": busy,
    "the queue is a text": queue_is_a_text,
    "what is unacknowledged is a text": unacked_is_a_text,
    "the index of it is a text": index_is_a_text,
}


def _is_busy(client: "redis.Redis") -> bool:
    """Until the limit is over, it answers nobody."""
    try:
        return not client.ping()
    except redis.ResponseError as error:
        return "BUSY" in str(error)


def _setting(client: "redis.Redis", name: str) -> str:
    value = client.config_get(name)[name]
    assert value is not None
    return value


@contextmanager
def _set(client: "redis.Redis", name: str, value: str) -> Iterator[None]:
    before = _setting(client, name)
    client.config_set(name, value)
    try:
        yield
    finally:
        client.config_set(name, before)


@contextmanager
def _other_type(client: "redis.Redis", key: str) -> Iterator[None]:
    client.set(key, "a text")
    try:
        yield
    finally:
        client.delete(key)


def _answers(client: "redis.Redis") -> bool:
    try:
        return bool(client.ping())
    except redis.ResponseError:
        return False


def _kill_the_others(client: "redis.Redis") -> None:
    for kind in ("normal", "pubsub"):
        client.client_kill_filter(_type=kind, skipme=True)


def _closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
