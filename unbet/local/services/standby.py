"""A PostgreSQL that follows another one by streaming replication, for failovers in tests and in the
chaos run."""

import shutil
import time
from typing import Final

import psycopg

from unbet.local.services.errors import ServicesError
from unbet.local.services.postgres import USER, PostgreSQL
from unbet.local.services.state_files import HOST, Access, move_for_good, write_private

CATCH_UP_LIMIT_S: Final = 20.0
PROMOTE_LIMIT_S: Final = 20
START_LIMIT_S: Final = 20.0

_STARTING: Final = ("starting up", "not yet accepting connections")
"""What a server says that will take connections by itself. The driver has no SQLSTATE for what ends
a connection before it is one."""

_OPTIONS: Final = "-c default_transaction_read_only=off -c synchronous_commit=local"
"""An administrator's statement is done on a fenced server too, and waits for no standby."""


class Standby(PostgreSQL):
    """In a directory of its own. `copy` makes it a standby of another server, `promote` a primary;
    after that it can `follow` the other one's successor."""

    def copy(self, primary: PostgreSQL) -> None:
        """Make its data anew from the running `primary`, whose superuser and password it has, and
        follow that from its start on. Raises `ServicesError`."""
        self.data.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
        if not self.access_file.exists():
            Access.new(primary.access.password).write(self.access_file)
        self._open_the_way()
        shutil.rmtree(self.data, ignore_errors=True)
        draft = self._draft()
        self._run(
            "pg_basebackup",
            f"--pgdata={draft}",
            f"--dbname={self._source(primary.access)}",
            "--checkpoint=fast",
            "--no-password",
            "--no-sync",  # its own server syncs what it goes on with
        )
        move_for_good(draft, self.data)
        self.follow(primary)

    def follow(self, primary: PostgreSQL) -> None:
        """Be a standby of `primary` from the next start on."""
        settings = self.data / "postgresql.auto.conf"
        lines = settings.read_text().splitlines() if settings.exists() else []
        kept = [line for line in lines if not line.startswith("primary_conninfo")]
        kept.append(f"primary_conninfo = '{self._source(primary.access)}'")
        settings.write_text("\n".join(kept) + "\n")
        signal = self.data / "standby.signal"
        signal.touch(mode=0o600)
        for file in (settings, signal):
            self.account.own(file)

    def catch_up(self, primary: PostgreSQL) -> None:
        """Wait until it has all that `primary` has committed by now. Raises `ServicesError`."""
        [(wanted,)] = execute(primary, "SELECT pg_current_wal_flush_lsn()")
        query = "SELECT FROM pg_stat_replication WHERE state = 'streaming' AND flush_lsn >= %s"
        deadline = time.monotonic() + CATCH_UP_LIMIT_S
        while not execute(primary, query, wanted):
            if time.monotonic() > deadline:
                raise ServicesError(f"the standby has not caught up with {wanted}")
            time.sleep(0.05)

    def promote(self) -> None:
        """Make it a primary; returns once it takes writes. Raises `ServicesError`."""
        if execute(self, f"SELECT pg_promote(true, {PROMOTE_LIMIT_S})") != [(True,)]:
            raise ServicesError("the standby was not promoted")

    def _source(self, primary: Access) -> str:
        # A file, not an argument: those are in the process list for all to read.
        passwords = self.data.with_name("postgres.passwords")
        write_private(passwords, f"*:*:*:{USER}:{primary.password}\n")
        self.account.own(passwords)
        return (
            f"host={HOST} port={primary.port} user={USER} passfile={passwords}"
            " sslmode=disable gssencmode=disable connect_timeout=2"
        )


def execute(server: PostgreSQL, statement: str, *values: object) -> list[tuple[object, ...]]:
    """On `server`, by a connection of its own, outside of any transaction; the rows. One that is
    just starting is waited for."""
    with _connect(server) as connection:
        cursor = connection.execute(statement.encode(), values or None)
        return [] if cursor.description is None else cursor.fetchall()


def _connect(server: PostgreSQL) -> psycopg.Connection:
    deadline = time.monotonic() + START_LIMIT_S
    while True:
        try:
            return psycopg.connect(
                PostgreSQL.url(server.access),
                connect_timeout=5,
                application_name="administrator",
                sslmode="disable",
                options=_OPTIONS,
                autocommit=True,
            )
        except psycopg.OperationalError as error:
            is_starting = any(state in str(error) for state in _STARTING)
            if not is_starting or time.monotonic() > deadline:
                raise
        time.sleep(0.05)


def alter_system(server: PostgreSQL, change: str) -> None:
    """`SET name = value` or `RESET name`, for sessions that there are as well."""
    execute(server, f"ALTER SYSTEM {change}")
    execute(server, "SELECT pg_reload_conf()")
