"""Sessions that turn out to be no good are thrown away, and what was asked is asked again."""

import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from functools import partial

import psycopg
import pytest
from sqlalchemy import Connection, Engine, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError

from testbed.chaos.addresses import POSTGRES, Addresses
from tests.ledger.deciding import apply, outcomes
from tests.making import Operator, bet_of
from unbet import connect_to, place_bet, transact
from unbet.core.message import Cancel
from unbet.core.outcomes import Outcome
from unbet.database.deadlines import run_within
from unbet.database.engine import CHECK_LIMIT_S, TRUSTED_FOR_S, UnsafeDatabaseError, require_room
from unbet.database.faults import AWAY, fault_of
from unbet.wallets.ledger.audit import audit
from unbet.wallets.ledger.sweeping import reverse_parked

ONE = text("SELECT 1")


@pytest.fixture
def by_address(database_url: str, addresses: Addresses) -> Iterator[Engine]:
    url = addresses.in_front_of(POSTGRES, database_url)
    made = connect_to(url, name="test", pool_size=2)
    yield made
    made.dispose()


def ask(connection: Connection) -> object:
    return connection.execute(ONE).scalar()


def test_a_session_that_became_read_only_costs_a_bet_nothing(operator: Operator) -> None:
    operator.deposit("10.00")
    with operator.engine.connect() as one, operator.engine.connect() as other:
        for connection in (one, other):
            connection.execute(text("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"))
            connection.commit()
    for number in range(3):
        bet = bet_of(f"r{number}", "1.00")
        assert transact(operator.engine, partial(place_bet, bet=bet)).status == "done"
    assert operator.balance().cash == Decimal(7)


def test_a_table_that_gets_a_column_costs_a_bet_nothing(
    operator: Operator, database_url: str
) -> None:
    operator.deposit("100.00")
    everything = text("SELECT * FROM unbet_ledger.players WHERE user_id = 'alice'")

    def bet(number: int) -> object:
        def work(connection: Connection) -> object:
            connection.execute(everything).all()  # an operator's own statement
            return place_bet(connection, bet_of(f"r{number}", "1.00")).status

        return transact(operator.engine, work)

    # As often as the driver needs to prepare it.
    assert {bet(number) for number in range(10)} == {"done"}
    # From another session: the driver forgets what it has prepared where it alters a table itself.
    with psycopg.connect(database_url) as other:
        for table in ("players", "bets", "accounts", "transfers"):
            other.execute(f"ALTER TABLE unbet_ledger.{table} ADD COLUMN noted text")
    assert {bet(number) for number in range(10, 20)} == {"done"}


def test_an_idle_session_whose_peer_vanished_costs_a_moment(
    by_address: Engine, addresses: Addresses
) -> None:
    assert run_within(by_address, 5.0, ask) == 1
    addresses.silence_established(POSTGRES)
    time.sleep(TRUSTED_FOR_S)  # what is tested begins then
    began = time.monotonic()
    assert run_within(by_address, 5.0, ask) == 1
    assert CHECK_LIMIT_S <= time.monotonic() - began < 3


def test_a_session_whose_peer_vanishes_in_use_is_given_up_and_replaced(
    by_address: Engine, addresses: Addresses
) -> None:
    assert run_within(by_address, 5.0, ask) == 1
    addresses.silence_established(POSTGRES)
    assert transact(by_address, ask, limit_s=0.5) == 1


def test_a_server_that_says_nothing_ends_a_transaction_in_time(
    by_address: Engine, addresses: Addresses
) -> None:
    assert run_within(by_address, 5.0, ask) == 1
    addresses.silence_all(POSTGRES)
    began = time.monotonic()
    with pytest.raises(OperationalError) as caught:
        transact(by_address, ask, limit_s=0.5)
    assert fault_of(caught.value) in AWAY
    assert time.monotonic() - began < 10
    addresses.resume(POSTGRES)
    assert transact(by_address, ask) == 1


def test_a_server_that_refuses_for_a_moment_is_waited_for(
    by_address: Engine, addresses: Addresses
) -> None:
    addresses.stop_listening(POSTGRES)
    back = threading.Timer(0.5, addresses.listen_again, [POSTGRES])
    back.start()
    assert transact(by_address, ask, within_s=20) == 1
    back.join()


def test_the_other_host_is_asked_where_one_does_not_resolve_or_refuses(database_url: str) -> None:
    url = make_url(database_url)
    login = f"{url.username}:{url.password}"
    engine = connect_to(
        f"postgresql://{login}@gone.invalid:5432,127.0.0.1:1,127.0.0.1:{url.port}/{url.database}"
        "?target_session_attrs=read-write",
        name="test",
    )
    assert run_within(engine, 5.0, ask) == 1
    engine.dispose()


def test_a_name_that_does_not_resolve_is_a_ledger_that_is_away() -> None:
    engine = connect_to("postgresql://unbet@gone.invalid/unbet", name="test")
    with pytest.raises(DBAPIError) as caught:
        transact(engine, ask, within_s=0.2)
    assert fault_of(caught.value) in AWAY


def test_a_server_that_takes_no_writes_is_not_connected_to(database_url: str) -> None:
    name = make_url(database_url).database
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        engine = connect_to(database_url, name="test")
        reading = connect_to(database_url, name="test", writes=False)
        try:
            with pytest.raises(DBAPIError, match="read-only") as caught:
                transact(engine, ask, within_s=0.2)
            assert fault_of(caught.value) in AWAY
            assert run_within(reading, 5.0, ask) == 1
        finally:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
            engine.dispose()
            reading.dispose()


def test_sequences_behind_their_tables_make_no_cancel_dead(
    operator: Operator, group: list[Cancel]
) -> None:
    cancels = group[:3]
    with operator.engine.begin() as connection:
        connection.execute(
            text("""
                SELECT setval('unbet_ledger.transfers_id_seq', min(id)) FROM unbet_ledger.transfers
            """)
        )
    parts = list(apply(operator.engine, cancels))
    assert set(outcomes(parts, cancels).values()) == {Outcome.PARKED}
    with operator.engine.begin() as connection:
        rows = connection.execute(text("SELECT state, reason, tries FROM unbet.parked")).all()
        assert {tuple(row) for row in rows} == {("parked", "database", 0)}
        with pytest.raises(UnsafeDatabaseError, match=r"transfers_id_seq .* setval"):
            require_room(connection)
    with operator.engine.connect() as connection:
        (violation,) = audit(connection).violations
        assert violation.check == "sequences_are_ahead"
        assert [row["sequence"] for row in violation.rows] == ["unbet_ledger.transfers_id_seq"]
    with operator.engine.begin() as connection:
        connection.execute(
            text("""
                SELECT setval('unbet_ledger.transfers_id_seq', max(id)) FROM unbet_ledger.transfers
            """)
        )
    parts = list(apply(operator.engine, cancels, decide=reverse_parked))
    assert set(outcomes(parts, cancels).values()) == {Outcome.REVERSED}
    with operator.engine.begin() as connection:
        require_room(connection)
    with operator.engine.connect() as connection:
        assert audit(connection).ok
