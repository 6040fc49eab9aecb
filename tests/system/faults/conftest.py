import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.databases import Databases, migrated
from tests.operating import Operator
from tests.servers import PostgreSQL, Standby, services
from tests.system.processes import environment_of
from tests.system.watching import PLAYER


@pytest.fixture(scope="session")
def kept_servers() -> Iterator[Path]:
    """A PostgreSQL and a Redis for the tests that use `kept.py`."""
    directory = Path(tempfile.mkdtemp(prefix="unbet-test-")) / "services"
    try:
        services.start(directory)
        yield directory
    finally:
        services.stop(directory)
        shutil.rmtree(directory.parent)


@pytest.fixture(scope="session")
def kept_databases(kept_servers: Path) -> Databases:
    url = services.status(kept_servers).services.database_url
    assert url
    return Databases(url)


@pytest.fixture
def own_services(own_directory: Path) -> Path:
    """A PostgreSQL and a Redis that this test may ill-treat."""
    services.start(own_directory)
    return own_directory


@pytest.fixture
def primary(own_services: Path) -> PostgreSQL:
    """That PostgreSQL."""
    return PostgreSQL(own_services)


@pytest.fixture
def standby(primary: PostgreSQL, own_services: Path) -> Iterator[Standby]:
    """It runs, and follows the primary."""
    made = Standby(own_services / "standby")
    try:
        made.copy(primary)
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def service_url(own_services: Path) -> str:
    """Where everybody finds PostgreSQL, the operator too: the server's own address, or what a test
    has put in front of it."""
    return PostgreSQL.url(PostgreSQL(own_services).access)


@pytest.fixture
def engine(service_url: str) -> Iterator[Engine]:
    made = migrated(service_url)
    yield made
    made.dispose()


@pytest.fixture
def environment(
    own_services: Path, tmp_path: Path, operator: Operator, service_url: str
) -> dict[str, str]:
    """The system's variables; the operator's ledger is there first."""
    assert operator
    urls = services.status(own_services).services.environment()
    return environment_of(tmp_path, urls | {"UNBET_DATABASE_URL": service_url})


@pytest.fixture
def operator(engine: Engine) -> Operator:
    operator = Operator(engine)
    operator.deposit("1000.00", **PLAYER)
    return operator
