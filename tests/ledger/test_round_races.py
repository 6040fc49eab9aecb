"""Cancels of rounds at the same time as the rounds' bets, and with what stands in their way.

(Over 250 lines: one way to place, to cancel and to wait serves all of them.)
"""

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from functools import partial
from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.databases import url_as
from tests.ledger.deciding import apply, outcomes, sweep_of
from tests.ledger.rounds import cancel_round, decide, place, round_bet, round_cancel, rows, states
from tests.making import Operator, cancel_of
from tests.waiting import until, waiting_for_locks
from unbet import connect_to, place_all, place_bet, transact
from unbet.core.outcomes import Outcome
from unbet.database.roles import Role
from unbet.wallets.ledger import Refusal, Status
from unbet.wallets.ledger.audit import audit
from unbet.wallets.ledger.blocked import find_blocked
from unbet.wallets.ledger.reversal import decide_cancels
from unbet.wallets.ledger.round_cancels import find_blocked_rounds
from unbet.wallets.ledger.round_locks import MAX_ROUNDS

LIMIT_S = 15.0
NOBODY_WAITS = "nobody waits for the round"


def test_a_bet_that_is_being_placed_is_waited_for_and_reversed(operator: Operator) -> None:
    operator.deposit("100.00")
    with ThreadPoolExecutor() as pool, operator.engine.connect() as placing:
        placed = place_bet(placing, round_bet("a1", "R"))
        cancelled = pool.submit(cancel_round, operator, "R")
        until(lambda: waiting_for_locks(operator.engine), NOBODY_WAITS)
        placing.commit()
        assert placed.status is Status.DONE
        assert cancelled.result().outcome is Outcome.REVERSED
    assert operator.balance().cash == Decimal("100.00")


def test_a_bet_that_comes_while_its_round_is_cancelled_is_refused(operator: Operator) -> None:
    operator.deposit("100.00")
    with ThreadPoolExecutor() as pool, operator.engine.connect() as cancelling:
        (decision,) = decide_cancels(cancelling, [round_cancel("R")])
        coming = pool.submit(place, operator, round_bet("a1", "R"), round_bet("a2", "R"))
        until(lambda: waiting_for_locks(operator.engine), NOBODY_WAITS)
        # Others do not wait.
        others = (round_bet("a3", "S"), round_bet("a4", None), round_bet("a5", "R", provider="B"))
        assert {one.status for one in place(operator, *others)} == {Status.DONE}
        cancelling.commit()
        assert decision.outcome is Outcome.NO_BET
        assert {one.refusal for one in coming.result()} == {Refusal.CANCELLED}


