"""The example of a wallet in Python keeps the contract, and a wrong wallet decides nothing."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from examples.wallet_python import CasinoWallet
from tests.making import cancel_of
from tests.wallets.contract import WalletContract, decide, verdicts_on
from tests.wallets.service import Service
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.database.faults import LedgerAwayError
from unbet.wallets.checked import HUNG, CheckedWallet
from unbet.wallets.port import Decided, Memory, Undecided, Verdict, Wallet, Why

ABILITIES = CasinoWallet.abilities
Answer = Callable[[Sequence[Cancel]], Iterator[Sequence[Any]]]


def url_of(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


class TestPythonWallet(Service, WalletContract):
    @pytest.fixture
    def wallet(self, casino_engine: Engine) -> Iterator[Wallet]:
        wallet = CasinoWallet(url_of(casino_engine))
        yield CheckedWallet(wallet)
        wallet.close()

    @pytest.fixture
    def wallet_that_is_away(self) -> Wallet:
        return CheckedWallet(CasinoWallet("postgresql+psycopg://casino@127.0.0.1:1/casino"))


class Answering:
    """Counts its calls, and answers as it is told."""

    def __init__(self, answer: Answer, max_together: int = 8) -> None:
        self.abilities = replace(ABILITIES, max_together=max_together)
        self.calls: list[list[str]] = []
        self._answer = answer

    def cancel(self, cancels: Sequence[Cancel], deadline: float) -> Iterator[Sequence[Verdict]]:
        del deadline
        self.calls.append([cancel.reference for cancel in cancels])
        yield from self._answer(cancels)


def no_bet(cancel: Cancel, outcome: Any = Outcome.NO_BET, **others: Any) -> Decided:
    return Decided(Decision(request_id=cancel.request_id, outcome=outcome), **others)


def fails_on_bad(cancels: Sequence[Cancel]) -> Iterator[Sequence[Verdict]]:
    if any(cancel.reference == "bad" for cancel in cancels):
        raise RuntimeError("bad reference")
    yield [no_bet(cancel) for cancel in cancels]


def test_one_that_raises_is_found_alone_and_the_others_are_decided() -> None:
    wallet = Answering(fails_on_bad)
    cancels = [cancel_of(reference) for reference in ("r1", "bad", "r2")]
    told = verdicts_on(CheckedWallet(wallet), *cancels)
    undecided = [one for one in told if isinstance(one, Undecided)]
    assert [one.cancel.reference for one in undecided] == ["bad"]
    assert undecided[0][1:] == (Why.AMBIGUOUS, "the wallet failed", "RuntimeError: bad reference")
    assert wallet.calls == [["r1", "bad", "r2"], ["r1"], ["bad"], ["r2"]]


@pytest.mark.parametrize(
    ("memory", "calls"),
    [
        ({"remembers": Memory.NOT}, 1),
        ({"remembers": Memory.FOR_A_TIME, "remembers_s": 1.0}, 1),
        ({"remembers": Memory.FOR_A_TIME, "remembers_s": 60.0}, 3),
    ],
)
def test_one_that_may_have_forgotten_by_then_is_not_asked_alone(
    memory: dict[str, Any], calls: int
) -> None:
    wallet = Answering(fails_on_bad)
    wallet.abilities = replace(ABILITIES, **memory)
    told = verdicts_on(CheckedWallet(wallet), cancel_of("r1"), cancel_of("bad"))
    assert len(told) == 2
    assert len(wallet.calls) == calls


def test_it_is_asked_about_no_more_at_once_than_it_takes() -> None:
    wallet = Answering(fails_on_bad, max_together=2)
    cancels = [cancel_of(f"r{number}") for number in range(5)]
    assert len(decide(CheckedWallet(wallet), *cancels)) == 5
    assert [len(call) for call in wallet.calls] == [2, 2, 1]


def test_without_time_left_none_is_asked_alone() -> None:
    wallet = Answering(fails_on_bad)
    cancels = [cancel_of("bad"), cancel_of("r1")]
    told = [one for part in CheckedWallet(wallet).cancel(cancels, time.monotonic()) for one in part]
    assert [type(one) for one in told] == [Undecided, Undecided]
    assert len(wallet.calls) == 1


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (lambda _: iter([[]]), "no verdict"),
        (lambda _: iter([None]), "no verdict"),
        (lambda _: iter([["reversed"]]), "is no verdict"),
        (lambda _: iter([[no_bet(cancel_of("other"))]]), "was not asked about"),
        (lambda cancels: iter([[no_bet(cancels[0], outcome=Outcome.PARKED)]]), "'parked' is none"),
        (lambda cancels: iter([[no_bet(cancels[0], outcome=Outcome.CLOSED)]]), "'closed' is none"),
        (lambda cancels: iter([[no_bet(cancels[0], wallet_ref="r" * 201)]]), "wallet_ref is no"),
        (lambda cancels: iter([[no_bet(cancels[0], wallet_ref=7)]]), "wallet_ref is no"),
        (lambda cancels: iter([[no_bet(cancels[0], replayed="no")]]), "replayed is no"),
        (lambda _: iter([7]), "TypeError"),
    ],
)
def test_what_is_no_verdict_on_what_was_asked_decides_nothing(answer: Answer, problem: str) -> None:
    (told,) = verdicts_on(CheckedWallet(Answering(answer)), cancel_of("r1"))
    assert isinstance(told, Undecided)
    assert told.why is Why.AMBIGUOUS
    assert problem in told.detail


def test_a_good_verdict_before_a_wrong_one_stands() -> None:
    def answer(cancels: Sequence[Cancel]) -> Iterator[Sequence[Verdict]]:
        yield [no_bet(cancels[0]), no_bet(cancels[0])]

    wallet = Answering(answer)
    told = verdicts_on(CheckedWallet(wallet), cancel_of("r1"), cancel_of("r2"))
    assert [type(one) for one in told] == [Decided, Decided]
    assert wallet.calls == [["r1", "r2"], ["r2"]]


def test_cash_that_is_no_number_is_no_decision() -> None:
    def answer(cancels: Sequence[Cancel]) -> Iterator[Sequence[Verdict]]:
        decision = no_bet(cancels[0]).decision
        yield [Decided(decision.model_copy(update={"cash": Decimal("NaN")}))]

    (told,) = verdicts_on(CheckedWallet(Answering(answer)), cancel_of("r1"))
    assert isinstance(told, Undecided)


def test_a_journal_that_is_away_is_no_fault_of_the_cancels() -> None:
    def answer(_: Sequence[Cancel]) -> Iterator[Sequence[Verdict]]:
        raise LedgerAwayError("away")

    with pytest.raises(LedgerAwayError):
        verdicts_on(CheckedWallet(Answering(answer)), cancel_of("r1"))


@pytest.mark.parametrize(
    ("abilities", "error"), [(None, TypeError), (replace(ABILITIES, max_together=0), ValueError)]
)
def test_what_does_not_say_what_it_can_do_is_no_wallet(
    abilities: Any, error: type[Exception]
) -> None:
    wallet = Answering(fails_on_bad)
    wallet.abilities = abilities
    with pytest.raises(error):
        CheckedWallet(wallet)


HANGS = """
import threading, time
from tests.making import cancel_of
from tests.wallets.test_python import Answering, CheckedWallet

def answer(cancels):
    threading.Event().wait()
    yield []

list(CheckedWallet(Answering(answer)).cancel([cancel_of("r1")], time.monotonic()))
"""


def test_a_call_that_hangs_ends_its_process() -> None:
    ended = subprocess.run([sys.executable, "-c", HANGS], check=False, timeout=30)
    assert ended.returncode == HUNG
