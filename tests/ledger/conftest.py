import uuid
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Engine

from tests.databases import Databases
from tests.ledger.older import FILLED
from tests.making import Operator, bet_of, cancel_of
from unbet import connect_to, place_all
from unbet.core.message import Cancel


@pytest.fixture
def group(operator: Operator) -> list[Cancel]:
    """Cancels of 256 bets of two players: bob's is the last one."""
    operator.deposit("255.00")
    operator.deposit("1.00", user_id="bob")
    bets = [bet_of(f"r{number}", "1.00") for number in range(255)]
    with operator.engine.begin() as connection:
        place_all(connection, [*bets, bet_of("bobs", "1.00", user_id="bob")])
    return [*(cancel_of(bet.reference) for bet in bets), cancel_of("bobs", user_id="bob")]


@pytest.fixture
def old(databases: Databases) -> Iterator[Engine]:
    """A database with a ledger of revision 0003."""
    name = f"test_old_{uuid.uuid4().hex[:12]}"
    databases.run(f"CREATE DATABASE {name}")
    url = databases.url(name)
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute(FILLED.read_bytes())
    engine = connect_to(url, name="test")
    try:
        yield engine
    finally:
        engine.dispose()
        databases.run(f"DROP DATABASE {name} WITH (FORCE)")
