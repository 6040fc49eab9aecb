"""Bets in bulk are as good as bets placed one by one."""

import re
from itertools import islice

import pytest
from sqlalchemy import Engine

from benchmarks import filling
from benchmarks.filling import cancel_of
from tests.making import Operator
from unbet.core.outcomes import Outcome
from unbet.wallets.ledger.audit import audit


@pytest.fixture
def bets(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[filling.Bet]:
    """Placed in several chunks, some of which are of the same players."""
    monkeypatch.setattr(filling, "CHUNK", 40)
    user_ids = filling.players(7)
    filling.open_accounts(engine, user_ids)
    bets = filling.new_bets(filling.references(), 100, user_ids)
    filling.place(engine, bets)
    return bets


def test_the_audit_of_a_filled_ledger_is_clean(engine: Engine, bets: list[filling.Bet]) -> None:
    with engine.connect() as connection:
        report = audit(connection)
    assert report.violations == ()
    assert report.checked["bets"] == len(bets)
    assert report.checked["entries"] == 2 * (len(bets) + 7)


def test_the_audit_is_clean_after_their_cancels(engine: Engine, bets: list[filling.Bet]) -> None:
    decisions = Operator(engine).cancel(*map(cancel_of, bets))
    assert {decision.outcome for decision in decisions} == {Outcome.REVERSED}
    with engine.connect() as connection:
        assert audit(connection).violations == ()


def test_a_ledger_is_filled_up_to_the_number_asked_for(database_url: str) -> None:
    engine = filling.bulk_engine(database_url)
    said: list[int] = []
    assert filling.fill(engine, 30, said.append) == 30
    assert filling.fill(engine, 50, said.append) == 50
    assert filling.fill(engine, 20, said.append) == 50
    assert said == [30, 50]
    with engine.connect() as connection:
        report = audit(connection)
    engine.dispose()
    assert report.violations == ()
    assert report.checked["bets"] == 50


def test_a_bet_of_a_player_without_an_account_is_an_error(engine: Engine) -> None:
    with pytest.raises(ValueError, match="1 bets are of players without an account"):
        filling.place(engine, [filling.Bet("5" * 24, "nobody")])


def test_references_are_as_the_provider_makes_them() -> None:
    made = list(islice(filling.references(begin_s=0x585C1306), 1000))
    assert len({*made}) == 1000
    assert all(re.fullmatch("[0-9a-f]{24}", reference) for reference in made)
    assert made[0].startswith("585c1306")
    # The clock's part ascends, the machines take turns within its seconds.
    seconds = [reference[:8] for reference in made]
    assert seconds == sorted(seconds)
    assert made != sorted(made)
    assert 2 <= len({reference[8:18] for reference in made}) <= 10
