"""Where an older ledger may lie: `unbet migrate` makes no empty one beside it."""

import re
import uuid

import pytest
from sqlalchemy import Connection, Engine, text

from tests.databases import Databases
from tests.ledger.older import JOURNAL, LEDGER, rows_in
from tests.ledger.rights import RIGHTS, rights_of
from unbet import connect_to
from unbet.database.migrate import SchemaError, migrate, require_schema
from unbet.database.roles import Role, apply_roles
from unbet.wallets.ledger.audit import audit


def test_a_ledger_in_a_schema_called_unbet_is_brought_along(old: Engine) -> None:
    before = rows_in(old, ledger="public", journal="public")
    with old.begin() as connection:
        move_all_to(connection, "unbet")
        migrate(connection)
        apply_roles(connection)
        rights, expected = rights_of(connection), dict(RIGHTS)
        # Its own rights on `public` went along with the schema's name.
        del rights["public"], expected["public"]
        assert rights == expected
        owner = text("SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname ~ '^unbet_'")
        assert connection.execute(owner).scalar() == Role.OWNER
    after = rows_in(old, ledger="unbet_ledger", journal="unbet")
    assert after["entries"] == before["entries"]
    assert after["parked"] == before["parked"]
    with old.connect() as connection:
        assert audit(connection).violations == ()


@pytest.mark.parametrize("path", ["casino, public", "public"])
def test_a_ledger_in_any_other_schema_is_refused_until_that_is_renamed(
    old: Engine, path: str
) -> None:
    before = rows_in(old, ledger="public", journal="public")
    with old.begin() as connection:
        move_all_to(connection, "casino")
    with old.connect() as connection:
        connection.execute(text(f"SET LOCAL search_path TO {path}"))
        with pytest.raises(SchemaError, match="lies in the schema casino") as refused:
            migrate(connection)
        connection.rollback()
        made = text("SELECT count(*) FROM pg_namespace WHERE nspname ~ '^unbet'")
        assert connection.execute(made).scalar() == 0
    # What the sentence says is what helps.
    [remedy] = re.findall("`(ALTER .*?)`", str(refused.value))
    with old.begin() as connection:
        connection.execute(text(remedy))
        connection.execute(text(f"SET LOCAL search_path TO {path}"))
        migrate(connection)
    assert rows_in(old, ledger="unbet_ledger", journal="unbet")["entries"] == before["entries"]


def test_a_ledger_among_tables_of_others_is_brought_along_once_it_is_moved(old: Engine) -> None:
    before = rows_in(old, ledger="public", journal="public")
    with old.begin() as connection:
        move_all_to(connection, "casino")
        connection.execute(text("CREATE TABLE casino.orders (id integer)"))
        connection.execute(text("CREATE SCHEMA unbet AUTHORIZATION unbet_owner"))
        for table in (*LEDGER, *JOURNAL, "alembic_version"):
            connection.execute(text(f"ALTER TABLE casino.{table} SET SCHEMA unbet"))
        for function in ("refuse_change", "require_balanced_transfers"):
            connection.execute(text(f"ALTER FUNCTION casino.{function} SET SCHEMA unbet"))
        migrate(connection)
        left = text("SELECT relname FROM pg_class WHERE relnamespace = 'casino'::regnamespace")
        assert connection.execute(left).scalars().all() == ["orders"]
    assert rows_in(old, ledger="unbet_ledger", journal="unbet")["entries"] == before["entries"]


def test_a_copy_that_the_search_path_does_not_lead_to_stops_no_migration(old: Engine) -> None:
    with old.begin() as connection:
        connection.execute(text("CREATE SCHEMA copy"))
        for table in (*LEDGER, *JOURNAL, "alembic_version"):
            connection.execute(text(f"CREATE TABLE copy.{table} AS TABLE public.{table}"))
    with old.connect() as connection:
        connection.execute(text("SET LOCAL search_path TO copy, public"))
        with pytest.raises(SchemaError, match="lies in the schema copy"):
            migrate(connection)
        connection.rollback()
    with old.begin() as connection:
        assert migrate(connection) == migrate(connection)


def test_tables_of_others_with_some_of_our_names_are_no_ledger(databases: Databases) -> None:
    name = f"test_theirs_{uuid.uuid4().hex[:12]}"
    databases.run(f"CREATE DATABASE {name}")
    theirs = connect_to(databases.url(name), name="test")
    try:
        with theirs.begin() as connection:
            for statement in (
                "CREATE SCHEMA casino",
                "CREATE TABLE casino.alembic_version (version_num text)",
                "CREATE TABLE casino.entries (id integer)",
                "SET LOCAL search_path TO casino, public",
            ):
                connection.execute(text(statement))
            migrate(connection)
            require_schema(connection)
    finally:
        theirs.dispose()
        databases.run(f"DROP DATABASE {name} WITH (FORCE)")


def move_all_to(connection: Connection, schema: str) -> None:
    """As if that schema had come first in the search path when the ledger was made."""
    connection.execute(text(f"ALTER SCHEMA public RENAME TO {schema}"))
    connection.execute(text("CREATE SCHEMA public"))
