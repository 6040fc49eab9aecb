"""The whole system under test: PostgreSQL with a standby, Redis with a replica, both behind service
addresses, and two of each process of ours."""

import asyncio
import json
import os
import secrets
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from signal import Signals
from typing import Final

import psutil
from honcho.environ import parse_procfile
from sqlalchemy import Engine

from testbed.chaos import addresses
from testbed.chaos.addresses import Addresses
from testbed.chaos.disks import Storage
from testbed.chaos.outages import Outage
from testbed.chaos.postgres_pair import PostgresPair, clock_library
from testbed.chaos.program import Program, trim
from testbed.chaos.recovery import Recoveries
from testbed.chaos.redis_pair import RedisPair
from testbed.chaos.wallets.port import WalletUnderTest
from testbed.provider import V4, Dialect, Player, players
from unbet.database.engine import SCAN_SETTINGS, connect_to
from unbet.database.migrate import migrate
from unbet.database.roles import Role
from unbet.local import process_groups
from unbet.local.logins import Logins
from unbet.local.ports import reserve_port
from unbet.local.processes import ROOT
from unbet.local.services.redis import BROKER_DATABASE, REPLIES_DATABASE, Redis
from unbet.local.services.server import Server
from unbet.local.services.state_files import HOST, Access

OF_EACH: Final = 2
PLAYERS: Final = 200
"""So many that one whose account is held is a small part of the load, as in a casino."""

ROLES: Final = {"web": "receiver", "worker": "worker", "sweep": "sweeper"}
"""The lines of the Procfile that take part, and what one of their processes is called here."""
RECEIVERS: Final = "receivers"
"""The load balancer's one address."""
PROVIDER_ID: Final = "LuckyMonaco"
_KEY: Final = "PROVIDER_KEY"
START_LIMIT_S: Final = 60.0
TRIM_INTERVAL_S: Final = 10.0
LOOK_INTERVAL_S: Final = 0.1


class ChaosError(Exception):
    """The run itself did not work, whatever Unbet did; the text is for a person."""


