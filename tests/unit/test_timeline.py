"""What happened to a reference, event by event.

(Over 250 lines: a history as a person reads it is many lines, and is compared whole.)
"""

from tests.histories import (
    REVERSAL,
    SESSION,
    WIN,
    at,
    bet,
    history,
    intervention,
    late_bet,
    parked,
    parking,
    request,
    stake,
    transfer,
    win,
)
from unbet.core.outcomes import Outcome
from unbet.history.records import History
from unbet.history.timeline import EventKind, timeline
from unbet.wallets.ledger.operations import Refusal


def told(of: History) -> list[tuple[float, str, str, str]]:
    """Each event, its time in seconds after the bet."""
    events = timeline(of)
    assert not any(SESSION in event.title + event.detail for event in events)
    return [
        (round((event.at - at(0)).total_seconds(), 3), event.kind.value, event.title, event.detail)
        for event in events
    ]


def titles(of: History) -> list[str]:
    return [title for _, _, title, _ in told(of)]


def test_a_cancelled_bet_is_told_from_the_stake_to_the_answers() -> None:
    first, again = request(60, shared_by=("u2",)), request(90)
    of = history(
        bet("reversed", by=first),
        first,
        again,
        transfers=(
            stake(("cash", "-7.5", "0"), ("bonus", "-2.5", "2.5")),
            transfer(REVERSAL, "reversal", 60.01, ("cash", "7.5", "7.5"), ("bonus", "2.5", "5")),
        ),
    )
    assert told(of) == [
        (
            0,
            "bet",
            "Bet placed: 10.00 EUR",
            "player alice; cash 7.50 - 7.50 = 0.00, bonus 5.00 - 2.50 = 2.50",
        ),
        (
            60,
            "request",
            "Cancel",
            "uuid u1; from 192.0.2.1, lucky-monaco-v4, player alice, EUR",
        ),
        (
            60.001,
            "request",
            "Cancel",
            "uuid u2; shares the wait of uuid u1, from 192.0.2.1, player alice, EUR",
        ),
        (60.01, "decision", "Decided: reversed", "uuid u1; the bet stands no more"),
        (
            60.01,
            "money",
            "Returned: 10.00 EUR",
            "cash 0.00 + 7.50 = 7.50, bonus 2.50 + 2.50 = 5.00",
        ),
        (60.02, "answer", "Answered 0: reversed", "uuid u1; after 0.020 s"),
        (60.021, "answer", "Answered 0: reversed", "uuid u2; after 0.020 s"),
        (
            90,
            "request",
            "Cancel again",
            "uuid u1; from 192.0.2.1, lucky-monaco-v4, player alice, EUR",
        ),
        (90.02, "answer", "Answered 0: reversed", "uuid u1; after 0.020 s"),
    ]


def test_balances_are_exact_to_the_last_digit() -> None:
    large = "99999999999999999999.999999999999999999"
    of = history(bet(amount=large), transfers=(stake(("cash", f"-{large}", "0E-18")),))
    ((_, _, _, detail),) = told(of)
    assert detail == f"player alice; cash {large} - {large} = 0.00"


def test_a_stake_of_zero_moves_no_account() -> None:
    first = request(60)
    of = history(
        bet("reversed", amount="0.00", by=first),
        first,
        transfers=(stake(), transfer(REVERSAL, "reversal", 60.01)),
    )
    details = [detail for _, kind, _, detail in told(of) if kind in ("bet", "money")]
    assert details == ["player alice; no account is moved", "no account is moved"]


def test_a_cancel_answered_100_is_seen_to_be_decided_afterwards() -> None:
    late = request(60, code=100, decided_after=30)
    of = history(
        bet("reversed", by=late),
        late,
        parking_history=(parking(late, 66, "locked", "lock timeout"),),
    )
    assert told(of)[2:] == [
        (
            66,
            "parked",
            "Parked, decided by now",
            "uuid u1; because another transaction held what it needs; tried 1 time; last error: "
            "lock timeout",
        ),
        (67, "answer", "Answered 100: please retry", "uuid u1; after 7.000 s"),
        (90, "decision", "Decided: reversed", "uuid u1; the bet stands no more"),
    ]


def test_a_repeat_decided_after_its_answer_is_told_to_be_as_before() -> None:
    first, late = request(60), request(70, uuid="u2", code=100, decided_after=30)
    of = history(bet("reversed", by=first), first, late)
    assert told(of)[-1] == (100, "decision", "Decided: reversed, as before", "uuid u2")


def test_a_decision_whose_answer_is_not_noted_is_told() -> None:
    of = history(bet(), request(60, Outcome.MISMATCH, code=None))
    assert told(of)[-1] == (
        60.01,
        "decision",
        "Decided: another player's bet",
        "uuid u1; the bet is another player's: nothing changes",
    )


