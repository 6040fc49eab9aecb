"""A bet that comes after its cancel, where the operator's function leaves nothing behind."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from tests.making import batch_of, cancel_of
from tests.wallets.contract import outcomes, verdicts_on
from tests.wallets.open_service import MAKE_DUE, found_late, late_bets, watched
from tests.wallets.sql_casino import SqlCasino, install
from unbet.core.outcomes import Outcome
from unbet.runtime.settings import WalletSettings
from unbet.wallets.port import Decided, Undecided
from unbet.wallets.sql.making import wallet_of
from unbet.wallets.sql.wallet import SqlWallet
from worker.sweep import Sweep

OPEN_FUNCTION = Path(__file__).with_name("open_function.sql").read_text()

WROTE = text("SELECT xmin::text FROM transactions UNION SELECT xmin::text FROM unbet.found_late")


@pytest.fixture
def casino(database_url: str, engine: Engine) -> SqlCasino:
    install(database_url, function=OPEN_FUNCTION)
    casino = SqlCasino(engine)
    casino.deposit("10.00")
    return casino


@pytest.fixture
def wallet(worker_engine: Engine) -> SqlWallet:
    return SqlWallet(worker_engine, closes_unknown=False)


@pytest.fixture
def sweep_round(worker_engine: Engine, engine: Engine) -> Callable[[], None]:
    """With all that is watched due."""

    def run() -> None:
        with engine.begin() as connection:
            connection.execute(MAKE_DUE)
        parked = SqlWallet(worker_engine, parked=True, lock_wait_s=0.0, closes_unknown=False)
        Sweep(worker_engine, parked).round()

    return run


def test_it_is_reversed_by_the_sweep_and_noted_in_one_transaction(
    wallet: SqlWallet, casino: SqlCasino, engine: Engine, sweep_round: Callable[[], None]
) -> None:
    assert outcomes(wallet, cancel_of("r1"), cancel_of("r2")) == [Outcome.NO_BET] * 2
    assert casino.bet("r1", "4.00")
    sweep_round()
    assert casino.money()[0] == 10
    assert found_late(engine) == ["reversed"]
    assert watched(engine) == [1], "of the other one"
    with engine.connect() as connection:
        assert len(connection.execute(WROTE).all()) == 1


def test_late_bets_of_one_request_are_looked_at_one_by_one(
    wallet: SqlWallet, casino: SqlCasino, engine: Engine, sweep_round: Callable[[], None]
) -> None:
    assert outcomes(wallet, *batch_of("r1", "r2")) == [Outcome.NO_BET] * 2
    casino.bet("r1", "4.00")
    casino.bet("r2", "1.00")
    casino.settle("r2", "0.50")
    sweep_round()
    assert casino.money()[0] == Decimal("9.50"), "the stake of the one that stood is back"
    assert sorted(found_late(engine)) == ["reversed", "settled"]
    assert late_bets(engine).not_reversed == 1


def test_one_that_was_settled_waits_for_a_person(
    wallet: SqlWallet, casino: SqlCasino, engine: Engine, sweep_round: Callable[[], None]
) -> None:
    assert outcomes(wallet, cancel_of("r1")) == [Outcome.NO_BET]
    casino.bet("r1", "4.00")
    casino.settle("r1", "7.00")
    for _ in range(2):
        sweep_round()
    assert late_bets(engine).not_reversed == 1
    assert casino.money()[0] == 13


def test_a_request_that_is_asked_again_is_told_what_it_was_told(
    wallet: SqlWallet, casino: SqlCasino, worker_engine: Engine
) -> None:
    cancel = cancel_of("r1")
    assert outcomes(wallet, cancel) == [Outcome.NO_BET]
    casino.bet("r1", "4.00")
    (closing,) = verdicts_on(SqlWallet(worker_engine), cancel)
    assert isinstance(closing, Undecided), "not believed of a wallet that refuses late bets"
    assert casino.money()[0] == 6, "and rolled back"
    (again,) = verdicts_on(wallet, cancel)
    assert isinstance(again, Decided)
    assert (again.decision.outcome, again.late) == (Outcome.NO_BET, Outcome.REVERSED)


@pytest.mark.parametrize(("said", "closes"), [(None, True), ("true", True), ("false", False)])
def test_the_operator_says_whether_late_bets_are_refused(
    worker_engine: Engine, said: str | None, closes: bool
) -> None:
    variables = WalletSettings.model_validate({"wallet_closes_unknown": said})
    made = wallet_of(variables, worker_engine, parked=False)
    assert made.abilities.closes_unknown is closes
