"""In which encoding a reference travels is nobody's choice."""

import pytest
from sqlalchemy import Engine, create_engine, text

from tests.ledger.deciding import apply
from tests.making import cancel_of
from unbet import connect_to
from unbet.core.outcomes import Outcome
from unbet.database.engine import UnsafeDatabaseError, require_durability


def test_the_shell_does_not_decide_how_a_reference_travels(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    engine = connect_to(database_url, name="test")
    [decisions] = apply(engine, [cancel_of("r1"), cancel_of("r€")])
    engine.dispose()
    assert [decision.outcome for decision in decisions] == [Outcome.NO_BET] * 2


def test_a_database_that_cannot_hold_every_reference_is_refused(engine: Engine) -> None:
    owner = create_engine(engine.url, isolation_level="AUTOCOMMIT")
    narrow = connect_to(
        engine.url.set(database="narrow").render_as_string(hide_password=False), name="test"
    )
    with owner.connect() as connection:
        connection.execute(
            text("CREATE DATABASE narrow ENCODING LATIN1 LOCALE 'C' TEMPLATE template0")
        )
        with narrow.connect() as other, pytest.raises(UnsafeDatabaseError, match="LATIN1"):
            require_durability(other)
        narrow.dispose()
        connection.execute(text("DROP DATABASE narrow WITH (FORCE)"))
    owner.dispose()
