"""Stories of a real ledger, told."""

import re
from datetime import UTC
from decimal import Decimal
from uuid import uuid4

from sqlalchemy import Engine

from tests.making import Operator, batch_of, cancel_of, note_answer
from unbet import Direction
from unbet.history.explain import explain
from unbet.history.operations import explain_operations
from unbet.history.records import History
from unbet.history.timeline import (
    EventKind,
    operation_summary,
    operation_timeline,
    summary,
    timeline,
)
from unbet.journal.parking import park
from unbet.wallets.ledger.interventions import close_parked, retry_parked


def story_of(engine: Engine, reference: str) -> History:
    with engine.connect() as connection:
        (history,) = explain(connection, reference)
    return history


def test_a_bet_of_cash_and_bonus_is_told_from_the_stake_to_the_answer(
    engine: Engine, operator: Operator
) -> None:
    operator.deposit("10.00")
    operator.deposit("5.00", bonus=True)
    operator.bet("r1", "12.50")
    cancel = cancel_of("r1", uuid="u1")
    operator.cancel(cancel)
    note_answer(engine, cancel, 0, "0.5")
    operator.cancel(cancel_of("r1", uuid="u1"))
    operator.bet("r1", "12.50")

    history = story_of(engine, "r1")

    assert history.bet
    assert history.bet.cancelled_at
    moment = f"{history.bet.cancelled_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    assert summary(history) == (
        f"Cancelled once: 12.50 EUR returned, 10.00 to cash and 2.50 to bonus, on {moment}; "
        "1 retransmission decided the same; 1 late bet of 12.50 EUR was refused."
    )
    events = timeline(history)
    assert events == sorted(events, key=lambda event: event.at)
    assert {event.title: event.detail for event in events} == {
        "Bet placed: 12.50 EUR": "player alice; cash 10.00 - 10.00 = 0.00, "
        "bonus 5.00 - 2.50 = 2.50",
        "Cancel": "uuid u1; from 192.0.2.1, lucky-monaco-v4, player alice, EUR",
        "Decided: reversed": "uuid u1; the bet stands no more",
        "Decided: reversed, as before": "uuid u1",
        "Returned: 12.50 EUR": "cash 0.00 + 10.00 = 10.00, bonus 2.50 + 2.50 = 5.00",
        "Answered 0: reversed": "uuid u1; after 0.500 s",
        "Cancel again": "uuid u1; from 192.0.2.1, lucky-monaco-v4, player alice, EUR",
        "Late bet refused: 12.50 EUR": "player alice; its cancel had been here before",
    }


def test_what_people_did_to_a_parked_cancel_belongs_to_its_history(
    engine: Engine, operator: Operator
) -> None:
    cancel = cancel_of("r1", uuid="u1")
    operator.cancel(cancel, hold_unknown=True)
    with engine.begin() as connection:
        assert retry_parked(connection, made_by="anna", reference="r1") == 1
    with engine.begin() as connection:
        assert close_parked(connection, cancel.request_id, made_by="ben", reason="a test").closed

    history = story_of(engine, "r1")

    assert [(done.action, done.made_by, done.reason) for done in history.interventions] == [
        ("retry", "anna", None),
        ("close", "ben", "a test"),
    ]
    assert [event.title for event in timeline(history)] == [
        "Cancel",
        "Parked, closed by now",
        "Retry by anna",
        "Closed by ben",
        "Decided: closed",
    ]
    assert summary(history).startswith("Closed by ben on ")
    assert summary(history).endswith("(a test): there is no such bet, and a tombstone refuses it.")


def test_a_request_for_several_bets_is_told_with_what_became_of_the_others(
    engine: Engine, operator: Operator
) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "1.00")
    operator.bet("r3", "1.00")
    batch = batch_of("r1", "r2", "r3", "r4", user_id=None, currency=None)
    batch[2] = batch[2].model_copy(update={"amount": Decimal("9.00")})
    operator.cancel(*batch[:3])
    with engine.begin() as connection:
        park(connection, batch, reason="test")
    history = story_of(engine, "r1")
    (cancel,) = [event for event in timeline(history) if event.kind is EventKind.REQUEST]
    assert cancel.detail.endswith(
        "asks for 4 bets, also r2 (no bet), r3 (a bet of another stake) and r4 (parked)"
    )
    assert "player" not in cancel.detail
    assert "one request asked for 4 bets at once" in summary(history)
    other = story_of(engine, "r3")
    assert "1 cancel of another stake changed nothing" in summary(other)
    # Without a decision as well.
    assert "asked for 4 bets at once" in summary(story_of(engine, "r4"))


