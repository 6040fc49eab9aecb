"""A streaming standby of the embedded PostgreSQL, beside it in DIR: for failovers in tests and in
the chaos run."""

import shutil
import time
from pathlib import Path
from typing import Final

import psycopg

from ops.services.errors import ServicesError
from ops.services.kept import HOST, Access, move_for_good, write_private
from ops.services.postgres import USER, PostgreSQL

CATCH_UP_LIMIT_S: Final = 30.0


class Standby(PostgreSQL):
    """Made by `pg_basebackup` from the PostgreSQL of `directory`, which must run; its superuser and
    passwords are the same, its port is another."""

    name = "standby"
    title = "the standby"

    def __init__(self, directory: Path) -> None:
        super().__init__(directory.resolve())
        primary = Access.read(PostgreSQL(directory.resolve()).access_file)
        if primary is None:
            raise ServicesError(f"there is no PostgreSQL in {directory} to make a standby of")
        self._primary: Final = primary

    def catch_up(self) -> None:
        """Wait until it has all that the primary has committed by now. Raises `ServicesError`."""
        wanted = _ask(self._primary, "SELECT pg_current_wal_lsn()")
        deadline = time.monotonic() + CATCH_UP_LIMIT_S
        while not self.ask(f"SELECT pg_last_wal_replay_lsn() >= '{wanted}'"):
            if time.monotonic() > deadline:
                raise ServicesError(f"the standby is behind {wanted}")
            time.sleep(0.02)

    def promote(self) -> None:
        """Make it a primary; returns once it takes writes. Raises `ServicesError`."""
        if not self.ask("SELECT pg_promote()"):
            raise ServicesError("the standby was not promoted")

    def ask(self, query: str) -> object:
        """The first value of the first row."""
        access = Access.read(self.access_file)
        if access is None:
            raise ServicesError("the standby has never been started")
        return _ask(access, query)

    def _first_access(self) -> Access:
        return Access.new(self._primary.password)

    def _initialise(self, password: str) -> None:
        draft = self.data.with_name("standby.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self.account.own(draft)
        # A file, not an argument: those are in the process list for all to read.
        passwords = self.data.with_name("standby.passwords")
        write_private(passwords, f"*:*:*:{USER}:{password}\n")
        self.account.own(passwords)
        source = f"host={HOST} port={self._primary.port} user={USER} passfile={passwords}"
        self._run(
            "pg_basebackup",
            f"--pgdata={draft}",
            f"--dbname={source}",
            "--write-recovery-conf",
            "--checkpoint=fast",
            "--no-sync",
        )
        move_for_good(draft, self.data)


def _ask(access: Access, query: str) -> object:
    with psycopg.connect(PostgreSQL.url(access), autocommit=True, connect_timeout=5) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None  # noqa: S101 - every query asked here has one
    return row[0]
