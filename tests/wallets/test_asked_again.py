"""Asking a wallet again: what is a difference, what is no answer, and when to give up."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from time import monotonic

import pytest

from examples.wallet_python import CasinoWallet
from tests.making import cancel_of
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.database.faults import LedgerAwayError
from unbet.journal.decided import DecidedRequest
from unbet.wallets.asked_again import (
    MAX_SILENCE,
    AskedAgain,
    Compared,
    may_be_asked,
    not_to_ask_about,
)
from unbet.wallets.port import Abilities, Decided, Memory, Undecided, Verdict, Why

FOR_EVER = CasinoWallet.abilities
Answer = Callable[[Sequence[Cancel]], Sequence[Verdict]]


class Answering:
    """A wallet that answers as `answer` says, and remembers what it was asked about."""

    def __init__(self, answer: Answer, abilities: Abilities = FOR_EVER) -> None:
        self.abilities = abilities
        self.answer = answer
        self.calls: list[list[str]] = []

    def cancel(self, cancels: Sequence[Cancel], deadline: float) -> Iterator[Sequence[Verdict]]:
        assert deadline > monotonic()
        self.calls.append([one.reference for one in cancels])
        yield self.answer(cancels)


def told(
    cancel: Cancel, outcome: Outcome = Outcome.REVERSED, *, ref: str = "T-1", replayed: bool = True
) -> Decided:
    return Decided(Decision(request_id=cancel.request_id, outcome=outcome), replayed, ref)


def decided(
    *references: str, outcome: Outcome = Outcome.REVERSED, ref: str | None = "T-1"
) -> list[DecidedRequest]:
    return [DecidedRequest(cancel_of(one), outcome, ref) for one in references]


def compare(
    wallet: Answering, requests: Sequence[DecidedRequest], per_second: float = 1000.0
) -> list[Compared]:
    return list(AskedAgain(wallet, per_second, pause_s=0.0).compare(requests))


def test_a_wallet_that_repeats_its_decisions_differs_in_nothing() -> None:
    requests = decided("r1", "r2", "r3")
    (found,) = compare(Answering(lambda cancels: [*map(told, cancels)]), requests)
    assert found == Compared(3, [], [], requests[-1].cancel.request_id, is_away=False)


@pytest.mark.parametrize(
    ("recorded", "says", "differs"),
    [
        ((Outcome.REVERSED, "T-1"), (Outcome.SETTLED, "T-1", True), "outcome"),
        ((Outcome.REVERSED, "T-1"), (Outcome.REVERSED, "T-2", True), "wallet_ref"),
        ((Outcome.REVERSED, None), (Outcome.REVERSED, "T-2", True), None),
        ((Outcome.REVERSED, "T-1"), (Outcome.REVERSED, "T-1", False), "decided_anew"),
        ((Outcome.REVERSED, "T-1"), (Outcome.REVERSED, "T-1", None), None),
        ((Outcome.MISMATCH, None), (Outcome.MISMATCH, None, False), None),
    ],
)
def test_another_outcome_another_reference_and_a_new_decision_are_differences(
    recorded: tuple[Outcome, str | None],
    says: tuple[Outcome, str, bool],
    differs: str | None,
) -> None:
    outcome, ref, replayed = says
    wallet = Answering(
        lambda cancels: [told(c, outcome, ref=ref, replayed=replayed) for c in cancels]
    )
    (found,) = compare(wallet, decided("r1", outcome=recorded[0], ref=recorded[1]))
    assert [one.check for one in found.differences] == ([differs] if differs else [])


def test_one_that_is_not_answered_is_asked_alone_and_counted_and_the_others_are_compared() -> None:
    def answer(cancels: Sequence[Cancel]) -> Sequence[Verdict]:
        return [
            Undecided(one, Why.BUSY, "busy", "") if one.reference == "r2" else told(one)
            for one in cancels
        ]

    wallet = Answering(answer)
    requests = decided("r1", "r2", "r3")
    (found,) = compare(wallet, requests)
    assert (found.requests, found.is_away) == (2, False)
    assert [one.reference for one in found.unanswered] == ["r2"]
    assert found.after == requests[-1].cancel.request_id
    assert wallet.calls == [["r1", "r2", "r3"], ["r2"], ["r2"]]


def test_a_group_that_one_cancel_spoils_is_answered_one_by_one() -> None:
    def answer(cancels: Sequence[Cancel]) -> Sequence[Verdict]:
        return [] if len(cancels) > 1 else [*map(told, cancels)]

    (found,) = compare(Answering(answer), decided("r1", "r2", "r3", "r4"))
    assert (found.requests, found.unanswered) == (4, [])


@pytest.mark.parametrize("together", [1, 8])
def test_a_wallet_that_says_nothing_is_given_up_and_the_place_is_before_its_silence(
    together: int,
) -> None:
    requests = decided(*(f"r{number}" for number in range(20)))
    answered = [one.cancel.request_id for one in requests[:8]]

    def answer(cancels: Sequence[Cancel]) -> Sequence[Verdict]:
        if cancels[0].request_id in answered:
            return [*map(told, cancels)]
        raise LedgerAwayError("gone")

    wallet = Answering(answer, replace(FOR_EVER, max_together=together))
    found = compare(wallet, requests)
    assert [one.is_away for one in found] == [False] * (len(found) - 1) + [True]
    assert sum(one.requests for one in found) == 8
    assert sum(len(one.unanswered) for one in found) == MAX_SILENCE
    assert found[-1].after == answered[-1]


def test_of_a_wallet_that_says_nothing_at_all_no_place_is_told() -> None:
    wallet = Answering(lambda _: [], replace(FOR_EVER, max_together=1))
    assert compare(wallet, decided("r1", "r2", "r3", "r4"))[-1].after is None


def test_what_the_wallet_rejects_is_an_answer_though_no_outcome() -> None:
    def answer(cancels: Sequence[Cancel]) -> Sequence[Verdict]:
        return [Undecided(one, Why.REJECTED, "no", "") for one in cancels]

    wallet = Answering(answer)
    (found,) = compare(wallet, decided("r1", "r2", "r3", "r4"))
    assert (found.is_away, len(found.unanswered)) == (False, 4)
    assert len(wallet.calls) == 1


def test_it_is_asked_about_no_more_in_a_second_than_was_said() -> None:
    wallet = Answering(lambda cancels: [*map(told, cancels)])
    began = monotonic()
    compare(wallet, decided(*(f"r{number}" for number in range(30))), per_second=20.0)
    assert monotonic() - began >= 1.0
    assert [len(call) for call in wallet.calls] == [20, 10]


def test_a_wallet_that_would_decide_again_is_not_asked() -> None:
    assert may_be_asked(FOR_EVER)
    for memory in (Memory.FOR_A_TIME, Memory.NOT):
        assert not may_be_asked(replace(FOR_EVER, remembers=memory))
    assert not_to_ask_about(FOR_EVER) == {Outcome.CLOSED, Outcome.BATCH_REFUSED}
    without = replace(FOR_EVER, closes_unknown=False)
    assert not_to_ask_about(without) == {
        Outcome.CLOSED,
        Outcome.BATCH_REFUSED,
        Outcome.NO_BET,
    }
