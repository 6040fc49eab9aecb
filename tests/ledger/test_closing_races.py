"""A person closes and reopens cancels while they are decided, some hundred times each."""

import pytest
from sqlalchemy import Engine

from tests.ledger.closing import RACES, Race
from tests.making import Operator


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("race", RACES)
def test_five_hundred_closings_at_the_moment_of_the_decision_come_to_one_of_both(
    engine: Engine, operator: Operator, race: Race
) -> None:
    race(engine, operator, 500)
