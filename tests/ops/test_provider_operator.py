"""The operator that the played provider places its bets at: our own ledger."""

import asyncio
from decimal import Decimal

import pytest
from sqlalchemy import Engine

import unbet
from testbed.provider import Answer, Bet, LedgerOperator, NoAnswerError, Player, Win


@pytest.fixture
def operator(engine: Engine) -> LedgerOperator:
    return LedgerOperator(engine, "LuckyMonaco")


def bet(reference: str, amount: str = "0.50") -> Bet:
    return Bet(user_id="alice", currency="EUR", amount=Decimal(amount), reference=reference)


async def test_bets_placed_at_the_same_time_all_reach_the_ledger(
    operator: LedgerOperator, engine: Engine
) -> None:
    await operator.deposit(Player("alice", "EUR"), Decimal("100.00"), "deposit")
    bets = [*(bet(f"bet {n}") for n in range(150)), bet("too much", "25.01"), bet("bet 0")]

    answers = await asyncio.gather(*map(operator.place, bets))
    won = await operator.settle(Win(reference="bet 0", amount=Decimal("1.00")))

    assert [each.code for each in answers] == [*[0] * 150, 1, 0]
    assert won.code == 0
    with engine.connect() as connection:
        assert unbet.balance(connection, "alice", "EUR").cash == Decimal("26.00")


async def test_a_bet_in_another_transactions_way_does_not_hold_up_the_others(
    operator: LedgerOperator, engine: Engine
) -> None:
    await operator.deposit(Player("alice", "EUR"), Decimal("100.00"), "deposit")
    await operator.place(bet("before"))
    held = unbet.Bet(
        user_id="bob", currency="EUR", amount="0.00", provider="LuckyMonaco", reference="held"
    )
    with engine.begin() as other:
        unbet.place_bet(other, held)
        answers = await asyncio.gather(
            *map(operator.place, [bet("one"), bet("held"), bet("two")]), return_exceptions=True
        )

    assert [type(each) for each in answers] == [Answer, NoAnswerError, Answer]


async def test_a_ledger_that_is_away_is_a_temporary_error() -> None:
    away = unbet.connect_to("postgresql://unbet@127.0.0.1:1/unbet", name="test")
    operator = LedgerOperator(away, "LuckyMonaco")

    with pytest.raises(NoAnswerError, match="the ledger failed"):
        await operator.place(bet("any"))
