"""A ledger of an older revision keeps what is in it."""

from collections.abc import Iterator

import pytest
from alembic import command
from sqlalchemy import Engine, create_engine, text

from tests.making import Operator, cancel_of
from unbet import connect_to
from unbet.database.deployment import Identity, guard, history, require_deployment
from unbet.database.migrate import _config, migrate
from unbet.journal.parking import park
from worker.sweep import Sweep


@pytest.fixture
def old_engine(engine: Engine) -> Iterator[Engine]:
    """On a database at revision 0003."""
    name = f"{engine.url.database}_old"
    server = create_engine(engine.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = engine.url.set(database=name).render_as_string(hide_password=False)
    old = connect_to(url, name="test")
    with old.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
    yield old
    old.dispose()
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


def test_what_was_parked_at_revision_0003_is_decided_after_the_migration(
    old_engine: Engine,
) -> None:
    operator = Operator(old_engine)
    operator.deposit("100.00")
    operator.bet("r1", "10.00")
    with old_engine.begin() as connection:
        park(connection, [cancel_of("r1")], reason="spooled")
    for _ in range(2):
        with old_engine.begin() as connection:
            migrate(connection)
            [only] = history(connection)
    identity = Identity()
    with old_engine.connect() as connection:
        assert require_deployment(connection, identity) == []
    assert identity.id == only.id
    url = old_engine.url.render_as_string(hide_password=False)
    own = guard(connect_to(url, name="sweep"), identity)
    Sweep(own).round()
    own.dispose()
    assert operator.balance().cash == 100
