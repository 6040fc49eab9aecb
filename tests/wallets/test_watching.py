"""How the sweep looks for late bets: within bounds, beside its other work, and without giving up
while the wallet is away.

(Over 250 lines: one sweep, and a wallet made for it.)
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest
from sqlalchemy import Engine, text

from examples.wallet_python import CasinoWallet
from tests.ledger.test_plans import plan_of
from tests.making import cancel_of
from tests.wallets.contract import outcomes, verdicts_on
from tests.wallets.open_service import MAKE_DUE, found_late, late_bets, watched
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.journal import watching
from unbet.journal.parking import count_parked, park
from unbet.journal.sweeping import MAX_TRIES
from unbet.journal.watching import LEASE_S, PAUSES_S
from unbet.wallets.late_bets import MAX_IN_INTERVAL, LateBetDetection
from unbet.wallets.port import Decided, Memory, Undecided, Verdict, Why
from unbet.wallets.recorded import RecordedWallet
from worker.sweep import Sweep

GROUP = 16
LIMIT_S = 600.0
OPEN = replace(CasinoWallet.abilities, closes_unknown=False, max_together=GROUP)
Answer = Callable[[Cancel], Verdict]


def decided(outcome: Outcome) -> Answer:
    return lambda one: Decided(Decision(request_id=one.request_id, outcome=outcome), False, "T-1")


def undecided(why: Why) -> Answer:
    return lambda one: Undecided(one, why, why.value, "as told")


class Answering:
    """Answers as `answer` says, and notes what it is asked about."""

    def __init__(self) -> None:
        self.abilities = OPEN
        self.answer = decided(Outcome.NO_BET)
        self.calls: list[list[str]] = []

    def cancel(self, cancels: Sequence[Cancel], deadline: float) -> Iterator[Sequence[Verdict]]:
        del deadline
        self.calls.append([one.reference for one in cancels])
        yield [self.answer(one) for one in cancels]


@pytest.fixture
def answering() -> Answering:
    return Answering()


@pytest.fixture
def wallet(answering: Answering, worker_engine: Engine) -> RecordedWallet:
    """A worker's."""
    return RecordedWallet(worker_engine, answering, "theirs")


@pytest.fixture
def parked_wallet(answering: Answering, worker_engine: Engine) -> RecordedWallet:
    """A sweep's."""
    return RecordedWallet(worker_engine, answering, "theirs", parked=True)


@pytest.fixture
def detection(parked_wallet: RecordedWallet, worker_engine: Engine) -> LateBetDetection:
    return LateBetDetection(worker_engine, parked_wallet)


def watch(wallet: RecordedWallet, answering: Answering, engine: Engine, count: int) -> None:
    """`count` cancels of unknown bets, whose next look is due."""
    told = outcomes(wallet, *(cancel_of(f"r{number}") for number in range(count)))
    assert told == [Outcome.NO_BET] * count
    answering.calls.clear()
    make_due(engine)


