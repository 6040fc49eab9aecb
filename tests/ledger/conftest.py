import pytest

from tests.making import Operator, bet_of, cancel_of
from unbet import place_all
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
