"""Fresh migrated databases for tests: used again after being emptied, as long as nobody changed
their schema, because making one takes a third of a second."""

import uuid
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, Engine, create_engine, make_url, text

from unbet import connect_to
from unbet.database.deployment import current, record
from unbet.database.migrate import migrate
from unbet.database.roles import Role
from unbet.local.logins import Logins

_FINGERPRINT: Final = text("""
    SELECT md5(string_agg(line, ',' ORDER BY line)) FROM (
        SELECT format('trigger %s %s %s', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger
        UNION ALL
        SELECT format('constraint %s %s', conrelid::regclass, conname) FROM pg_constraint
        UNION ALL
        SELECT format('relation %s %s %s', relname, relowner::regrole, relacl) FROM pg_class
         WHERE relnamespace IN ('unbet'::regnamespace, 'unbet_ledger'::regnamespace)
        UNION ALL
        SELECT format('column %s %s %s', attrelid::regclass, attname, attacl) FROM pg_attribute
         WHERE attacl IS NOT NULL
    ) AS schema (line)
""")

_TABLES: Final = text("""
    SELECT format('%s.%s', schemaname, tablename) FROM pg_tables
     WHERE schemaname IN ('unbet', 'unbet_ledger') AND tablename <> 'alembic_version'
     ORDER BY 1
""")

PASSWORDS: Final = dict.fromkeys(Role, "a-password-for-tests-only")


def migrated(url: str) -> Engine:
    """The ledger's own engine on a database that gets its schema and its roles here."""
    engine = connect_to(url, name="test")
    with engine.begin() as connection:
        migrate(connection)
    Logins(url, PASSWORDS).make()
    return engine


def engine_of(url: str) -> Engine:
    """The ledger's own engine on a database that is there."""
    return connect_to(url, name="test")


def url_as(role: Role, url: str) -> str:
    """The database's at `url`, with the rights of `role` only."""
    return Logins(url, PASSWORDS).url(role)


def deployment_at(url: str) -> UUID:
    """Which deployment the database at `url` is of."""
    engine = connect_to(url, name="test", pool_size=1)
    with engine.connect() as connection:
        found = current(connection)
    engine.dispose()
    return found


class Databases:
    """The databases of one test run on one server."""

    def __init__(self, server_url: str) -> None:
        self._server = make_url(server_url).set(drivername="postgresql+psycopg")
        self._template = "unbet_template"
        self._free: list[str] = []
        self.run(f"CREATE DATABASE {self._template}")
        engine = migrated(self.url(self._template))
        with engine.begin() as connection:
            self._fingerprint = connection.execute(_FINGERPRINT).scalar()
        engine.dispose()

    def take(self) -> str:
        """The URL of an empty, migrated database."""
        if self._free:
            return self._free.pop()
        name = f"test_{uuid.uuid4().hex[:12]}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {self._template}")
        # A copy has the template's rights on its tables, not on the database itself.
        Logins(self.url(name), {}).make()
        # ... and its identity: each is to be a deployment of its own.
        engine = create_engine(self.url(name))
        with engine.begin() as connection:
            record(connection, recorded_by="the tests", keep=False)
        engine.dispose()
        return self.url(name)

    def give_back(self, url: str) -> None:
        """Empty it for the next test, or drop it if its schema is no longer the same."""
        engine = create_engine(url)
        with engine.begin() as connection:
            as_new = connection.execute(_FINGERPRINT).scalar() == self._fingerprint
            if as_new:
                _empty(connection)
        engine.dispose()
        if as_new:
            self._free.append(url)
        else:
            self.run(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def empty(self, url: str) -> None:
        """Empty it under those who are at work on it."""
        engine = engine_of(url)
        with engine.begin() as connection:
            _delete_all(connection)
        engine.dispose()

    def url(self, database: str) -> str:
        return self._server.set(database=database).render_as_string(hide_password=False)

    def run(self, statement: str) -> None:
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


def tables(connection: Connection) -> list[str]:
    """All of ours, with their schemas."""
    return [*connection.execute(_TABLES).scalars()]


def _empty(connection: Connection) -> None:
    # A process that a test left behind must not hold this up, nor write into the next test: it is
    # waited for (ms).
    connection.execute(
        text("""
            SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()
        """)
    )
    _delete_all(connection)


def _delete_all(connection: Connection) -> None:
    # The guards against deleting are what this switches off, for this transaction only.
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    for table in tables(connection):
        if table != "unbet.deployment":
            connection.execute(text(f"DELETE FROM {table}"))