def make_due(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(MAKE_DUE)


def asked(answering: Answering) -> int:
    return sum(map(len, answering.calls))


@pytest.mark.parametrize("why", [Why.AWAY, Why.BUSY, Why.UNANSWERED])
def test_a_wallet_that_is_away_uses_up_no_look_and_is_asked_less_often(
    why: Why,
    wallet: RecordedWallet,
    answering: Answering,
    detection: LateBetDetection,
    parked_wallet: RecordedWallet,
    worker_engine: Engine,
    engine: Engine,
) -> None:
    watch(wallet, answering, engine, 3 * GROUP)
    answering.answer = undecided(why)
    for _ in range(20):
        detection.look()
    assert asked(answering) == GROUP, "the first group, once"
    assert watched(engine) == [0] * 3 * GROUP
    assert late_bets(engine).overdue_s > 0
    answering.answer = decided(Outcome.REVERSED)
    make_due(engine)
    LateBetDetection(worker_engine, parked_wallet).look()
    assert found_late(engine) == ["reversed"] * 3 * GROUP


def test_however_many_are_due_a_sweep_asks_about_a_limited_number_in_groups(
    wallet: RecordedWallet,
    answering: Answering,
    parked_wallet: RecordedWallet,
    worker_engine: Engine,
    engine: Engine,
) -> None:
    watch(wallet, answering, engine, MAX_IN_INTERVAL + 2 * GROUP)
    detection = LateBetDetection(worker_engine, parked_wallet, interval_s=LIMIT_S)
    detection.look()
    assert 0 < asked(answering) <= MAX_IN_INTERVAL
    assert {len(call) for call in answering.calls} == {GROUP}
    answering.calls.clear()
    detection.look()
    assert answering.calls == [], "its time is not over"


def test_looks_hold_up_nothing_that_is_parked_and_the_reverse(
    wallet: RecordedWallet,
    answering: Answering,
    parked_wallet: RecordedWallet,
    worker_engine: Engine,
    engine: Engine,
) -> None:
    watch(wallet, answering, engine, 2 * MAX_IN_INTERVAL)
    with engine.begin() as connection:
        park(connection, [cancel_of(f"p{number}") for number in range(2 * 256)], reason="test")
    Sweep(worker_engine, parked_wallet).round()
    flat = [reference for call in answering.calls for reference in call]
    assert sum(reference.startswith("p") for reference in flat) == 256
    assert sum(reference.startswith("r") for reference in flat) >= GROUP


def test_what_is_answered_wrongly_goes_to_parking_and_in_the_end_to_a_person(
    wallet: RecordedWallet,
    answering: Answering,
    parked_wallet: RecordedWallet,
    worker_engine: Engine,
    engine: Engine,
) -> None:
    watch(wallet, answering, engine, 1)
    answering.answer = undecided(Why.AMBIGUOUS)
    for _ in range(MAX_TRIES + 2):
        make_due(engine)
        with engine.begin() as connection:
            connection.execute(text("UPDATE unbet.parked SET next_try_at = now()"))
        Sweep(worker_engine, parked_wallet).round()
    assert watched(engine) == []
    with engine.connect() as connection:
        assert count_parked(connection) == (0, 1, 0)


def test_a_row_that_cannot_be_read_is_dead_and_holds_up_no_other(
    wallet: RecordedWallet,
    answering: Answering,
    parked_wallet: RecordedWallet,
    worker_engine: Engine,
    engine: Engine,
) -> None:
    watch(wallet, answering, engine, 2)
    with engine.begin() as connection:
        spoil = text("UPDATE unbet.watched SET cancel = '{}' WHERE reference = 'r0'")
        connection.execute(spoil)
    for _ in range(2):
        Sweep(worker_engine, parked_wallet).round()
    assert answering.calls == [["r1"]]
    assert watched(engine) == [1]
    with engine.connect() as connection:
        assert count_parked(connection) == (0, 1, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        f"look_at = now() + interval '{2 * PAUSES_S[-1]} seconds'",
        "look_at = now(), taken_at = now() + interval '1 hour'",
        f"look_at = now(), taken_at = now() - interval '{LEASE_S} seconds'",
    ],
    ids=["due too late", "taken too late", "left by a sweep that died"],
)
def test_what_a_wrong_clock_or_a_dead_sweep_has_left_is_looked_at(
    wallet: RecordedWallet,
    answering: Answering,
    detection: LateBetDetection,
    engine: Engine,
    wrong: str,
) -> None:
    watch(wallet, answering, engine, 1)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE unbet.watched SET {wrong}"))
    detection.look()
    assert answering.calls == [["r0"]]


def test_what_another_sweep_has_taken_is_left_to_it(
    wallet: RecordedWallet, answering: Answering, detection: LateBetDetection, engine: Engine
) -> None:
    watch(wallet, answering, engine, 1)
    with engine.begin() as connection:
        connection.execute(text("UPDATE unbet.watched SET taken_at = now()"))
    detection.look()
    assert answering.calls == []


def test_a_wallet_that_refuses_late_bets_is_not_asked_again(
    wallet: RecordedWallet, answering: Answering, engine: Engine
) -> None:
    answering.abilities = replace(OPEN, closes_unknown=True)
    cancel = cancel_of("r1")
    assert outcomes(wallet, cancel) == [Outcome.NO_BET]
    assert watched(engine) == []
    answering.answer = decided(Outcome.REVERSED)
    (told,) = verdicts_on(wallet, cancel)
    assert isinstance(told, Undecided)
    assert told.why is Why.AMBIGUOUS, "of such a wallet it is not believed"


@pytest.mark.parametrize("memory", [Memory.FOR_A_TIME, Memory.NOT])
def test_a_wallet_that_forgets_is_asked_again_until_a_late_bet_is_reversed_and_never_after(
    memory: Memory,
    wallet: RecordedWallet,
    answering: Answering,
    detection: LateBetDetection,
    engine: Engine,
) -> None:
    answering.abilities = replace(OPEN, remembers=memory, remembers_s=60.0)
    watch(wallet, answering, engine, 1)
    answering.answer = decided(Outcome.REVERSED)
    detection.look()
    assert found_late(engine) == ["reversed"]
    assert outcomes(wallet, cancel_of("r0")) == [Outcome.REVERSED]
    assert outcomes(wallet, cancel_of("r0", user_id="mallory")) == [Outcome.MISMATCH]
    assert answering.calls == [["r0"]], "it would pay again"


def test_what_is_due_is_found_by_an_index(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(
            text("""
                INSERT INTO unbet.watched (request_id, provider, reference, cancel, look_at)
                SELECT gen_random_uuid(), 'p', number::text, '{}', now() + interval '1 minute'
                  FROM generate_series(1, 100000) AS number
            """)
        )
        connection.execute(text("ANALYZE unbet.watched"))
    plan = plan_of(engine, watching._LEASE.text)
    assert "Seq Scan on watched" not in plan, plan
