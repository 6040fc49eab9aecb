"""Migrates the schema to the newest revision."""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from unbet.database.faults import first_line

MIGRATION_LIMITS: Final = {
    "statement_timeout": "0",  # an index on a large table takes minutes
    "lock_timeout": "60s",  # two that migrate at once take turns
}
"""Session settings for whoever changes the schema, or the rights in it."""

LOCK = 0x756E626574  # "unbet": two processes that migrate at once take turns

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
HEAD: Final = max(file.name[:4] for file in (_MIGRATIONS / "versions").glob("[0-9]*.sql"))
"""The newest revision."""

VERSION_SCHEMA: Final = "unbet"
"""The schema whose `alembic_version` is ours: an operator may have one of their own in `public`."""

# Up to revision 0005 everything was in one schema: `public`, or where the login's search path led.
# The search path of whoever migrates need not be that login's, so every schema is looked at.
_OLD_LEDGER = text("""
    SELECT quote_ident(nspname)
      FROM pg_class
      JOIN pg_namespace ON pg_namespace.oid = relnamespace
     WHERE relname IN ('alembic_version', 'parked', 'entries') AND relkind = 'r'
       AND to_regclass('unbet.alembic_version') IS NULL
     GROUP BY nspname
    HAVING count(*) = 3
     ORDER BY array_position(current_schemas(false), nspname), nspname = 'public' DESC, nspname
     LIMIT 1
""")

# The owner of what is there need not be allowed to make schemas, so they are made first. The search
# path is for the revisions up to 0006.
_MAKE_SCHEMAS = text("""
    DO $$
    DECLARE
        owner text;
        place text := 'unbet';
    BEGIN
        IF to_regclass('unbet.alembic_version') IS NULL THEN
            CREATE SCHEMA IF NOT EXISTS unbet;
            IF to_regclass('public.alembic_version') IS NOT NULL
               AND to_regclass('public.parked') IS NOT NULL
               AND to_regclass('public.entries') IS NOT NULL
            THEN
                ALTER TABLE public.alembic_version SET SCHEMA unbet;
                place := 'public';
            END IF;
        END IF;
        IF to_regclass('unbet_ledger.entries') IS NULL THEN
            CREATE SCHEMA IF NOT EXISTS unbet_ledger;
            SELECT pg_get_userbyid(relowner) INTO owner
              FROM pg_class WHERE oid = to_regclass('unbet.alembic_version');
            IF owner IS NOT NULL THEN
                EXECUTE format('ALTER SCHEMA unbet_ledger OWNER TO %I', owner);
            END IF;
            IF place = 'public' THEN
                EXECUTE format('ALTER SCHEMA unbet OWNER TO %I', owner);
            END IF;
        END IF;
        PERFORM set_config('search_path', place, true);
    END $$
""")

# What a migration makes belongs to whom the rest belongs to, not to the login that runs it.
_AS_THE_OWNER = text("""
    SELECT set_config('role', pg_get_userbyid(relowner), true)
      FROM pg_class
     WHERE oid = to_regclass('unbet.alembic_version') AND pg_has_role(relowner, 'USAGE')
""")

_EXISTS = text("SELECT to_regclass('unbet.alembic_version') IS NOT NULL")
_CURRENT = text("SELECT version_num FROM unbet.alembic_version")


class SchemaError(Exception):
    """The database's schema is not the one that this version works with."""


def migrate(connection: Connection) -> str:
    """Run the migrations that are missing, in the caller's transaction; the revision reached.
    Raises `SchemaError`."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    try:
        _require_a_known_place(connection)
        connection.execute(_MAKE_SCHEMAS)
    except ProgrammingError as error:
        raise SchemaError(
            f"{first_line(error)}: the schemas unbet and unbet_ledger are made by `unbet migrate` "
            "once as the database's owner or a superuser."
        ) from error
    act_as_owner(connection)
    _upgrade(connection)
    connection.execute(text("SET LOCAL search_path TO DEFAULT"))
    return HEAD


def act_as_owner(connection: Connection) -> None:
    """For the rest of the transaction have the rights of whom the schema belongs to, if the login
    is a member."""
    connection.execute(_AS_THE_OWNER)


def require_schema(connection: Connection) -> None:
    """Refuse a database that `unbet migrate` has not been run on. Raises `SchemaError`."""
    try:
        exists = connection.execute(_EXISTS).scalar()
        current = connection.execute(_CURRENT).scalar() if exists else None
    except ProgrammingError as error:
        raise SchemaError(f"{first_line(error)}: have `unbet roles` applied.") from error
    if current != HEAD:
        raise SchemaError(
            f"the database's schema is {current or 'empty, or older than 0006'}, this version "
            f"needs {HEAD}: run `unbet migrate`."
        )


def _require_a_known_place(connection: Connection) -> None:
    """Refuse to make a new ledger beside an older one that is not in `public`."""
    schema = connection.execute(_OLD_LEDGER).scalar()
    if schema not in (None, "public"):
        raise SchemaError(
            f"a ledger of an older version lies in the schema {schema}, which `unbet migrate` does "
            f"not look into: stop every process on it, run `ALTER SCHEMA {schema} RENAME TO unbet` "
            "and migrate again. If other tables lie there as well, make a schema unbet that "
            "belongs to the ledger's owner, and move the ledger's tables and functions there "
            "instead."
        )


def _upgrade(connection: Connection) -> None:
    # Only here: every process starts a quarter of a second earlier without it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
