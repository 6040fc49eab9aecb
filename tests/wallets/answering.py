"""A wallet in this process that answers as a test says, with a record in the journal."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from threading import Event
from typing import Any

import pytest
from sqlalchemy import Engine, text

from examples.wallet_python import CasinoWallet
from tests.making import cancel_of
from tests.wallets.contract import verdicts_on
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.wallets.port import Abilities, Decided, Memory, Undecided, Verdict, Why
from unbet.wallets.recorded import RecordedWallet

ASKED = text("SELECT reference FROM unbet.asked ORDER BY reference")
AGE = text("UPDATE unbet.asked SET asked_at = now() - make_interval(secs => :seconds)")

FOR_EVER = CasinoWallet.abilities
FOR_A_TIME = replace(FOR_EVER, remembers=Memory.FOR_A_TIME, remembers_s=60.0)
NOT = replace(FOR_EVER, remembers=Memory.NOT)
FORGETFUL = pytest.mark.parametrize("abilities", [FOR_A_TIME, NOT], ids=["for a time", "not"])

Answer = Callable[[Sequence[Cancel]], Sequence[Verdict]]
Remembered = Callable[[], Sequence[str]]


def decided(cancels: Sequence[Cancel]) -> Sequence[Verdict]:
    return [
        Decided(Decision(request_id=one.request_id, outcome=Outcome.REVERSED, cash=5), False, "T-1")
        for one in cancels
    ]


def undecided(why: Why) -> Answer:
    return lambda cancels: [Undecided(one, why, why.value, "as told") for one in cancels]


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


@contextmanager
def asked_meanwhile(
    wallet: RecordedWallet, answering: Answering, answer: Answer
) -> Iterator[tuple[Event, Future[Any]]]:
    """A call about r1 that is under way until the event is set, or the block ends; then it is
    answered by `answer`."""
    begun, go_on = Event(), Event()

    def wait(cancels: Sequence[Cancel]) -> Sequence[Verdict]:
        begun.set()
        assert go_on.wait(5)
        return answer(cancels)

    answering.answer = wait
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(verdicts_on, wallet, cancel_of("r1"))
        try:
            assert begun.wait(5)
            yield go_on, call
        finally:
            go_on.set()
        call.result()


def age(engine: Engine, seconds: float) -> None:
    with engine.begin() as connection:
        assert connection.execute(AGE, {"seconds": seconds}).rowcount == 1


@pytest.fixture
def answering() -> Answering:
    return Answering(FOR_EVER)


@pytest.fixture
def wallet(answering: Answering, worker_engine: Engine) -> RecordedWallet:
    return RecordedWallet(worker_engine, answering, "theirs")


@pytest.fixture
def remembered(engine: Engine) -> Remembered:
    def read() -> Sequence[str]:
        with engine.connect() as connection:
            return connection.execute(ASKED).scalars().all()

    return read