def test_no_history_tells_a_session(engine: Engine, operator: Operator) -> None:
    told = cancel_of("r1").model_copy(update={"body": '{"sessionId": "session-1"}'})
    for hold in (True, False):
        operator.cancel(told.model_copy(update={"request_id": uuid4()}), hold_unknown=hold)

    history = story_of(engine, "r1")

    assert "session-1" in history.parked[0].cancel
    assert "session-1" not in summary(history) + str(timeline(history))


def told_of(engine: Engine, reference: str) -> list[tuple[str, dict[str, str]]]:
    """In short, and event by event; without the times."""
    with engine.connect() as connection:
        operations = explain_operations(connection, reference)
    return [
        (
            re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "TIME", operation_summary(one)),
            {event.title: event.detail for event in operation_timeline(one)},
        )
        for one in operations
    ]


def test_a_withdrawal_is_told_from_its_hold_to_its_end(engine: Engine, operator: Operator) -> None:
    operator.deposit("10.00", reference="w1")
    for reference in ("w1", "w2", "w3"):
        operator.withdraw(reference, "2.00")
    operator.complete("w1")
    operator.release("w2")
    operator.withdraw("w4", "100.00")

    deposited = "player alice; cash 0.00 + 10.00 = 10.00"
    held = {"Withdrawal held: 2.00 EUR": "player alice; cash 10.00 - 2.00 = 8.00, held "}
    assert told_of(engine, "w1") == [
        ("Deposited once: 10.00 EUR to cash on TIME.", {"Deposited: 10.00 EUR": deposited}),
        (
            "Withdrawal of 2.00 EUR, held on TIME: completed on TIME, the money has left.",
            {title: f"{detail}0.00 + 2.00 = 2.00" for title, detail in held.items()}
            | {"Withdrawal completed: 2.00 EUR": "player alice; held 6.00 - 2.00 = 4.00"},
        ),
    ]
    [(short, events)] = told_of(engine, "w2")
    assert short == (
        "Withdrawal of 2.00 EUR, held on TIME: released on TIME, the money is cash again."
    )
    assert events["Withdrawal released: 2.00 EUR"] == (
        "player alice; cash 4.00 + 2.00 = 6.00, held 4.00 - 2.00 = 2.00"
    )
    [(short, events)] = told_of(engine, "w3")
    assert short == "Withdrawal of 2.00 EUR, held on TIME: neither completed nor released yet."
    assert told_of(engine, "w4") == [
        (
            "Withdrawal of 100.00 EUR was refused on TIME (insufficient funds).",
            {"Withdrawal refused: 100.00 EUR": "player alice; insufficient funds"},
        )
    ]


def test_a_correction_is_told_with_its_reason_and_name_and_a_conversion(
    engine: Engine, operator: Operator
) -> None:
    operator.deposit("10.00", bonus=True)
    operator.convert("x", "4.00")
    operator.correct("c1", "1.00", Direction.DEBIT, reason="given twice", made_by="bob")
    operator.correct("c2", "1.50")

    assert told_of(engine, "x") == [
        (
            "Converted once: 4.00 EUR of bonus became cash on TIME.",
            {
                "Converted to cash: 4.00 EUR": "player alice; "
                "bonus 10.00 - 4.00 = 6.00, cash 0.00 + 4.00 = 4.00"
            },
        )
    ]
    assert told_of(engine, "c1") == [
        (
            "Corrected once by bob: 1.00 EUR taken from cash on TIME (given twice).",
            {"Corrected: 1.00 EUR": "player alice; by bob: given twice; cash 4.00 - 1.00 = 3.00"},
        )
    ]
    [(short, _)] = told_of(engine, "c2")
    assert short == "Corrected once by ann: 1.50 EUR given to cash on TIME (counted wrongly)."
    assert told_of(engine, "unknown") == []
