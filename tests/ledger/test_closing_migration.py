"""What was closed in a database of revision 0003 binds once it is migrated."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, make_url, text

from tests.making import Operator, cancel_of
from unbet import Refusal, connect_to
from unbet.core.message import Cancel
from unbet.core.outcomes import Outcome
from unbet.database.migrate import migrate
from unbet.journal.parking import park
from unbet.local.services import Services
from unbet.wallets.ledger.audit import audit
from unbet.wallets.ledger.interventions import reopen_parked

MIGRATIONS = Path(__file__).parents[2] / "unbet" / "database" / "migrations"
OLD: Final = "test_of_revision_0003"


@pytest.fixture
def old(running_services: Services) -> Iterator[Engine]:
    """A database as an older version left it."""
    assert running_services.database_url
    server = make_url(running_services.database_url).set(drivername="postgresql+psycopg")
    admin = create_engine(server.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {OLD} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {OLD}"))
    url = server.set(database=OLD, drivername="postgresql")
    engine = connect_to(url.render_as_string(hide_password=False), name="test")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
    try:
        yield engine
    finally:
        engine.dispose()
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {OLD} WITH (FORCE)"))
        admin.dispose()


def close_as_before(engine: Engine, *cancels: Cancel) -> None:
    """What a closing was in revision 0003."""
    with engine.begin() as connection:
        park(connection, cancels, reason="a test")
        for cancel in cancels:
            by = {"request_id": cancel.request_id}
            connection.execute(
                text("UPDATE unbet.parked SET state = 'closed' WHERE request_id = :request_id"), by
            )
            connection.execute(
                text("""
                    INSERT INTO unbet.interventions (request_id, provider, reference, action, made_by,
                                               reason)
                    SELECT request_id, provider, reference, 'close', 'ann', 'by hand' FROM unbet.parked
                     WHERE request_id = :request_id
                """),
                by,
            )


def test_what_was_closed_before_binds_once_the_database_is_migrated(old: Engine) -> None:
    operator = Operator(old)
    operator.deposit("100.00")
    for reference in ("stands", "settled", "paid twice", "another's", "unreadable", "open"):
        operator.bet(reference, "1.00")
    operator.settle("settled", "0")
    stands = cancel_of("stands")
    close_as_before(
        old,
        stands,
        cancel_of("settled"),
        cancel_of("paid twice"),
        cancel_of("another's", user_id="mallory"),
        cancel_of("unreadable"),
        cancel_of("unknown"),
    )
    operator.cancel(cancel_of("paid twice"))
    with old.begin() as connection:
        connection.execute(
            text("UPDATE unbet.parked SET cancel = 'no JSON' WHERE reference = 'unreadable'")
        )
        migrate(connection)
    old.dispose()

    references = ("stands", "settled", "paid twice", "another's", "unreadable", "unknown", "open")
    outcomes = {r: operator.cancel(cancel_of(r))[0].outcome for r in references}
    assert outcomes == {
        "stands": Outcome.CLOSED,
        "settled": Outcome.CLOSED,
        "paid twice": Outcome.REVERSED,
        "another's": Outcome.REVERSED,
        "unreadable": Outcome.REVERSED,
        "unknown": Outcome.CLOSED,
        "open": Outcome.REVERSED,
    }
    assert operator.bet("unknown", "1.00").refusal is Refusal.CANCELLED
    assert operator.balance().cash == 98
    with old.connect() as connection:
        assert audit(connection).violations == ()
    with old.begin() as connection:
        assert reopen_parked(connection, stands.request_id, made_by="bob", reason="after all")
    assert operator.cancel(stands)[0].outcome is Outcome.REVERSED
