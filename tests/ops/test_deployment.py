"""`unbet deployment`: a copied database is found out, and made a deployment of its own."""

import io
import sys
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from tests.databases import deployment_at, url_as
from tests.ops.conftest import Unbet
from unbet import connect_to
from unbet.database.roles import Role
from unbet.local.logins import Logins


@pytest.fixture
def copy(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A copy of the test's database, as a staging system is made of one, for the command line."""
    url = engine.url.render_as_string(hide_password=False)
    engine.dispose()
    name = f"{engine.url.database}_copy"
    server = create_engine(engine.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {engine.url.database}"))
    copied = make_url(url).set(database=name).render_as_string(hide_password=False)
    Logins(copied, {}).make()
    monkeypatch.setenv("UNBET_DATABASE_URL", copied.replace("+psycopg", ""))
    yield copied
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


def test_a_copy_is_found_out_and_given_an_identity_of_its_own(
    unbet: Unbet, copy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    shown = unbet("deployment", "show", "--json").document
    assert (shown["deployment"], shown["at_origin"]) == (str(deployment_at(copy)), False)
    assert "`renew` if it is a copy" in unbet("deployment", "show").out
    assert unbet("deployment", "renew").status == 1, "it was refused when it asked"
    renewed = unbet("deployment", "renew", "--yes", "--json").document
    assert renewed["deployment"] != shown["deployment"]
    assert renewed["recorded_at"] > shown["recorded_at"]
    again = unbet("deployment", "show", "--json").document
    assert (again["deployment"], again["at_origin"]) == (renewed["deployment"], True)
    before = [row["deployment"] for row in again["history"]][1:]
    assert before[0] == shown["deployment"]


def test_a_database_that_has_moved_keeps_its_identity(unbet: Unbet, copy: str) -> None:
    before = deployment_at(copy)
    assert unbet("deployment", "keep", "--yes", "--json").document["deployment"] == str(before)
    assert unbet("deployment", "show", "--json").document["at_origin"] is True


def test_an_identity_is_not_changed_under_a_process_at_work(unbet: Unbet, copy: str) -> None:
    at_work = connect_to(copy, name="sweep")
    with at_work.connect():
        refused = unbet("deployment", "renew", "--yes")
    at_work.dispose()
    assert refused.status == 1
    assert "unbet-sweep is connected to this database: stop it first." in refused.err


def test_no_process_can_change_the_identity(
    unbet: Unbet, copy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNBET_DATABASE_URL", url_as(Role.OPERATOR, copy))
    refused = unbet("deployment", "renew", "--yes")
    assert refused.status == 1
    assert "permission denied" in refused.err
