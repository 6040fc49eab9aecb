"""Several wallets behind one call: each decides its own cancels, none waits for another."""

import threading
import time
from collections.abc import Iterator, Sequence

import pytest

from tests.making import cancel_of
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.database.faults import LedgerAwayError
from unbet.wallets.ledger.reversal import LedgerWallet
from unbet.wallets.port import Decided, Verdict
from unbet.wallets.routed import RoutedWallets

A, B = cancel_of("r1", provider="A"), cancel_of("r1", provider="B")
LIMIT_S = 10.0


class Slow:
    """Decides once it is told to, or fails with what it is told."""

    abilities = LedgerWallet.abilities

    def __init__(self, error: Exception | None = None) -> None:
        self.go = threading.Event()
        self.error = error
        self.asked: list[Sequence[Cancel]] = []

    def cancel(self, cancels: Sequence[Cancel], deadline: float) -> Iterator[Sequence[Verdict]]:
        self.asked.append(cancels)
        assert self.go.wait(deadline - time.monotonic() + 30)
        if self.error:
            raise self.error
        yield [Decided(Decision(request_id=c.request_id, outcome=Outcome.NO_BET)) for c in cancels]


def routed(**wallets: Slow) -> RoutedWallets:
    return RoutedWallets(wallets, lambda provider: provider)


def ids(verdicts: Sequence[Verdict]) -> list[object]:
    return [one.decision.request_id for one in verdicts if isinstance(one, Decided)]


def test_each_wallet_is_asked_about_its_own_and_a_fast_one_is_heard_first() -> None:
    slow, fast = Slow(), Slow()
    fast.go.set()
    told = routed(A=slow, B=fast).cancel([A, B], time.monotonic() + LIMIT_S)
    assert ids(next(told)) == [B.request_id]
    slow.go.set()
    assert ids(next(told)) == [A.request_id]
    assert list(told) == []
    assert (slow.asked, fast.asked) == ([[A]], [[B]])


def test_a_call_about_one_wallet_has_no_thread_of_its_own() -> None:
    wallet, other = Slow(), Slow()
    wallet.go.set()
    before = threading.active_count()
    for _ in routed(A=wallet, B=other).cancel([A], time.monotonic() + LIMIT_S):
        assert threading.active_count() == before
    assert other.asked == []


@pytest.mark.parametrize("error", [LedgerAwayError("away"), RuntimeError("a bug")])
def test_what_one_wallet_has_decided_is_told_before_another_ones_error(error: Exception) -> None:
    failing, fast = Slow(error), Slow()
    failing.go.set()
    fast.go.set()
    told = routed(A=failing, B=fast).cancel([A, B], time.monotonic() + LIMIT_S)
    assert ids(next(told)) == [B.request_id]
    with pytest.raises(type(error)):
        next(told)


def test_a_bug_is_not_taken_for_a_ledger_that_is_away() -> None:
    away, bug = Slow(LedgerAwayError("away")), Slow(RuntimeError("a bug"))
    away.go.set()
    bug.go.set()
    with pytest.raises(RuntimeError):
        list(routed(A=away, B=bug).cancel([A, B], time.monotonic() + LIMIT_S))


def test_a_wallet_that_does_not_end_by_its_deadline_is_not_waited_for() -> None:
    hung, fast = Slow(), Slow()
    fast.go.set()
    impatient = RoutedWallets({"A": hung, "B": fast}, lambda provider: provider, grace_s=0.1)
    told = impatient.cancel([A, B], time.monotonic() + 0.1)
    assert ids(next(told)) == [B.request_id]
    with pytest.raises(LedgerAwayError):
        next(told)
    hung.go.set()
