"""One MariaDB for all of these tests, and the example's tables, made anew for each."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Engine

import examples.wallet_http
from examples.casino.database import engine_for
from tests.mariadb.server import MariaDB, running

TABLES: Final = Path(examples.wallet_http.__file__).with_name("mariadb.sql").read_text("utf-8")


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    directory = Path(tempfile.mkdtemp(prefix="unbet-test-"))
    try:
        with running(directory / "mariadb") as server:
            yield server
    finally:
        shutil.rmtree(directory)


@pytest.fixture
def casino_engine(mariadb: MariaDB) -> Iterator[Engine]:
    mariadb.run("DROP DATABASE IF EXISTS casino")
    mariadb.run(TABLES)
    engine = engine_for(mariadb.url, pool_size=16)
    yield engine
    engine.dispose()