def test_bets_of_many_rounds_take_few_locks_and_are_waited_for_as_well(operator: Operator) -> None:
    operator.deposit("1000.00")
    operator.deposit("10.00", user_id="bob")
    place(operator, round_bet("b0", None, "1.00"))  # the first one makes the provider's account
    bets = [round_bet(f"r{number}", f"R{number}", "1.00") for number in range(MAX_ROUNDS + 1)]
    with ThreadPoolExecutor() as pool, operator.engine.connect() as placing:
        place_all(placing, bets)
        held = placing.execute(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"))
        assert held.scalar() == 1
        (other,) = place(operator, round_bet("b1", "R7", "1.00", user_id="bob"))
        assert other.status is Status.DONE
        cancelled = pool.submit(cancel_round, operator, "R7")
        until(lambda: waiting_for_locks(operator.engine), NOBODY_WAITS)
        placing.commit()
        assert cancelled.result().outcome is Outcome.REVERSED
    late = [round_bet(f"late{one.reference}", one.round_id, "1.00") for one in bets]
    with operator.engine.begin() as connection:
        results = place_all(connection, late)
    refused = [one.reference for one, told in zip(late, results, strict=True) if told.refusal]
    assert refused == ["later7"]


def test_a_bet_keeps_no_other_bet_of_its_round_waiting(operator: Operator) -> None:
    operator.deposit("100.00")
    operator.deposit("100.00", user_id="bob")
    place(operator, round_bet("a0", None))  # the first one makes the provider's account
    with operator.engine.connect() as placing:
        place_bet(placing, round_bet("a1", "R"))
        (other,) = place(operator, round_bet("b1", "R", user_id="bob"))
        placing.rollback()
    assert other.status is Status.DONE


def test_of_many_bets_and_cancels_at_once_no_stake_is_lost(operator: Operator) -> None:
    """Each round gets bets of several players and is cancelled by two requests meanwhile."""
    players = [f"p{number}" for number in range(6)]
    for player in players:
        operator.deposit("1000.00", user_id=player)
    rounds = [f"R{number}" for number in range(40)]
    told: Counter[Outcome] = Counter()

    def bet(player: str) -> Counter[str]:
        shuffled = random.sample(rounds, len(rounds))
        found: Counter[str] = Counter()
        for begin in range(0, len(shuffled), 4):
            bets = [
                round_bet(f"{player}-{one}", one, "1.00", user_id=player)
                for one in shuffled[begin : begin + 4]
            ]
            results = transact(operator.engine, partial(place_all, batch=bets), within_s=LIMIT_S)
            found.update(one.refusal or "done" for one in results)
        return found

    def cancel(seed: int) -> None:
        shuffled = random.Random(seed).sample(rounds, len(rounds))
        for begin in range(0, len(shuffled), 2):
            pair = shuffled[begin : begin + 2]
            decisions = decide(operator, *(round_cancel(one, None, None) for one in pair))
            told.update(one.outcome for one in decisions)

    with ThreadPoolExecutor() as pool:
        bets = [pool.submit(bet, player) for player in players]
        cancels = [pool.submit(cancel, seed) for seed in range(2)]
        found = sum((one.result() for one in bets), Counter[str]())
        for one in cancels:
            one.result()
    assert set(found) <= {"done", "cancelled"}
    assert sum(found.values()) == 240
    assert sum(told.values()) == 80
    states_of = Counter(states(operator).values())
    assert states_of == Counter(reversed=found["done"], refused=found["cancelled"])
    assert {operator.balance(player).cash for player in players} == {Decimal(1000)}
    with operator.engine.connect() as connection:
        assert audit(connection).violations == ()


def test_settling_and_cancelling_at_once_comes_to_one_of_both(operator: Operator) -> None:
    operator.deposit("1000.00")
    for number in range(30):
        name, bets = f"R{number}", [f"{number}-{bet}" for bet in range(3)]
        place(operator, *(round_bet(bet, name, "1.00") for bet in bets))
        ready = threading.Barrier(2)

        def settle(ready: threading.Barrier, bet: str) -> None:
            ready.wait()
            operator.settle(bet, "1.00")

        with ThreadPoolExecutor() as pool:
            settling = pool.submit(settle, ready, bets[1])
            ready.wait()
            decision = cancel_round(operator, name)
            settling.result()
        assert decision.outcome is Outcome.REVERSED
    assert set(states(operator).values()) <= {"reversed", "settled"}
    assert operator.balance().cash == Decimal(1000)


def test_a_locked_bet_of_a_round_parks_its_cancel_and_the_sweep_finishes_it(
    operator: Operator,
) -> None:
    operator.deposit("100.00")
    place(operator, round_bet("a1", "R"), round_bet("a2", "R"), round_bet("a3", "S"))
    cancels = [round_cancel("R"), round_cancel("S"), cancel_of("unknown")]
    with operator.engine.connect() as other:
        other.execute(text("SELECT FROM unbet_ledger.bets WHERE reference = 'a2' FOR UPDATE"))
        parts = list(apply(operator.engine, cancels, within_s=LIMIT_S, lock_wait_s=0.2))
        assert outcomes(parts, cancels) == {
            "R": Outcome.PARKED,
            "S": Outcome.REVERSED,
            "unknown": Outcome.NO_BET,
        }
        assert states(operator)["a1"] == "placed"
    finish(operator)
    assert states(operator)["a1"] == states(operator)["a2"] == "reversed"
    assert rows(operator, "SELECT reference FROM unbet.parkings") == [("R",)]


def test_a_round_whose_bet_is_not_yet_committed_is_parked_and_finished(operator: Operator) -> None:
    operator.deposit("100.00")
    cancels = [round_cancel("R"), round_cancel("S")]
    with operator.engine.connect() as placing:
        place_bet(placing, round_bet("a1", "R"))
        parts = list(apply(operator.engine, cancels, within_s=LIMIT_S, lock_wait_s=0.2))
        found = outcomes(parts, cancels)
        assert found == {"R": Outcome.PARKED, "S": Outcome.NO_BET}
        with operator.engine.connect() as looking:
            blocked = find_blocked_rounds(looking, cancels, find_blocked)
        assert blocked == {cancels[0].request_id}
        placing.commit()
    finish(operator)
    assert states(operator)["a1"] == "reversed"


def finish(operator: Operator) -> None:
    sweep, ends = sweep_of(operator.engine), time.monotonic() + LIMIT_S
    while rows(operator, "SELECT FROM unbet.parked") and time.monotonic() < ends:
        with operator.engine.begin() as connection:
            connection.execute(text("UPDATE unbet.parked SET next_try_at = now()"))
        sweep.round()
    assert not rows(operator, "SELECT FROM unbet.parked")


@pytest.mark.parametrize("player", ["alice", None])
def test_worker_and_operator_have_the_rights_for_it(
    database_url: str, operator: Operator, player: str | None
) -> None:
    operator.deposit("100.00")
    engines = [
        connect_to(url_as(role, database_url), name="test") for role in (Role.OPERATOR, Role.WORKER)
    ]
    try:
        bets, worker = Operator(engines[0]), engines[1]
        cancels = [round_cancel("R", player), round_cancel("S", player)]
        place(bets, round_bet("a1", "R"))
        parts = list(apply(worker, cancels, within_s=LIMIT_S))
        assert outcomes(parts, cancels) == {"R": Outcome.REVERSED, "S": Outcome.NO_BET}
        late = place(bets, round_bet("a2", "R"), round_bet("a3", "S"))
        assert {one.refusal for one in late} == {Refusal.CANCELLED}
    finally:
        for engine in engines:
            engine.dispose()


def test_the_money_is_back_though_the_worker_dies_before_it_says_so(operator: Operator) -> None:
    operator.deposit("100.00")
    place(operator, round_bet("a1", "R"))
    cancel = round_cancel("R")
    with suppress(ZeroDivisionError), operator.engine.begin() as connection:
        decide_cancels(connection, [cancel])
        raise ZeroDivisionError
    assert states(operator)["a1"] == "placed"
    first, again = decide(operator, cancel), decide(operator, cancel)
    assert first == again
    assert operator.balance().cash == Decimal(100)


def test_a_batch_with_a_round_is_one_transaction(operator: Operator) -> None:
    operator.deposit("100.00")
    place(operator, round_bet("a1", "R"), round_bet("a2", None), round_bet("a3", None))
    batch = {"batch": uuid4()}
    of_round, of_bet = (
        one.model_copy(update=batch) for one in (round_cancel("R"), cancel_of("a2"))
    )
    cancels = [of_round, of_bet, cancel_of("a3")]
    with operator.engine.connect() as other:
        other.execute(text("SELECT FROM unbet_ledger.bets WHERE reference = 'a2' FOR UPDATE"))
        parts = list(apply(operator.engine, cancels, within_s=LIMIT_S, lock_wait_s=0.2))
    found = outcomes(parts, cancels)
    assert found == {"R": Outcome.PARKED, "a2": Outcome.PARKED, "a3": Outcome.REVERSED}
    assert states(operator) == {"a1": "placed", "a2": "placed", "a3": "reversed"}
    finish(operator)
    assert set(states(operator).values()) == {"reversed"}