class System:
    """In one directory, with servers of its own; nothing runs before `start` or after `stop`.

    `shared_spool`: the receivers have one spool directory, not one each. `mounts`: disks of their
    own can be mounted for what gets full (`disks.can_mount`).
    """

    def __init__(
        self,
        directory: Path,
        wallet: WalletUnderTest,
        *,
        dialect: Dialect = V4,
        shared_spool: bool = False,
        mounts: bool,
    ) -> None:
        self.directory = directory
        self.wallet = wallet
        self.dialect = dialect
        self.key = dialect.other_key() if dialect.needs_key else ""
        """Signs the provider's requests."""
        self.logs = directory / "logs"
        self.storage = Storage(directory, mounts=mounts)
        self.spools = self.storage.spools
        self.metrics = directory / "metrics"
        self.clock = directory / "clock"
        """The file that says what PostgreSQL's clock shows, if that can be set."""
        self.programs: list[Program] = []
        self.addresses = Addresses()
        self.load_balancer = Addresses()
        self.recoveries = Recoveries(dialect)
        self.without_room: list[Outage] = []
        """When neither ledger nor disk could keep a cancel."""
        self.players: list[Player] = players(PLAYERS)
        self.shared_spool = shared_spool
        self.postgres = PostgresPair(self.storage.postgres)
        self.redis = RedisPair(self.storage.redis)
        self.clock_library = clock_library()
        self._secret = secrets.token_urlsafe(24)
        self._message_key = secrets.token_urlsafe(32)

    @property
    def service_url(self) -> str:
        """PostgreSQL's, as everybody knows it but the run: what that looks at must not depend on
        its faults."""
        return self.addresses.url(addresses.POSTGRES, self.postgres.url)

    def of(self, role: str) -> list[Program]:
        """The processes of a role: "receiver", "worker", "sweeper", or the wallet's own."""
        return [p for p in self.programs if ROLES.get(p.role, p.role) == role]

    @property
    def url(self) -> str:
        """As the provider knows it: the load balancer's, which repeats no request by itself."""
        return f"http://{HOST}:{self.load_balancer.ports[RECEIVERS]}/{self._secret}"

    def engine(self, name: str, *, reads_all: bool = False) -> Engine:
        """On the ledger, by its service address; `reads_all` directly, and without the limits that
        suit the reversal of a group."""
        url = self.postgres.url if reads_all else self.service_url
        return connect_to(url, name=name, pool_size=1, limits=SCAN_SETTINGS if reads_all else None)

    def start(self) -> None:
        """Servers, schema, processes; returns when receivers and workers are ready."""
        self.logs.mkdir(parents=True)
        self.metrics.mkdir()
        self.storage.make(self._pids_that_write_to)
        if self.clock_library is not None:
            self.postgres.set_clock(self.clock_library, self.clock)
        self.postgres.start()
        self.redis.start()
        self.addresses.start()
        self.addresses.listen(addresses.POSTGRES, self.postgres.port)
        self.addresses.listen(addresses.REDIS, self.redis.port)
        engine = self.engine("migrate", reads_all=True)
        with engine.begin() as connection:
            migrate(connection)
        engine.dispose()
        self._logins = Logins(self.service_url, {role: secrets.token_urlsafe(24) for role in Role})
        self._logins.make()
        self.wallet.install(self)
        self.programs = [*self.wallet.programs(), *self._programs()]
        for program in self.programs:
            program.start()
        self._wait_until_up()
        self.load_balancer.start()
        self.load_balancer.listen(RECEIVERS, *(r.port for r in self.of("receiver") if r.port))

    def stop(self) -> None:
        """End everything, frozen or not, and wait until it has ended."""
        with ExitStack() as all_of_it:
            parts = self.load_balancer, self.addresses, self.redis, self.postgres, self.wallet
            for part in parts:
                all_of_it.callback(part.stop)
            for program in self.programs:
                program.signal(Signals.SIGCONT)
            process_groups.end(pid for program in self.programs for pid in program.pids()[:1])

    async def keep_running(self) -> None:
        """Start again what has ended, as a supervisor does, until cancelled."""
        trim_at = 0.0
        while True:
            for program in self.programs:
                program.supervise()
            if time.monotonic() > trim_at:
                await asyncio.to_thread(trim, self.directory)
                trim_at = time.monotonic() + TRIM_INTERVAL_S
            await asyncio.sleep(LOOK_INTERVAL_S)

    def _pids_that_write_to(self, path: Path) -> list[int]:
        """Of the receivers for the spool, else of the server with its data there."""
        if path == self.spools:
            return [pid for receiver in self.of("receiver") for pid in receiver.pids()]
        servers: list[Server] = [
            self.postgres.primary, self.postgres.standby, self.redis.primary, self.redis.replica
        ]  # fmt: skip
        for server in servers:
            if server.data.parent == path and (main := server.process()):
                with suppress(psutil.NoSuchProcess):
                    # It comes first: what it starts from then on has its limit, too.
                    return [main.pid, *(c.pid for c in main.children(recursive=True))]
        return []

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + START_LIMIT_S
        while not all(program.up and _ready(program) for program in self.programs):
            for program in self.programs:
                program.supervise()
                if program.endings or time.monotonic() > deadline:
                    said = program.log.read_text(errors="replace").strip().splitlines()[-15:]
                    raise ChaosError(f"{program.name} did not start. It says: " + "\n".join(said))
            time.sleep(LOOK_INTERVAL_S)

    def _programs(self) -> Iterator[Program]:
        commands: dict[str, str] = parse_procfile((ROOT / "Procfile").read_text()).processes
        for line, role in ROLES.items():
            for number in range(1, OF_EACH + 1) if line in commands else ():
                name = f"{role}-{number}"
                port = reserve_port() if role == "receiver" else None
                # Two Celery workers on one machine need names to be told apart.
                own_name = f" --hostname {name}@chaos" if role == "worker" else ""
                yield Program(
                    name=name,
                    role=line,
                    command=commands[line] + own_name,
                    environment=self._environment(line, name, port),
                    log=self.logs / f"{name}.log",
                    port=port,
                )

    def _environment(self, line: str, name: str, port: int | None) -> Mapping[str, str]:
        """The caller's, without what it says of another Unbet."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("UNBET_")}
        programs = f"{Path(sys.executable).parent}{os.pathsep}{inherited.get('PATH', '')}"
        redis = Access(self.addresses.ports[addresses.REDIS], self.redis.password)
        return {
            **inherited,
            "UNBET_DATABASE_URL": self.service_url,
            "UNBET_BROKER_URL": Redis.url(redis, BROKER_DATABASE),
            "UNBET_REDIS_URL": Redis.url(redis, REPLIES_DATABASE),
            **self._logins.variables(line),
            **(self.wallet.variables() if line in ("worker", "sweep") else {}),
            "PATH": programs,
            "PYTHONUNBUFFERED": "1",
            "UNBET_ENDPOINTS": json.dumps({self._secret: self._endpoint()}),
            _KEY: self.dialect.operators_key(self.key) if self.key else "",
            "UNBET_MESSAGE_KEY": self._message_key,
            "UNBET_SPOOL_DIR": str(self.spools if self.shared_spool else self.spools / name),
            "UNBET_LOG_FORMAT": "json",
            "PROMETHEUS_MULTIPROC_DIR": str(self.metrics),
            **({"UNBET_PORT": str(port)} if port else {}),
        }

    def _endpoint(self) -> Mapping[str, object]:
        keys = {"keys": [{"env": _KEY}]} if self.dialect.needs_key else {}
        return {"provider": PROVIDER_ID, "dialect": self.dialect.name, **keys}


def _ready(program: Program) -> bool:
    """A worker takes a second or two until it listens to the queue, and then says so."""
    return program.role != "worker" or "@chaos ready" in program.log.read_text(errors="replace")
