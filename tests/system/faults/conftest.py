from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ops import services
from tests.databases import migrated
from tests.making import Operator
from tests.system.processes import environment_of
from tests.system.watching import PLAYER


@pytest.fixture
def own_services(own_directory: Path) -> Path:
    """A PostgreSQL and a Redis that this test may ill-treat."""
    services.start(own_directory)
    return own_directory


@pytest.fixture
def engine(own_services: Path) -> Iterator[Engine]:
    url = services.status(own_services).services.database_url
    assert url
    made = migrated(url)
    yield made
    made.dispose()


@pytest.fixture
def environment(own_services: Path, tmp_path: Path, operator: Operator) -> dict[str, str]:
    """The system's variables; the operator's ledger is there first."""
    assert operator
    return environment_of(tmp_path, services.status(own_services).services.environment())


@pytest.fixture
def operator(engine: Engine) -> Operator:
    operator = Operator(engine)
    operator.deposit("1000.00", **PLAYER)
    return operator
