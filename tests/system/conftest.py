from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.making import Operator
from tests.system.processes import System


@pytest.fixture
def operator(engine: Engine) -> Operator:
    return Operator(engine)


@pytest.fixture
def idle_system(environment: dict[str, str], tmp_path: Path) -> Iterator[System]:
    """A system in which nothing runs yet."""
    system = System(environment, tmp_path)
    yield system
    system.stop()
    for log in tmp_path.glob("*.log"):
        assert "never retrieved" not in log.read_text(errors="replace"), (
            f"a task failed: {log.name}"
        )


@pytest.fixture
def system(idle_system: System) -> System:
    """A receiver and one worker."""
    idle_system.start_both()
    return idle_system
