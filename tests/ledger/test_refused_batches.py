"""A request that asks for several bets is refused whole where one of them cannot be cancelled."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from sqlalchemy import text

from tests.ledger.closing import closed
from tests.ledger.deciding import apply, outcomes, sweep_of
from tests.ledger.rounds import place, round_bet, round_cancel
from tests.making import Operator, batch_of, cancel_of
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.journal.parking import park
from unbet.wallets.ledger.reversal import decide_cancels, reverse
from unbet.wallets.units import decide_whole

REFUSED, REVERSED = Outcome.BATCH_REFUSED, Outcome.REVERSED


@pytest.fixture
def batch(operator: Operator) -> None:
    operator.deposit("10.00")
    for reference in (*(f"r{number}" for number in range(5)), "lone"):
        operator.bet(reference, "1.00")


def decided(operator: Operator, *cancels: Cancel) -> dict[str, Outcome]:
    return outcomes(list(apply(operator.engine, cancels)), list(cancels))


@pytest.mark.usefixtures("batch")
@pytest.mark.parametrize("swept", [False, True])
def test_of_a_request_with_a_bet_that_does_not_fit_nothing_is_done(
    operator: Operator, *, swept: bool
) -> None:
    operator.deposit("1.00", user_id="bob")
    operator.bet("bobs", "1.00", user_id="bob")
    wrong = batch_of("r0", "bobs", "unknown", "r1")
    others = [cancel_of("lone"), *batch_of("r2", "r3")]
    if swept:
        with operator.engine.begin() as connection:
            park(connection, [*wrong, *others], reason="test")
        sweep_of(operator.engine).round()
        with operator.engine.connect() as connection:
            rows = connection.execute(text("SELECT reference, outcome FROM unbet.requests"))
            found = {row.reference: Outcome(row.outcome) for row in rows}
    else:
        group = [*wrong[:2], *others, *wrong[2:]]
        found = decided(operator, *group)
    assert found == {
        "r0": REFUSED,
        "bobs": Outcome.MISMATCH,
        "unknown": REFUSED,
        "r1": REFUSED,
        **dict.fromkeys(("lone", "r2", "r3"), REVERSED),
    }
    assert operator.balance().cash == Decimal(7)
    assert operator.balance(user_id="bob").cash == 0
    assert operator.bet("unknown", "1.00").status.value == "done", "nothing has refused it"
    right = batch_of("r0", "unknown", "r1")
    assert set(decided(operator, *right).values()) == {REVERSED}
    assert operator.balance().cash == Decimal(9)


@pytest.mark.usefixtures("batch")
def test_what_was_done_before_stays_so_in_a_request_that_does_not_fit(operator: Operator) -> None:
    operator.deposit("1.00", user_id="bob")
    operator.bet("bobs", "1.00", user_id="bob")
    assert operator.cancel(cancel_of("r0"))[0].outcome is REVERSED
    again = batch_of("r0", "bobs")
    assert decided(operator, *again) == {"r0": REVERSED, "bobs": Outcome.MISMATCH}
    more = batch_of("r0", "bobs", "r1")
    assert decided(operator, *more) == {
        "r0": REVERSED,
        "bobs": Outcome.MISMATCH,
        "r1": REFUSED,
    }


@pytest.mark.usefixtures("batch")
def test_a_bet_that_comes_once_another_request_is_refused_does_not_part_its_own(
    operator: Operator,
) -> None:
    operator.deposit("2.00", user_id="bob")
    operator.bet("bobs", "1.00", user_id="bob")
    wrong, right = batch_of("r0", "bobs"), batch_of("r1", "late")
    tries: list[Sequence[Cancel]] = []

    def decide(cancels: Sequence[Cancel]) -> list[Decision]:
        if tries == [[*wrong, *right]]:  # the locks of the first try are gone
            operator.bet("late", "1.00", user_id="bob")
        tries.append(cancels)
        return reverse(connection, cancels)

    with operator.engine.begin() as connection:
        told, refused = decide_whole(connection, [*wrong, *right], decide, lambda one: one)
    assert [one.outcome for one in told] == [Outcome.MISMATCH] * 2
    assert [one.outcome for one in refused] == [REFUSED] * 2
    assert operator.balance().cash == Decimal(4), "all five stakes and the lone one are out"


@pytest.mark.usefixtures("batch")
@pytest.mark.parametrize("why", [Outcome.SETTLED, Outcome.CLOSED])
def test_a_bet_that_gives_nothing_back_keeps_the_others_of_its_request_as_they_are(
    operator: Operator, why: Outcome
) -> None:
    if why is Outcome.SETTLED:
        operator.settle("r1", "0.50")
    else:
        closed(operator.engine, cancel_of("r1"))
    before = operator.balance().cash
    for _ in range(2):
        assert decided(operator, *batch_of("r0", "r1", "unknown")) == {
            "r0": REFUSED,
            "r1": why,
            "unknown": REFUSED,
        }
    assert operator.balance().cash == before
    assert operator.cancel(cancel_of("r0"))[0].outcome is REVERSED, "by itself it still is"
    assert decided(operator, *batch_of("r0", "r1")) == {"r0": REVERSED, "r1": why}


@pytest.mark.usefixtures("batch")
def test_what_a_refused_request_would_have_done_is_not_taken_for_done(operator: Operator) -> None:
    operator.deposit("2.00", user_id="bob")
    operator.bet("bobs", "2.00", user_id="bob")
    place(operator, round_bet("of round", "R", "1.00"))
    requests = [
        batch_of("bobs", "r0"),
        batch_of("bobs", "r0", "r1"),
        batch_of("bobs", "r2", "r2"),
        [*batch_of("bobs", "of round"), round_cancel("R")],
    ]
    last = requests[-1]
    last[2] = last[2].model_copy(update={"batch": last[0].batch})
    cancels = [cancel for request in requests for cancel in request]
    with operator.engine.begin() as connection:
        found = decide_cancels(connection, cancels)
    refused = [Outcome.MISMATCH if one.reference == "bobs" else REFUSED for one in cancels]
    assert [one.outcome for one in found] == refused
    assert operator.balance().cash == Decimal(3), "no stake is back"
    with operator.engine.connect() as connection:
        recorded = connection.execute(text("SELECT DISTINCT outcome FROM unbet.requests"))
        assert set(recorded.scalars()) == {"mismatch", "batch_refused"}


@pytest.mark.usefixtures("batch")
def test_a_message_that_comes_twice_is_refused_twice(operator: Operator) -> None:
    operator.settle("r1", "0.50")
    request = batch_of("r0", "r1")
    before = operator.balance().cash
    for _ in range(2):
        decisions = [one for part in apply(operator.engine, request) for one in part]
        assert [one.outcome for one in decisions] == [REFUSED, Outcome.SETTLED]
        assert decisions[1].cash == before, "not with the stake that was on its way back"
    assert operator.balance().cash == before
    assert operator.bet("r0", "1.00").status.value == "done", "it still stands"


@pytest.mark.usefixtures("batch")
def test_of_a_request_that_was_decided_in_parts_each_is_told_the_same_again(
    operator: Operator,
) -> None:
    first, second = request = batch_of("r0", "r1")
    assert decided(operator, first) == {"r0": REVERSED}
    operator.settle("r1", "0.50")
    assert decided(operator, *request) == {"r0": REVERSED, "r1": Outcome.SETTLED}
    assert decided(operator, second, first) == {"r0": REVERSED, "r1": Outcome.SETTLED}
