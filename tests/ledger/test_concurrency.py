"""Several connections at the same instant: what may never happen in between.

(Over 250 lines: the ways to start at once and to wait for a lock serve all of them.)
"""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from typing import TypeVar

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tests.making import PROVIDER, Operator, bet_of, cancel_of
from tests.tiers import long
from tests.waiting import until, waiting_for_locks
from unbet import Result, Settlement, Status, place_all, settle_bet
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.wallets.ledger.audit import audit
from unbet.wallets.ledger.reversal import REVERSE, parameters_of, reverse

AT_ONCE = 16
"""As many as the engine has connections."""
RACES = [100, long(1000)]
RACES_LIMIT_S = 600
"""Each commits twice, on a disk that others use as well."""


Value = TypeVar("Value")


def at_once(*calls: Callable[[], Value]) -> list[Value]:
    """Run `calls` in threads that start together; the results in their order."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], Value]) -> Value:
        barrier.wait(timeout=10)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(timeout=30) for future in [pool.submit(run, c) for c in calls]]


def outcome(operator: Operator, cancel: Cancel) -> Outcome:
    return operator.cancel(cancel)[0].outcome


@pytest.mark.timeout(RACES_LIMIT_S)
@pytest.mark.parametrize("races", RACES)
def test_bet_and_cancel_racing_leave_the_balance_unchanged(operator: Operator, races: int) -> None:
    operator.deposit("10.00")
    orders: Counter[tuple[Status, Outcome]] = Counter()

    def race(number: int) -> None:
        reference = f"r{number}"
        bet, cancelled = at_once(
            lambda: operator.bet(reference, "7.00"), lambda: operator.cancel(cancel_of(reference))
        )
        assert isinstance(bet, Result)
        assert isinstance(cancelled, list)
        orders[bet.status, cancelled[0].outcome] += 1
        assert operator.balance().cash == Decimal(10), f"after race {number}"

    for number in range(races):
        race(number)
    assert set(orders) <= {(Status.DONE, Outcome.REVERSED), (Status.REFUSED, Outcome.NO_BET)}
    # Both orders must have happened, or the races raced nothing.
    assert len(orders) == 2, orders


def test_a_cancel_that_meets_a_bet_in_mid_commit_goes_round_again(operator: Operator) -> None:
    operator.deposit("10.00")
    bet_inserted, may_commit = threading.Event(), threading.Event()

    def slow_bet() -> None:
        with operator.engine.begin() as connection:
            place_all(connection, [bet_of("r1", "4.00")])
            bet_inserted.set()
            assert may_commit.wait(timeout=10)

    def cancel() -> list[Decision]:
        with operator.engine.begin() as connection:
            connection.execute(text("SET LOCAL lock_timeout = '10s'"))
            return reverse(connection, [cancel_of("r1")])

    with ThreadPoolExecutor(2) as pool:
        bet = pool.submit(slow_bet)
        assert bet_inserted.wait(timeout=10)
        cancelled = pool.submit(cancel)
        until(lambda: waiting_for_locks(operator.engine), "nobody waited for a lock")
        may_commit.set()
        bet.result(timeout=10)
        (decision,) = cancelled.result(timeout=10)
    assert decision.outcome is Outcome.REVERSED
    assert operator.balance().cash == Decimal(10)


def test_five_hundred_bets_cancelled_twice_at_once_are_reversed_once_each(
    operator: Operator,
) -> None:
    operator.deposit("500.00")
    references = [f"r{number}" for number in range(500)]
    with operator.engine.begin() as connection:
        place_all(connection, [bet_of(reference, "1.00") for reference in references])

    def all_of_them(order: list[str]) -> None:
        for start in range(0, len(order), 25):
            operator.cancel(*(cancel_of(reference) for reference in order[start : start + 25]))

    at_once(lambda: all_of_them(references), lambda: all_of_them(references))
    with operator.engine.connect() as connection:
        reversals = text("SELECT count(*) FROM unbet_ledger.transfers WHERE kind = 'reversal'")
        assert connection.execute(reversals).scalar_one() == 500
    assert operator.balance().cash == Decimal(500)


def test_fifty_equal_cancels_at_once_are_told_the_same(operator: Operator) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    answers = at_once(*[lambda: operator.cancel(cancel_of("r1"))[0]] * AT_ONCE)
    told = {(a.outcome, a.transfer_id, a.cash) for a in answers}
    assert len(told) == 1
    assert operator.balance().cash == Decimal(10)


@pytest.mark.parametrize("wrong", [{"user_id": "mallory"}, {"currency": "USD"}], ids=str)
def test_a_wrong_cancel_at_the_same_instant_does_not_disturb_the_owners(
    operator: Operator, wrong: dict[str, str]
) -> None:
    operator.deposit("10.00")
    for number in range(50):
        reference = f"r{number}"
        operator.bet(reference, "4.00")
        mine, others = at_once(
            partial(outcome, operator, cancel_of(reference)),
            partial(outcome, operator, cancel_of(reference, **wrong)),
        )
        assert mine is Outcome.REVERSED
        assert others in (Outcome.MISMATCH, Outcome.CURRENCY_MISMATCH)
        assert operator.balance().cash == Decimal(10)


def test_settling_and_cancelling_at_once_do_one_of_the_two(operator: Operator) -> None:
    operator.deposit("10.00")
    for number in range(100):
        reference = f"r{number}"
        operator.bet(reference, "4.00")
        before = operator.balance().cash
        settled, cancelled = at_once(
            partial(operator.settle, reference, "4.00"),
            partial(outcome, operator, cancel_of(reference)),
        )
        assert isinstance(settled, Result)
        assert (settled.status, cancelled) in {
            (Status.DONE, Outcome.SETTLED),
            (Status.REFUSED, Outcome.REVERSED),
        }
        assert operator.balance().cash == before + 4


def test_two_bets_at_once_cannot_spend_the_same_money(operator: Operator) -> None:
    operator.deposit("10.00")
    for number in range(50):
        first, second = f"a{number}", f"b{number}"
        results = at_once(
            partial(operator.bet, first, "7.00"), partial(operator.bet, second, "7.00")
        )
        assert sorted(result.status for result in results) == ["done", "refused"]
        operator.cancel(cancel_of(first), cancel_of(second))


def test_groups_that_share_bets_and_players_in_opposite_order_do_not_deadlock(
    operator: Operator,
) -> None:
    for user in ("alice", "bob", "carol"):
        operator.deposit("100.00", user_id=user)
    bets = [(f"r{n:03}", user) for n, user in enumerate(["alice", "bob", "carol"] * 30)]
    with operator.engine.begin() as connection:
        place_all(connection, [bet_of(r, "1.00", user_id=user) for r, user in bets])
    group = [cancel_of(r, user_id=user) for r, user in bets]
    for _ in range(5):
        # A deadlock would surface here: PostgreSQL ends one of the two with an error.
        at_once(lambda: operator.cancel(*group), lambda: operator.cancel(*reversed(group)))
    assert [operator.balance(user).cash for user in ("alice", "bob", "carol")] == [100] * 3


def test_a_bet_locked_by_somebody_else_is_not_waited_for_longer_than_the_limit(
    operator: Operator,
) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    with operator.engine.connect() as foreign:
        foreign.execute(text("SELECT FROM unbet_ledger.bets WHERE reference = 'r1' FOR UPDATE"))
        with (
            pytest.raises(OperationalError, match="lock timeout"),
            operator.engine.begin() as connection,
        ):
            reverse(connection, [cancel_of("r1")])
    assert operator.cancel(cancel_of("r1"))[0].outcome is Outcome.REVERSED


def test_a_statement_that_met_a_new_bet_decides_nothing_and_holds_no_account(
    operator: Operator,
) -> None:
    # Bets are locked before accounts: going round for the new bet with another bet's account in
    # hand is a deadlock with whoever settles the new bet.
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    parameters = parameters_of([cancel_of("r1"), cancel_of("r2")], leave_tombstones=True)
    with (
        ThreadPoolExecutor(1) as pool,
        operator.engine.connect() as cancelling,
        operator.engine.connect() as placing,
        operator.engine.connect() as settling,
    ):
        cancelling.execute(text("SET LOCAL lock_timeout = '10s'"))
        place_all(placing, [bet_of("r2", "1.00")])
        cancelled = pool.submit(lambda: cancelling.execute(REVERSE, parameters).all())
        until(lambda: waiting_for_locks(operator.engine), "nobody waited for a lock")
        placing.commit()
        assert [row.outcome for row in cancelled.result(timeout=10)] == [None, None]
        settling.execute(
            text("SELECT FROM unbet_ledger.accounts WHERE kind = 'cash' FOR UPDATE NOWAIT")
        )


def test_one_players_account_keeps_its_history_under_concurrent_bets_and_cancels(
    operator: Operator,
) -> None:
    operator.deposit("1000.00")
    operator.deposit("1000.00", bonus=True)
    references = [f"r{number}" for number in range(120)]
    with operator.engine.begin() as connection:
        place_all(connection, [bet_of(reference, "10.00") for reference in references])

    def cancel(mine: list[str]) -> None:
        for reference in mine:
            operator.cancel(cancel_of(reference))

    def bet(name: str) -> None:
        for number in range(30):
            operator.bet(f"{name}{number}", "1.00")

    at_once(
        *(partial(cancel, references[start::3]) for start in range(3)),
        lambda: bet("x"),
        lambda: bet("y"),
    )
    held = operator.balance()
    assert held.cash + held.bonus == Decimal(2000) - 60
    with operator.engine.connect() as connection:
        assert audit(connection).violations == ()


def test_a_cancel_that_waited_for_a_settlement_tells_the_cash_after_it(operator: Operator) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    win = Settlement(provider=PROVIDER, bet_reference="r1", reference="r1", amount="5.00")
    with ThreadPoolExecutor(1) as pool, operator.engine.connect() as settling:
        settle_bet(settling, win)
        cancelled = pool.submit(operator.cancel, cancel_of("r1"))
        until(lambda: waiting_for_locks(operator.engine), "nobody waited for a lock")
        settling.commit()
        (decision,) = cancelled.result(timeout=10)
    assert (decision.outcome, decision.cash) == (Outcome.SETTLED, Decimal(11))
    assert operator.cancel(cancel_of("r1"))[0].cash == Decimal(11)
