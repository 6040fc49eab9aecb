"""What the wallet check makes of a wallet that does not answer what it was asked."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import pytest

from testbed.conformance.bets import PreparedBet
from testbed.provider import Player
from testbed.wallet.play import Limits, Play
from testbed.wallet.wallets import Wallets
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.wallets.port import Decided, Undecided, Verdict, Why

BET = PreparedBet(Player("alice", "EUR"), "r1")
Answer = Callable[[Cancel], list[Verdict]]


def no_bet(cancel: Cancel) -> Verdict:
    return Decided(Decision(request_id=cancel.request_id, outcome=Outcome.NO_BET))


def busy(cancel: Cancel) -> Verdict:
    return Undecided(cancel, Why.BUSY, "locked", "")


def play_with(answer: Answer) -> Play:
    class Answering:
        def cancel(self, cancels: Sequence[Cancel], _deadline: float) -> Iterator[list[Verdict]]:
            yield answer(cancels[0])

    wallets = Wallets(cast(Any, None), lambda: cast(Any, Answering()))
    return Play(wallets, cast(Any, None), "LuckyMonaco", Limits(decided_s=0.2))


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (lambda one: [no_bet(one), no_bet(one)], "a cancel: two verdicts on one request"),
        (
            lambda one: [no_bet(one), busy(play_with(lambda _: []).cancel_of(BET))],
            "a cancel: a verdict on what was not asked",
        ),
        (lambda _: [], "a cancel: none, expected no_bet"),
        (lambda one: [busy(one)], "a cancel: undecided: busy (locked: ), expected no_bet"),
    ],
)
def test_what_is_not_one_decision_of_what_was_asked_is_a_fault(answer: Answer, fault: str) -> None:
    play = play_with(answer)
    play.cancel("a cancel", play.cancel_of(BET), Outcome.NO_BET)
    assert play.faults == [fault]


def test_a_busy_wallet_is_asked_again_until_it_decides() -> None:
    answers = iter([busy, busy, no_bet])
    play = play_with(lambda one: [next(answers)(one)])
    play.cancel("a cancel", play.cancel_of(BET), Outcome.NO_BET)
    assert (play.faults, [one.label for one in play.exchanges]) == ([], ["busy", "busy", "no_bet"])
