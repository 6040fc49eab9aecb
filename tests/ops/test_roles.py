"""`unbet roles`, and the logins that a database of our own gets."""

from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, make_url, text

from tests.databases import PASSWORDS, url_as
from tests.ledger.rights import RIGHTS, rights_of
from tests.ops.conftest import Unbet
from unbet import connect_to
from unbet.database.roles import ROLES, Role
from unbet.local import services
from unbet.local.logins import Logins


def test_the_sql_is_printed_for_psql(unbet: Unbet) -> None:
    assert unbet("roles").out == ROLES


def test_the_roles_are_applied_by_whoever_may(
    unbet: Unbet, engine: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with engine.begin() as connection:
        connection.execute(text("GRANT ALL ON unbet_ledger.entries TO unbet_receiver"))
    refused = unbet("roles", "--apply")
    assert (refused.status, refused.err.startswith("unbet: the database refused")) == (1, True)
    monkeypatch.setenv("UNBET_DATABASE_URL", database_url)
    assert unbet("roles", "--apply").status == 0
    with engine.connect() as connection:
        assert rights_of(connection) == RIGHTS


def test_a_hosted_databases_owner_applies_them_without_a_superuser(
    own_directory: Path, unbet: Unbet, monkeypatch: pytest.MonkeyPatch
) -> None:
    superuser = make_url(str(services.start(own_directory, redis=False).database_url))
    with psycopg.connect(superuser.render_as_string(False), autocommit=True) as connection:
        connection.execute("CREATE ROLE hosted LOGIN CREATEROLE PASSWORD 'hosted'")
        connection.execute("CREATE DATABASE hosted OWNER hosted")
    hosted = superuser.set(username="hosted", password="hosted", database="hosted")  # noqa: S106
    monkeypatch.setenv("UNBET_DATABASE_URL", hosted.render_as_string(False))
    for command in (["migrate"], ["roles", "--apply"], ["migrate"], ["roles", "--apply"]):
        ran = unbet(*command)
        assert ran.status == 0, ran.err
    engine = connect_to(hosted.render_as_string(False), name="test")
    with engine.begin() as connection:
        assert rights_of(connection) == RIGHTS
        connection.execute(text("CREATE ROLE casino LOGIN PASSWORD 'c' IN ROLE unbet_receiver"))
    engine.dispose()


def test_each_process_has_its_own_url_and_one_without_a_role_has_no_login() -> None:
    logins = Logins("postgresql://unbet:all@db:5432/unbet", {Role.RECEIVER: "r", Role.WORKER: "w"})
    assert [
        logins.variables(line)["UNBET_DATABASE_URL"] for line in ("web", "sweep", "flower")
    ] == [
        "postgresql://unbet_receiver_login:r@db:5432/unbet",
        "postgresql://unbet_worker_login:w@db:5432/unbet",
        "postgresql://db:5432/unbet",
    ]
    assert "all" not in repr(logins)


def test_a_login_that_is_there_gets_the_new_password(database_url: str, engine: Engine) -> None:
    assert engine
    try:
        changed = Logins(database_url, {Role.RECEIVER: "another"})
        changed.make()
        psycopg.connect(changed.url(Role.RECEIVER)).close()
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(url_as(Role.RECEIVER, database_url))
    finally:
        Logins(database_url, PASSWORDS).make()
