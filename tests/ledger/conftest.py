import pytest
from sqlalchemy import Engine

from tests.making import Operator


@pytest.fixture
def operator(engine: Engine) -> Operator:
    return Operator(engine)
