"""A benchmark whose answers the ledger does not bear out fails."""

import pytest
from sqlalchemy import Engine, text

from benchmarks import filling
from benchmarks.checking import CheckError, check, check_whole
from benchmarks.filling import cancel_of
from tests.making import Operator


@pytest.fixture
def bets(engine: Engine) -> list[filling.Bet]:
    """Ten bets of which the first eight are reversed."""
    user_ids = filling.players(2)
    filling.open_accounts(engine, user_ids)
    bets = filling.new_bets(filling.references(), 10, user_ids)
    filling.place(engine, bets)
    Operator(engine).cancel(*map(cancel_of, bets[:8]))
    return bets


def references(bets: list[filling.Bet]) -> list[str]:
    return [bet.reference for bet in bets]


def test_a_run_that_the_ledger_bears_out_passes(engine: Engine, bets: list[filling.Bet]) -> None:
    assert check(engine, bets, references(bets[:8]), unanswered=0) == 8


def test_as_many_reversals_as_were_on_their_way_may_be_unanswered(
    engine: Engine, bets: list[filling.Bet]
) -> None:
    assert check(engine, bets, references(bets[:5]), unanswered=3) == 8
    with pytest.raises(CheckError, match="3 reversed without an answer, at most 2 can be"):
        check(engine, bets, references(bets[:5]), unanswered=2)


def test_an_answer_without_a_reversal_is_found(engine: Engine, bets: list[filling.Bet]) -> None:
    with pytest.raises(CheckError, match=f"1 answered, but not reversed: {bets[8].reference}"):
        check(engine, bets, references(bets[:9]), unanswered=16)


def test_a_second_reversal_is_found(engine: Engine, bets: list[filling.Bet]) -> None:
    with engine.begin() as connection:
        connection.execute(text("DROP INDEX unbet_ledger.one_reversal_per_bet"))
        connection.execute(
            text("""
                INSERT INTO unbet_ledger.transfers (kind, bet_id)
                SELECT 'reversal', id FROM unbet_ledger.bets WHERE reference = :reference
            """),
            {"reference": bets[3].reference},
        )
    with pytest.raises(CheckError, match=f"1 reversed more than once: {bets[3].reference}"):
        check(engine, bets, references(bets[:8]), unanswered=16)


def test_an_answer_to_a_cancel_that_was_not_sent_is_found(
    engine: Engine, bets: list[filling.Bet]
) -> None:
    with pytest.raises(CheckError, match="1 answered, but never sent: unheard-of"):
        check(engine, bets, [*references(bets[:8]), "unheard-of"], unanswered=16)


def test_an_answer_given_twice_is_found(engine: Engine, bets: list[filling.Bet]) -> None:
    with pytest.raises(CheckError, match="1 answered more than once"):
        check(engine, bets, references([*bets[:8], bets[0]]), unanswered=16)


def test_the_audit_of_a_whole_ledger_is_part_of_it(
    engine: Engine, database_url: str, bets: list[filling.Bet]
) -> None:
    assert check_whole(database_url) == 2 * (len(bets) + 8 + 2)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE unbet_ledger.accounts SET balance = balance + 1 WHERE kind = 'cash'")
        )
    with pytest.raises(CheckError, match="the audit finds"):
        check_whole(database_url)
