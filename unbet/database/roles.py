"""The rights of each process in the ledger's database. `roles.sql` has the rules."""

from enum import StrEnum
from pathlib import Path
from typing import Final

from psycopg import sql
from sqlalchemy import Connection, text

from unbet.database.migrate import LOCK

ROLES: Final = Path(__file__).with_name("roles.sql").read_text("utf-8")
"""For a person to read, and for psql to run."""


class Role(StrEnum):
    """A group that login roles are members of; each process has the rights of one."""

    RECEIVER = "unbet_receiver"
    WORKER = "unbet_worker"
    """The sweep's as well."""
    OPERATOR = "unbet_operator"
    """An operator's own Bet and Result endpoints, and the command line."""
    CONSOLE = "unbet_console"
    """The console: it reads, and says what becomes of parked cancels."""
    RETENTION = "unbet_retention"
    """What removes request and answer records whose time is up."""
    OWNER = "unbet_owner"
    """What migrates."""


def apply_roles(connection: Connection) -> None:
    """Make the roles and give each its rights, in the caller's transaction; run again it changes
    nothing. The schema must be up to date, and the connection's user be one that `roles.sql` names.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    # Without parameters the driver neither looks for a % nor minds many statements.
    connection.exec_driver_sql(ROLES, execution_options={"no_parameters": True})


def make_login(connection: Connection, role: Role, name: str, password: str) -> None:
    """Make a login of that name that is a member of `role`; one that is there gets the password.
    Does not commit."""
    known = connection.execute(text("SELECT to_regrole(:name)"), {"name": name}).scalar()
    login, group = sql.Identifier(name), sql.Identifier(role.value)
    cursor = connection.connection.cursor()
    cursor.execute(
        sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
            sql.SQL("ALTER" if known else "CREATE"), login, sql.Literal(password)
        )
    )
    cursor.execute(sql.SQL("GRANT {} TO {}").format(group, login))