def test_a_binding_decision_outlives_the_record_of_its_request() -> None:
    removed = request(60)
    of = history(bet("reversed", by=removed))
    assert told(of)[-1][2:] == (
        "Decided: reversed",
        f"request {removed.request_id}; the bet stands no more",
    )


def test_a_parked_cancel_is_told_with_who_intervened() -> None:
    waits = parked(10, "closed", error="too odd")
    of = history(
        parked=(waits,),
        interventions=(
            intervention(20, "retry", waits, None),
            intervention(30, "close", waits, "paid by hand"),
        ),
    )
    assert told(of) == [
        (9, "request", "Cancel", "uuid u9; from 192.0.2.1, lucky-monaco-v4, player alice, EUR"),
        (
            10,
            "parked",
            "Parked, closed by now",
            "uuid u9; because its bet is not known here; tried 3 times; last error: too odd",
        ),
        (16, "answer", "Answered 100: please retry", "uuid u9; after 7.000 s"),
        (20, "intervention", "Retry by anna", "uuid u9"),
        (30, "intervention", "Closed by anna", "uuid u9; paid by hand"),
    ]


def test_one_that_still_waits_says_when_it_is_tried_next() -> None:
    (_, _, title, detail) = told(history(parked=(parked(10),)))[1]
    assert title == "Parked"
    assert detail.endswith("tried 3 times; next try at 2026-11-24 17:01:10 UTC")


def test_a_parked_cancel_that_cannot_be_read_is_told_all_the_same() -> None:
    broken = parked(10, "dead").model_copy(update={"cancel": f'{{"sessionId": "{SESSION}"}}'})
    events = told(history(parked=(broken,)))
    assert [(kind, title) for _, kind, title, _ in events] == [
        ("request", "Cancel"),
        ("parked", "Parked, dead by now"),
        ("answer", "Answered 100: please retry"),
    ]
    assert events[1][3].startswith(f"request {broken.request_id}; because")


def test_a_cancel_that_is_decided_and_still_in_parking_came_once() -> None:
    waits = parked(10)
    late = request(9, uuid="u9", code=None, decided_after=30)
    late = late.model_copy(update={"request_id": waits.request_id, "answers": waits.answers})
    of = history(bet("reversed", by=late), late, parked=(waits,))
    assert titles(of) == [
        "Bet placed: 10.00 EUR",
        "Cancel",
        "Parked",
        "Answered 100: please retry",
        "Decided: reversed",
    ]


def test_late_bets_and_wins_are_told() -> None:
    of = history(
        bet("reversed", by=(first := request(60))),
        first,
        late_bets=(late_bet(70, "4.00"),),
        wins=(win(80, "5.00", refusal=Refusal.CANCELLED),),
    )
    assert told(of)[-2:] == [
        (
            70,
            "late_bet",
            "Late bet refused: 4.00 EUR",
            "player alice; its cancel had been here before",
        ),
        (80, "win", "Win refused: 5.00 EUR", "reference w1, of bet r1; cancelled"),
    ]


def test_a_paid_win_has_its_balances_and_another_bets_win_no_currency() -> None:
    paid = transfer(WIN, "win", 20, ("cash", "2.5", "92.5"))
    of = history(bet("settled"), transfers=(paid,), wins=(win(20, "2.5", paid=WIN),))
    assert told(of)[-1] == (
        20,
        "win",
        "Win paid: 2.50 EUR",
        "reference w1, of bet r1; cash 90.00 + 2.50 = 92.50",
    )
    assert titles(history(bet(), wins=(win(20, "1", of="r0", paid=9),)))[-1] == "Win paid: 1.00"


def test_a_refused_bet_says_why() -> None:
    of = history(bet("refused", refusal=Refusal.INSUFFICIENT_FUNDS))
    assert told(of) == [
        (0, "bet", "Bet refused: 10.00 EUR", "player alice; insufficient funds"),
    ]


def test_what_happened_at_one_moment_is_told_in_the_order_of_kinds() -> None:
    first = request(60, decided_after=0)
    of = history(
        bet("reversed", by=first),
        first,
        transfers=(transfer(REVERSAL, "reversal", 60, ("cash", "10", "100")),),
    )
    kinds = [event.kind for event in timeline(of) if event.at == at(60)]
    assert kinds == [EventKind.REQUEST, EventKind.DECISION, EventKind.MONEY]


def test_fifty_retransmissions_are_all_there() -> None:
    first = request(60)
    of = history(bet("reversed", by=first), first, *(request(60 + n) for n in range(1, 51)))
    kinds = [event.kind for event in timeline(of)]
    assert kinds.count(EventKind.REQUEST) == kinds.count(EventKind.ANSWER) == 51
