"""Two calls about one bet at once: a wallet that forgets is asked once, and no doubt is lost."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from sqlalchemy import Engine, text

from tests.making import cancel_of
from tests.waiting import until, waiting_for_locks
from tests.wallets.answering import (
    FOR_A_TIME,
    NOT,
    Answering,
    Remembered,
    age,
    asked_meanwhile,
    decided,
    undecided,
)
from tests.wallets.answering import answering as answering
from tests.wallets.answering import remembered as remembered
from tests.wallets.answering import wallet as wallet
from tests.wallets.contract import outcomes, verdicts_on
from unbet.core.outcomes import Outcome
from unbet.database.faults import LedgerAwayError
from unbet.wallets.port import Decided, Undecided, Why
from unbet.wallets.recorded import RecordedWallet


def test_two_at_once_ask_a_wallet_without_memory_once(
    wallet: RecordedWallet, answering: Answering
) -> None:
    answering.abilities = NOT
    with asked_meanwhile(wallet, answering, decided) as (_, first):
        (told,) = verdicts_on(wallet, cancel_of("r1"))
    assert [type(one) for one in first.result()] == [Decided]
    assert isinstance(told, Undecided)
    assert told.why is Why.BUSY
    assert outcomes(wallet, cancel_of("r1")) == [Outcome.REVERSED]
    assert answering.asked == ["r1"]


def test_what_another_call_decides_while_this_one_is_planned_is_not_asked_again(
    wallet: RecordedWallet, answering: Answering, engine: Engine
) -> None:
    """The plan is held up between its statements: a table is locked that it reads last."""
    answering.abilities = NOT
    with ThreadPoolExecutor(1) as pool:
        with (
            asked_meanwhile(wallet, answering, decided) as (go_on, first),
            engine.begin() as holder,
        ):
            holder.execute(text("LOCK TABLE unbet_ledger.bets IN ACCESS EXCLUSIVE MODE"))
            second = pool.submit(verdicts_on, wallet, cancel_of("r1"))
            until(lambda: waiting_for_locks(engine), "the plan is not held up")
            go_on.set()
            assert [type(one) for one in first.result()] == [Decided]
        # On a slow machine the plan has given up waiting for the lock.
        with suppress(LedgerAwayError):
            second.result()
    assert answering.asked == ["r1"]
    assert outcomes(wallet, cancel_of("r1")) == [Outcome.REVERSED]
    assert answering.asked == ["r1"]


def test_who_did_nothing_does_not_end_the_doubt_that_another_has_left(
    wallet: RecordedWallet, answering: Answering, engine: Engine, remembered: Remembered
) -> None:
    """The first waits for its turn, the second asks meanwhile and gets no answer."""
    answering.abilities = FOR_A_TIME
    with asked_meanwhile(wallet, answering, undecided(Why.BUSY)):
        answering.answer = undecided(Why.UNANSWERED)
        verdicts_on(wallet, cancel_of("r1"))
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
    with asked_meanwhile(wallet, answering, undecided(Why.BUSY)):
        answering.answer = undecided(Why.AWAY)
        verdicts_on(wallet, cancel_of("r1"))
        assert remembered() == ["r1"]
    assert remembered() == []
