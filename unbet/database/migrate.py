"""Bring the schema up to date."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from unbet.database.faults import first_line

MIGRATION_LIMITS: Final = {
    "statement_timeout": "0",  # an index on a large table takes minutes
    "lock_timeout": "60s",  # two that migrate at once take turns
}
"""Session settings for whoever changes the schema, or the rights in it."""

LOCK = 0x756E626574  # "unbet": two processes that migrate at once take turns

# What a migration makes belongs to whom the rest belongs to, not to the login that runs it.
_AS_THE_OWNER = text("""
    SELECT set_config('role', pg_get_userbyid(relowner), true)
      FROM pg_class
     WHERE oid = to_regclass('alembic_version') AND pg_has_role(relowner, 'USAGE')
""")


class SchemaError(Exception):
    """The database's schema is not the one that this version works with."""


def migrate(connection: Connection) -> str:
    """Run the migrations that are missing, in the caller's transaction; the revision reached."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    act_as_owner(connection)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return _head()


def act_as_owner(connection: Connection) -> None:
    """For the rest of the transaction have the rights of whom the schema belongs to, if the login
    is a member."""
    connection.execute(_AS_THE_OWNER)


def require_schema(connection: Connection) -> None:
    """Refuse a database that `unbet migrate` has not been run on. Raises `SchemaError`."""
    try:
        current = MigrationContext.configure(connection).get_current_revision()
    except ProgrammingError as error:
        raise SchemaError(f"{first_line(error)}: have `unbet roles` applied.") from error
    if current != _head():
        raise SchemaError(
            f"the database's schema is {current or 'empty'}, this version needs {_head()}: "
            "run `unbet migrate`."
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _head() -> str:
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None  # noqa: S101 - the migrations are shipped with this file
    return head
