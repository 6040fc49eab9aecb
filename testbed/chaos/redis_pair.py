"""Redis with a replica: either of the two can be the primary."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import redis

from unbet.local.services.redis import BROKER_DATABASE, Redis
from unbet.local.services.state_files import HOST, Access

LINK_LIMIT_S: Final = 15.0
CALL_LIMIT_S: Final = 5.0


class _Server(Redis):
    def command(self, access: Access) -> list[str]:
        # Without this, a limit on its files would end it instead of failing its writes.
        return ["/bin/sh", "-c", "trap '' XFSZ; exec \"$@\"", "redis", *super().command(access)]


class RedisPair:
    """Two servers with one password, each with a directory of its own."""

    def __init__(self, directories: tuple[Path, Path]) -> None:
        one, other = (_Server(directory) for directory in directories)
        self.primary, self.replica = one, other

    @property
    def url(self) -> str:
        """Of the primary's queue: its own, not the service address."""
        return Redis.url(self.primary.access, BROKER_DATABASE)

    @property
    def port(self) -> int:
        """The primary's own."""
        return self.primary.access.port

    @property
    def password(self) -> str:
        """Of both."""
        return self.primary.access.password

    def start(self) -> None:
        """Both. Raises `ServicesError`."""
        self.primary.start()
        if not self.replica.access_file.exists():
            Access.new(self.password).write(self.replica.access_file)
        self.restore()

    def stop(self) -> None:
        try:
            self.replica.stop()
        finally:
            self.primary.stop()

    def switch(self, gone: Callable[[], None]) -> None:
        """The replica is written to from now on, and the primary is its replica: `gone` is called
        then."""
        with suppress(TimeoutError):  # a replica that is behind is promoted all the same
            self.wait_for_link(LINK_LIMIT_S)
        self.primary, self.replica = self.replica, self.primary
        self.restore()
        gone()

    def restore(self) -> None:
        """Make sure that both run and that each has its part."""
        self.primary.start()
        self.replica.start()
        self._lead(self.primary, self.replica)

    def demote(self) -> None:
        """The primary is a replica of the other one, which is written to by nobody."""
        self._lead(self.replica, self.primary)

    def _lead(self, leader: Redis, follower: Redis) -> None:
        with client_of(leader) as client:
            client.execute_command("REPLICAOF", "NO", "ONE")
        with client_of(follower) as client:
            client.config_set("masterauth", self.password)
            client.execute_command("REPLICAOF", HOST, str(leader.access.port))

    def wait_for_link(self, within_s: float) -> None:
        """Until the replica hears its primary. Raises `TimeoutError`."""
        deadline = time.monotonic() + within_s
        with client_of(self.replica) as client:
            while client.info("replication").get("master_link_status") != "up":
                if time.monotonic() > deadline:
                    raise TimeoutError("the replica does not hear its primary")
                time.sleep(0.1)


@contextmanager
def client_of(server: Redis, password: str | None = None) -> Iterator[Any]:
    """A connection of the run's own, with an end to each call."""
    access = server.access
    with redis.Redis(
        host=HOST,
        port=access.port,
        password=password or access.password,
        socket_timeout=CALL_LIMIT_S,
        socket_connect_timeout=CALL_LIMIT_S,
        decode_responses=True,
    ) as client:
        yield client
