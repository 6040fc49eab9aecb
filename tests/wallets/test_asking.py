"""The journal has what a wallet is asked before it is asked, until it has what was decided."""

from collections.abc import Sequence

import pytest
from sqlalchemy import Engine, text

from tests.ledger.closing import closed
from tests.making import cancel_of
from tests.wallets.answering import (
    FOR_A_TIME,
    FOR_EVER,
    FORGETFUL,
    NOT,
    Answering,
    Remembered,
    age,
    decided,
    undecided,
)
from tests.wallets.answering import answering as answering
from tests.wallets.answering import remembered as remembered
from tests.wallets.answering import wallet as wallet
from tests.wallets.contract import outcomes, verdicts_on
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.wallets.port import Abilities, Decided, Undecided, Verdict, Why
from unbet.wallets.recorded import RecordedWallet


class DiedError(BaseException):
    """As the end of a process: nothing handles it."""


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
