"""PostgreSQL with a synchronous streaming standby: either of the two can be the primary."""

import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from types import MappingProxyType
from typing import Final

import psycopg

from ops.services import ServicesError
from ops.services.kept import HOST, Access
from ops.services.postgres import USER, PostgreSQL

SYNC_LIMIT_S: Final = 20.0
"""Within which a standby has caught up; one that has not is made anew."""

BOUNDS: Final = {
    "max_wal_size": "512MB",
    "wal_keep_size": "256MB",  # what a standby that was away for half a minute still finds
    "wal_retrieve_retry_interval": "200ms",  # a standby comes back as soon as its primary does
    "wal_sender_timeout": "30s",
}
"""So that an hour's WAL does not fill the disk, on top of what the embedded server is set to."""


class _Server(PostgreSQL):
    clock: Mapping[str, str] = MappingProxyType({})

    def command(self, access: Access) -> list[str]:
        # The last `-c` of a name wins.
        return [
            *(["/usr/bin/env", *(f"{k}={v}" for k, v in self.clock.items())] if self.clock else []),
            *super().command(access),
            *(word for name, value in BOUNDS.items() for word in ("-c", f"{name}={value}")),
        ]

    def copy_of(self, primary: "_Server", password: str) -> None:
        """Make the data directory anew, from the running `primary`."""
        source = _access(primary)
        shutil.rmtree(self.data, ignore_errors=True)
        self.account.own(self.data.parent)
        passwords = self.data.with_name("passwords")
        passwords.write_text(f"*:*:*:*:{password}\n")
        passwords.chmod(0o600)
        self.account.own(passwords)
        self._run(
            "pg_basebackup",
            f"--pgdata={self.data}",
            "--wal-method=stream",
            "--checkpoint=fast",
            f"--dbname={_conninfo(source.port, passwords)}",
            "--no-password",
            "--no-sync",  # its own server syncs what it goes on with
        )
        self.follow(source.port)

    def follow(self, port: int) -> None:
        """Be a standby of the server at `port` from the next start on."""
        passwords = self.data.with_name("passwords")
        settings = self.data / "postgresql.auto.conf"
        lines = settings.read_text().splitlines() if settings.exists() else []
        kept = [line for line in lines if not line.startswith("primary_conninfo")]
        kept.append(f"primary_conninfo = '{_conninfo(port, passwords)}'")
        settings.write_text("\n".join(kept) + "\n")
        signal = self.data / "standby.signal"
        signal.touch(mode=0o600)
        for file in (settings, signal):
            self.account.own(file)


class PostgresPair:
    """Two servers, each with a directory of its own."""

    def __init__(self, directories: tuple[Path, Path]) -> None:
        one, other = (_Server(directory) for directory in directories)
        self.primary, self.standby = one, other
        self._password = ""

    @property
    def url(self) -> str:
        """The primary's own, not the service address."""
        return PostgreSQL.url(_access(self.primary))

    @property
    def port(self) -> int:
        """The primary's own."""
        return _access(self.primary).port

    def set_clock(self, environment: Mapping[str, str]) -> None:
        """Start both with these variables, by which their clock is set."""
        self.primary.clock = self.standby.clock = environment

    def start(self) -> None:
        """The primary and, copied from it, the standby. Raises `ServicesError`."""
        self._password = self.primary.start().password
        passwords = self.primary.data.with_name("passwords")
        passwords.write_text(f"*:*:*:*:{self._password}\n")
        passwords.chmod(0o600)
        self.primary.account.own(passwords)
        self._copy()

    def stop(self) -> None:
        """Both, whatever state they are in; the standby first, or the primary waits for it."""
        try:
            self.standby.stop()
        finally:
            self.primary.stop()

    def switch(self, gone: Callable[[], None], promoted: Callable[[int], None]) -> None:
        """The standby becomes the primary, and the primary its standby.

        `gone` is called when the old one takes no writes any more, `promoted` with the new one's
        port when that does. The old one ends in order, so that no commit is on it alone; it runs
        as a read-only standby before `promoted` is called.
        """
        self.wait_until_synchronous(SYNC_LIMIT_S)
        self.execute("CHECKPOINT")
        self.primary.stop()
        gone()
        with closing(_connect(self.standby)) as connection:
            # As a cluster manager does: until it has a standby again, it does not wait for one.
            connection.execute("SELECT pg_promote(true, 20)")
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
            connection.execute("SELECT pg_reload_conf()")
        self.primary, self.standby = self.standby, self.primary
        self.standby.follow(self.port)
        self.standby.start()
        promoted(self.port)

    def restore(self) -> None:
        """Make sure that both run, and that the standby is one and synchronous."""
        self.primary.start()
        try:
            self.standby.start()
            self.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            self.execute("SELECT pg_reload_conf()")
            self.wait_until_synchronous(SYNC_LIMIT_S)
        except (ServicesError, TimeoutError):
            self._copy()

    def wait_until_synchronous(self, within_s: float) -> None:
        """Until the standby has all that the primary has. Raises `TimeoutError`."""
        deadline = time.monotonic() + within_s
        query = (
            "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"
            " AND pg_wal_lsn_diff(pg_current_wal_flush_lsn(), flush_lsn) < 1000000"
        )
        while not self.execute(query):
            if time.monotonic() > deadline:
                raise TimeoutError("the standby has not caught up")
            time.sleep(0.1)

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """On the primary, by a connection of its own, outside of any transaction; the rows."""
        with closing(_connect(self.primary)) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def _copy(self) -> None:
        self.standby.stop()
        self.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
        self.execute("SELECT pg_reload_conf()")
        if not self.standby.access_file.exists():
            Access.new(self._password).write(self.standby.access_file)
        self.standby.copy_of(self.primary, self._password)
        self.standby.start()
        self.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.execute("SELECT pg_reload_conf()")
        self.wait_until_synchronous(SYNC_LIMIT_S)


def _conninfo(port: int, passwords: Path) -> str:
    return (
        f"host={HOST} port={port} user={USER} passfile={passwords}"
        " sslmode=disable gssencmode=disable connect_timeout=2"
    )


def _access(server: PostgreSQL) -> Access:
    access = Access.read(server.access_file)
    if access is None:
        raise ServicesError(f"{server.access_file} is gone")
    return access


def _connect(server: PostgreSQL) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(
        PostgreSQL.url(_access(server)),
        connect_timeout=5,
        application_name="chaos",
        sslmode="disable",
        options="-c default_transaction_read_only=off -c synchronous_commit=local",
        autocommit=True,
    )
