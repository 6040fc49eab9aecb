"""A database with the example of an operator's own wallet in it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.databases import url_as
from tests.wallets.sql_casino import SqlCasino, install
from unbet import connect_to
from unbet.database.roles import Role
from unbet.wallets.sql.wallet import SqlWallet


@pytest.fixture
def sql_casino(database_url: str, engine: Engine) -> SqlCasino:
    install(database_url)
    return SqlCasino(engine)


@pytest.fixture
def worker_engine(database_url: str) -> Iterator[Engine]:
    """With a worker's rights."""
    made = connect_to(url_as(Role.WORKER, database_url), name="test", pool_size=16)
    yield made
    made.dispose()


@pytest.fixture
def sql_wallet(worker_engine: Engine) -> SqlWallet:
    return SqlWallet(worker_engine)
