"""The journal has what a wallet is asked before it is asked, until it has what was decided."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from threading import Event

import pytest
from sqlalchemy import Engine, text

from examples.wallet_python import CasinoWallet
from tests.ledger.closing import closed
from tests.making import cancel_of
from tests.waiting import until, waiting_for_locks
from tests.wallets.contract import outcomes, verdicts_on
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.database.faults import LedgerAwayError
from unbet.wallets.port import Abilities, Decided, Memory, Undecided, Verdict, Why
from unbet.wallets.recorded import RecordedWallet

ASKED = text("SELECT reference FROM unbet.asked ORDER BY reference")
AGE = text("UPDATE unbet.asked SET asked_at = now() - make_interval(secs => :seconds)")
Answer = Callable[[Sequence[Cancel]], Sequence[Verdict]]

FOR_EVER = CasinoWallet.abilities
FOR_A_TIME = replace(FOR_EVER, remembers=Memory.FOR_A_TIME, remembers_s=60.0)
NOT = replace(FOR_EVER, remembers=Memory.NOT)
FORGETFUL = pytest.mark.parametrize("abilities", [FOR_A_TIME, NOT], ids=["for a time", "not"])


def decided(cancels: Sequence[Cancel]) -> Sequence[Verdict]:
    return [
        Decided(Decision(request_id=one.request_id, outcome=Outcome.REVERSED, cash=5), False, "T-1")
        for one in cancels
    ]


def undecided(why: Why) -> Answer:
    return lambda cancels: [Undecided(one, why, why.value, "as told") for one in cancels]


class DiedError(BaseException):
    """As the end of a process: nothing handles it."""


class Answering:
    """Answers as `answer` says, and counts what it is asked about."""

    def __init__(self, abilities: Abilities) -> None:
        self.abilities = abilities
        self.answer: Answer = decided
        self.asked: list[str] = []

    def cancel(self, cancels: Sequence[Cancel], deadline: float) -> Iterator[Sequence[Verdict]]:
        del deadline
        self.asked += [one.reference for one in cancels]
        yield self.answer(cancels)


@pytest.fixture
def answering() -> Answering:
    return Answering(FOR_EVER)


@pytest.fixture
def wallet(answering: Answering, worker_engine: Engine) -> RecordedWallet:
    return RecordedWallet(worker_engine, answering, "theirs")


@pytest.fixture
def remembered(engine: Engine) -> Callable[[], Sequence[str]]:
    def read() -> Sequence[str]:
        with engine.connect() as connection:
            return connection.execute(ASKED).scalars().all()

    return read


Remembered = Callable[[], Sequence[str]]


def age(engine: Engine, seconds: float) -> None:
    with engine.begin() as connection:
        assert connection.execute(AGE, {"seconds": seconds}).rowcount == 1


def die(wallet: RecordedWallet, answering: Answering, cancel: Cancel) -> None:
    """While the wallet is asked."""

    def end(_: Sequence[Cancel]) -> Sequence[Verdict]:
        raise DiedError

    answering.answer = end
    with pytest.raises(DiedError):
        verdicts_on(wallet, cancel)
    answering.answer = decided


def test_it_is_there_while_the_wallet_is_asked_and_goes_with_the_record(
    wallet: RecordedWallet, answering: Answering, remembered: Remembered
) -> None:
    meanwhile: list[Sequence[str]] = []

    def look(cancels: Sequence[Cancel]) -> Sequence[Verdict]:
        meanwhile.append(remembered())
        return decided(cancels)

    answering.answer = look
    assert outcomes(wallet, cancel_of("r1"), cancel_of("r2")) == [Outcome.REVERSED] * 2
    assert meanwhile == [["r1", "r2"]]
    assert remembered() == []


def test_after_a_death_a_wallet_that_remembers_is_asked_again(
    wallet: RecordedWallet, answering: Answering, remembered: Remembered
) -> None:
    cancel = cancel_of("r1")
    die(wallet, answering, cancel)
    assert remembered() == ["r1"]
    assert outcomes(wallet, cancel) == [Outcome.REVERSED]
    assert answering.asked == ["r1", "r1"]
    assert remembered() == []


@pytest.mark.parametrize("why", [Why.BUSY, Why.AWAY, Why.REJECTED])
def test_what_was_surely_not_done_is_in_no_doubt(
    wallet: RecordedWallet, answering: Answering, remembered: Remembered, why: Why
) -> None:
    answering.answer = undecided(why)
    verdicts_on(wallet, cancel_of("r1"))
    assert remembered() == []


@pytest.mark.parametrize("why", [Why.UNANSWERED, Why.AMBIGUOUS])
def test_what_may_be_done_stays_in_doubt_though_it_is_not_done_the_next_time(
    wallet: RecordedWallet, answering: Answering, remembered: Remembered, why: Why
) -> None:
    for told in (why, Why.AWAY):
        answering.answer = undecided(told)
        verdicts_on(wallet, cancel_of("r1"))
        assert remembered() == ["r1"]


@pytest.mark.parametrize(
    ("abilities", "seconds"),
    [(FOR_A_TIME, 61.0), (FOR_A_TIME, 58.0), (NOT, 16.0)],
    ids=["for a time", "for a time that ends before the call", "not"],
)
def test_a_wallet_that_may_have_forgotten_is_not_asked_again(
    wallet: RecordedWallet,
    answering: Answering,
    engine: Engine,
    remembered: Remembered,
    abilities: Abilities,
    seconds: float,
) -> None:
    answering.abilities = abilities
    cancel = cancel_of("r1")
    die(wallet, answering, cancel)
    age(engine, seconds)
    (told,) = verdicts_on(wallet, cancel)
    assert isinstance(told, Undecided)
    assert told[1:3] == (Why.REJECTED, "the wallet may have forgotten")
    assert answering.asked == ["r1"]
    assert remembered() == ["r1"]


def test_while_it_still_remembers_it_is_asked_again(
    wallet: RecordedWallet, answering: Answering, engine: Engine
) -> None:
    answering.abilities = FOR_A_TIME
    die(wallet, answering, cancel_of("r1"))
    age(engine, 50.0)
    assert outcomes(wallet, cancel_of("r1")) == [Outcome.REVERSED]


@FORGETFUL
def test_what_the_journal_has_of_a_forgetful_wallet_is_not_asked(
    wallet: RecordedWallet, answering: Answering, abilities: Abilities
) -> None:
    answering.abilities = abilities
    assert outcomes(wallet, cancel_of("r1")) == [Outcome.REVERSED]
    told = verdicts_on(
        wallet,
        cancel_of("r1", uuid="again"),
        cancel_of("r1", user_id="mallory"),
        cancel_of("r1", currency="USD"),
    )
    assert [
        (one.decision.outcome, one.decision.cash, one.wallet_ref, one.replayed)
        for one in told
        if isinstance(one, Decided)
    ] == [
        (Outcome.REVERSED, 5, "T-1", True),
        (Outcome.MISMATCH, None, None, True),
        (Outcome.CURRENCY_MISMATCH, None, None, True),
    ]
    assert answering.asked == ["r1"]


@FORGETFUL
def test_a_wrong_cancel_keeps_no_right_one_from_a_forgetful_wallet(
    wallet: RecordedWallet, answering: Answering, abilities: Abilities
) -> None:
    answering.abilities = abilities
    answering.answer = lambda cancels: [
        Decided(Decision(request_id=one.request_id, outcome=Outcome.MISMATCH)) for one in cancels
    ]
    assert outcomes(wallet, cancel_of("r1", user_id="mallory")) == [Outcome.MISMATCH]
    answering.answer = decided
    assert outcomes(wallet, cancel_of("r1")) == [Outcome.REVERSED]


def test_what_is_in_doubt_stays_so_though_another_players_cancel_of_it_is_told_what_it_is(
    wallet: RecordedWallet, answering: Answering, remembered: Remembered
) -> None:
    die(wallet, answering, cancel_of("r1"))
    answering.answer = lambda cancels: [
        Decided(Decision(request_id=one.request_id, outcome=Outcome.MISMATCH)) for one in cancels
    ]
    assert outcomes(wallet, cancel_of("r1", user_id="mallory")) == [Outcome.MISMATCH]
    assert remembered() == ["r1"]


def test_what_is_in_doubt_stays_so_though_a_person_has_closed_it(
    wallet: RecordedWallet, answering: Answering, engine: Engine, remembered: Remembered
) -> None:
    die(wallet, answering, cancel_of("r1"))
    assert closed(engine, cancel_of("r1")) is Outcome.CLOSED
    assert outcomes(wallet, cancel_of("r1")) == [Outcome.CLOSED]
    assert remembered() == ["r1"]


def test_two_at_once_ask_a_wallet_without_memory_once(
    wallet: RecordedWallet, answering: Answering
) -> None:
    answering.abilities = NOT
    begun, go_on = Event(), Event()

    def wait(cancels: Sequence[Cancel]) -> Sequence[Verdict]:
        begun.set()
        assert go_on.wait(5)
        return decided(cancels)

    answering.answer = wait
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(outcomes, wallet, cancel_of("r1"))
        assert begun.wait(5)
        (told,) = verdicts_on(wallet, cancel_of("r1"))
        go_on.set()
        assert first.result() == [Outcome.REVERSED]
    assert isinstance(told, Undecided)
    assert told.why is Why.BUSY
    assert outcomes(wallet, cancel_of("r1")) == [Outcome.REVERSED]
    assert answering.asked == ["r1"]


@FORGETFUL
def test_two_cancels_of_one_bet_are_not_asked_about_together(
    wallet: RecordedWallet, answering: Answering, abilities: Abilities, remembered: Remembered
) -> None:
    answering.abilities = abilities
    told = verdicts_on(wallet, cancel_of("r1"), cancel_of("r1", uuid="again"))
    (waiting,) = [one for one in told if isinstance(one, Undecided)]
    assert (len(told), waiting.why, answering.asked) == (2, Why.BUSY, ["r1"])
    assert remembered() == []
    assert outcomes(wallet, waiting.cancel) == [Outcome.REVERSED]
    assert answering.asked == ["r1"]


def test_who_did_nothing_does_not_end_the_doubt_that_another_has_left(
    wallet: RecordedWallet, answering: Answering, engine: Engine, remembered: Remembered
) -> None:
    """The first waits for its turn, the second asks meanwhile and gets no answer."""
    answering.abilities = FOR_A_TIME
    begun, go_on = Event(), Event()

    def wait(cancels: Sequence[Cancel]) -> Sequence[Verdict]:
        begun.set()
        assert go_on.wait(5)
        return undecided(Why.BUSY)(cancels)

    answering.answer = wait
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(verdicts_on, wallet, cancel_of("r1"))
        assert begun.wait(5)
        answering.answer = undecided(Why.UNANSWERED)
        verdicts_on(wallet, cancel_of("r1"))
        go_on.set()
        first.result()
    assert remembered() == ["r1"]
    # The wallet is away for longer than it remembers.
    answering.answer = undecided(Why.AWAY)
    verdicts_on(wallet, cancel_of("r1"))
    age(engine, 61.0)
    answering.answer = decided
    (told,) = verdicts_on(wallet, cancel_of("r1"))
    assert isinstance(told, Undecided)
    assert told.why is Why.REJECTED
    assert answering.asked == ["r1"] * 3


def test_of_two_that_have_both_done_nothing_no_doubt_is_left(
    wallet: RecordedWallet, answering: Answering, remembered: Remembered
) -> None:
    begun, go_on = Event(), Event()

    def wait(cancels: Sequence[Cancel]) -> Sequence[Verdict]:
        begun.set()
        assert go_on.wait(5)
        return undecided(Why.BUSY)(cancels)

    answering.answer = wait
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(verdicts_on, wallet, cancel_of("r1"))
        assert begun.wait(5)
        answering.answer = undecided(Why.AWAY)
        verdicts_on(wallet, cancel_of("r1"))
        assert remembered() == ["r1"]
        go_on.set()
        first.result()
    assert remembered() == []


@pytest.mark.parametrize(
    ("abilities", "stays"), [(FOR_EVER, None), (FOR_A_TIME, True), (NOT, True)]
)
def test_the_record_of_a_forgetful_wallet_is_marked_to_stay(
    wallet: RecordedWallet,
    answering: Answering,
    engine: Engine,
    abilities: Abilities,
    stays: bool | None,
) -> None:
    answering.abilities = abilities
    assert outcomes(wallet, cancel_of("r1")) == [Outcome.REVERSED]
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT is_only_memory FROM unbet.requests"))
        assert kept.scalars().all() == [stays]


def test_what_another_call_decides_while_this_one_is_planned_is_not_asked_again(
    wallet: RecordedWallet, answering: Answering, engine: Engine
) -> None:
    """The plan is held up between its statements: a table is locked that it reads last."""
    answering.abilities = NOT
    begun, go_on = Event(), Event()

    def wait(cancels: Sequence[Cancel]) -> Sequence[Verdict]:
        begun.set()
        assert go_on.wait(5)
        return decided(cancels)

    answering.answer = wait
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(outcomes, wallet, cancel_of("r1"))
        assert begun.wait(5)
        with engine.begin() as holder:
            holder.execute(text("LOCK TABLE unbet_ledger.bets IN ACCESS EXCLUSIVE MODE"))
            second = pool.submit(verdicts_on, wallet, cancel_of("r1"))
            until(lambda: waiting_for_locks(engine), "the plan is not held up")
            go_on.set()
            assert first.result() == [Outcome.REVERSED]
        # On a slow machine the plan has given up waiting for the lock.
        with suppress(LedgerAwayError):
            second.result()
    assert answering.asked == ["r1"]
    assert outcomes(wallet, cancel_of("r1")) == [Outcome.REVERSED]
    assert answering.asked == ["r1"]
