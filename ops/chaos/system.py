"""The whole system under test: PostgreSQL, Redis, and two of each process of ours."""

import asyncio
import os
import secrets
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from honcho.environ import parse_procfile
from sqlalchemy import Engine

from ledger import connect_to
from ledger.audit import LIMITS
from ledger.migrate import migrate
from ledger.roles import Role
from ops import services
from ops.chaos.front import HOST
from ops.chaos.outages import Outage
from ops.chaos.program import Program
from ops.logins import Logins
from ops.ports import reserve_port
from ops.processes import ROOT, STOP_LIMIT_S
from ops.provider import Player, players

OF_EACH: Final = 2
PLAYERS: Final = 200
"""So many that one whose account is held is a small part of the load, as in a casino."""

ROLES: Final = {"web": "receiver", "worker": "worker", "sweep": "sweeper"}
"""The lines of the Procfile that take part, and what one of their processes is called here."""

PROVIDER_ID: Final = "LuckyMonaco"
START_LIMIT_S: Final = 60.0
LOOK_EVERY_S: Final = 0.1


class ChaosError(Exception):
    """The run itself did not work, whatever Unbet did; the text is for a person."""


class System:
    """In one directory, with servers of its own; nothing runs before `start` or after `stop`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.logs = directory / "logs"
        self.spools = directory / "spool"
        self.metrics = directory / "metrics"
        self.programs: list[Program] = []
        self.services = services.Services()
        self.players: list[Player] = players(PLAYERS)
        self._secret = secrets.token_urlsafe(24)
        self._message_key = secrets.token_urlsafe(32)

    @property
    def database_url(self) -> str:
        return str(self.services.database_url)

    @property
    def broker_url(self) -> str:
        return str(self.services.broker_url)

    def of(self, role: str) -> list[Program]:
        """The processes of a role: "receiver", "worker" or "sweeper"."""
        return [program for program in self.programs if ROLES[program.role] == role]

    def secret_url(self, port: int) -> str:
        """The provider's URL, where the receivers are reached at `port`."""
        return f"http://{HOST}:{port}/{self._secret}"

    def engine(self, name: str, *, reads_all: bool = False) -> Engine:
        """On the ledger; `reads_all` without the limits that suit the reversal of a group."""
        url = self.database_url
        return connect_to(url, name=name, pool_size=1, limits=LIMITS if reads_all else None)

    def start(self) -> None:
        """Servers, schema, processes; returns when receivers and workers are ready."""
        self.logs.mkdir(parents=True)
        self.metrics.mkdir()
        self.services = services.start(self.directory)
        engine = self.engine("migrate", reads_all=True)
        with engine.begin() as connection:
            migrate(connection)
        engine.dispose()
        passwords = {role: secrets.token_urlsafe(24) for role in Role}
        self._logins = Logins(self.database_url, passwords)
        self._logins.make()
        self.programs = list(self._programs())
        for program in self.programs:
            program.start()
        self._wait_until_up()

    def stop(self) -> None:
        """End everything, frozen or not, and wait until it has ended."""
        try:
            for program in self.programs:
                program.ask_to_end()
            deadline = time.monotonic() + STOP_LIMIT_S
            for program in self.programs:
                program.end(deadline)
        finally:
            services.stop(self.directory)

    async def keep_running(self) -> None:
        """Start again what has ended, as a supervisor does, until cancelled."""
        while True:
            for program in self.programs:
                program.supervise()
            await asyncio.sleep(LOOK_EVERY_S)

    def outages(self) -> list[Outage]:
        """Of the receivers."""
        return [outage for receiver in self.of("receiver") for outage in receiver.outages]

    def ended_by_themselves(self) -> dict[str, int]:
        """How often which process ended though the run had not killed it."""
        return {p.name: p.ended_by_itself for p in self.programs if p.ended_by_itself}

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + START_LIMIT_S
        while not all(program.up and _ready(program) for program in self.programs):
            for program in self.programs:
                program.supervise()
                if program.ended_by_itself or time.monotonic() > deadline:
                    said = program.log.read_text(errors="replace").strip().splitlines()[-15:]
                    raise ChaosError(f"{program.name} did not start. It says: " + "\n".join(said))
            time.sleep(LOOK_EVERY_S)

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
        return {
            **inherited,
            **self.services.environment(),
            **self._logins.variables(line),
            "PATH": programs,
            "PYTHONUNBUFFERED": "1",
            "UNBET_URL_SECRET": self._secret,
            "UNBET_MESSAGE_KEY": self._message_key,
            "UNBET_PROVIDER_ID": PROVIDER_ID,
            "UNBET_SPOOL_DIR": str(self.spools / name),
            "UNBET_LOG_FORMAT": "json",
            "PROMETHEUS_MULTIPROC_DIR": str(self.metrics),
            **({"UNBET_PORT": str(port)} if port else {}),
        }


def _ready(program: Program) -> bool:
    """A worker takes a second or two until it listens to the queue, and then says so."""
    return program.role != "worker" or "@chaos ready" in program.log.read_text(errors="replace")
