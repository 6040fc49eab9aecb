"""`unbet explain`: what a person reads who asks what happened to a reference.

(Over 250 lines: one history for each thing that may have happened.)
"""

import pytest
from sqlalchemy import Engine, text

from tests.making import PROVIDER, Operator, cancel_of, note_answer
from tests.ops.conftest import Unbet
from unbet.core.outcomes import Outcome
from unbet.journal.parking import park
from unbet.journal.sweeping import lease
from unbet.wallets.ledger.sweeping import reverse_parked


def test_the_history_of_a_reversed_bet_is_told_from_the_bet_to_the_answers(
    unbet: Unbet, operator: Operator, engine: Engine
) -> None:
    operator.deposit("10.00")
    operator.deposit("5.00", bonus=True)
    operator.bet("r1", "12.50")
    first, along, later = (cancel_of("r1", uuid=f"uuid-{n}") for n in range(3))
    operator.cancel(first)
    note_answer(engine, first, 0, "0.012")
    note_answer(engine, along, 0, "0.009", shared=first)
    operator.cancel(later)
    note_answer(engine, later, 0, "0.007")

    (history,) = unbet("explain", "r1", "--json").document["stories"]

    assert history["provider"] == PROVIDER
    bet = history["bet"]
    assert (bet["state"], bet["user_id"], bet["amount"]) == ("reversed", "alice", "12.50")
    assert (bet["outcome"], bet["cash_after"]) == ("reversed", "10.00")
    assert bet["cancelled_at"] >= bet["created_at"]
    assert [
        (r["uuid"], r["received_from"], r["outcome"], [a["code"] for a in r["answers"]])
        for r in history["requests"]
    ] == [
        ("uuid-0", "192.0.2.1", "reversed", [0, 0]),
        ("uuid-2", "192.0.2.1", "reversed", [0]),
    ]
    own, shared = history["requests"][0]["answers"]
    assert (own["seconds"], own["shared_request_id"]) == ("0.012", None)
    assert (shared["uuid"], shared["shared_request_id"]) == ("uuid-1", str(first.request_id))
    assert [
        [(e["kind"], e["amount"], e["balance_after"]) for e in t["entries"]]
        for t in history["transfers"]
    ] == [
        [("cash", "-10.00", "0.00"), ("bonus", "-2.50", "2.50"), ("house", "12.50", None)],
        [("cash", "10.00", "10.00"), ("bonus", "2.50", "5.00"), ("house", "-12.50", None)],
    ]


def test_the_history_of_a_reversed_bet_can_be_read(
    unbet: Unbet, operator: Operator, engine: Engine
) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    cancel = cancel_of("r1", uuid="the-uuid")
    operator.cancel(cancel)
    note_answer(engine, cancel, 0, "0.012")

    ran = unbet("explain", "r1")

    assert ran.status == 0
    assert ran.out.startswith("Cancelled once: 4.00 EUR returned to cash on ")
    shown = " ".join(ran.out.split())
    for line in (
        f"r1 at {PROVIDER}, times in UTC",
        "Bet placed: 4.00 EUR player alice; cash 10.00 - 4.00 = 6.00",
        "Cancel uuid the-uuid; from 192.0.2.1, lucky-monaco-v4, player alice, EUR",
        "Decided: reversed uuid the-uuid; the bet stands no more",
        "Returned: 4.00 EUR cash 6.00 + 4.00 = 10.00",
        "Answered 0: reversed uuid the-uuid; after 0.012 s",
    ):
        assert line in shown


def test_the_document_has_verdict_and_timeline_beside_what_it_had(
    unbet: Unbet, operator: Operator
) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")

    (history,) = unbet("explain", "r1", "--json").document["stories"]

    assert [*history] == [
        "provider",
        "reference",
        "wallet",
        "asked_at",
        "look_at",
        "round",
        "round_cancelled_at",
        "bet",
        "requests",
        "parked",
        "parkings",
        "interventions",
        "late_bets",
        "found_late",
        "transfers",
        "wins",
        "batches",
        "verdict",
        "timeline",
    ]
    assert history["verdict"].startswith("Never cancelled: the bet of 4.00 EUR was placed on ")
    assert history["timeline"] == [
        {
            "at": history["bet"]["created_at"],
            "kind": "bet",
            "title": "Bet placed: 4.00 EUR",
            "detail": "player alice; cash 10.00 - 4.00 = 6.00",
        }
    ]


def test_the_history_of_a_tombstone_tells_of_the_bet_that_came_too_late(
    unbet: Unbet, operator: Operator
) -> None:
    operator.deposit("10.00")
    operator.cancel(cancel_of("r1"))
    operator.bet("r1", "4.00")

    (history,) = unbet("explain", "r1", "--json").document["stories"]

    assert (history["bet"]["state"], history["bet"]["outcome"]) == ("tombstone", "no_bet")
    assert [(late["user_id"], late["amount"]) for late in history["late_bets"]] == [
        ("alice", "4.00")
    ]
    assert history["transfers"] == []
    shown = unbet("explain", "r1").out
    assert shown.startswith("No such bet: a tombstone refuses it since ")
    assert "1 late bet of 4.00 EUR was refused." in " ".join(shown.split())
    assert "Late bet refused: 4.00 EUR" in shown


def test_of_an_unknown_reference_it_is_said_that_nothing_is_known(unbet: Unbet) -> None:
    ran = unbet("explain", "nowhere")

    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("Nothing is known of nowhere. ")
    assert "spool" in ran.err
    as_json = unbet("explain", "nowhere", "--json")
    assert (as_json.status, as_json.document) == (
        1,
        {"reference": "nowhere", "stories": [], "operations": [], "wallets": {}},
    )


def test_a_refused_bet_says_why(unbet: Unbet, operator: Operator) -> None:
    operator.bet("r1", "4.00")

    assert "(insufficient funds)" in unbet("explain", "r1").out


def test_wins_are_found_by_the_bet_and_by_their_own_reference(
    unbet: Unbet, operator: Operator
) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    operator.settle("r1", "2.50", reference="w1")
    operator.settle("never-placed", "1.00", reference="w2")

    (of_the_bet,) = unbet("explain", "r1", "--json").document["stories"]
    (of_the_win,) = unbet("explain", "w2", "--json").document["stories"]

    assert [(w["reference"], w["amount"]) for w in of_the_bet["wins"]] == [("w1", "2.50")]
    assert [t["kind"] for t in of_the_bet["transfers"]] == ["bet", "win"]
    assert [(w["bet_reference"], w["refusal"]) for w in of_the_win["wins"]] == [
        ("never-placed", "unknown_bet")
    ]


def test_a_parked_cancel_is_shown_with_its_answer(
    unbet: Unbet, operator: Operator, engine: Engine
) -> None:
    cancel = cancel_of("r1")
    operator.cancel(cancel, hold_unknown=True)
    note_answer(engine, cancel, 100, "7.000", outcome=Outcome.PARKED)

    (history,) = unbet("explain", "r1", "--json").document["stories"]

    assert history["bet"] is None
    (parked,) = history["parked"]
    assert (parked["state"], parked["reason"]) == ("parked", "unknown reference")
    assert [answer["code"] for answer in parked["answers"]] == [100]
    assert "Answered 100: please retry" in unbet("explain", "r1").out


def test_why_a_cancel_was_answered_100_is_told_after_it_has_been_decided(
    unbet: Unbet, operator: Operator, engine: Engine
) -> None:
    operator.deposit("10.00")
    cancel = cancel_of("r1")
    operator.cancel(cancel, hold_unknown=True)
    note_answer(engine, cancel, 100, "0.020", outcome=Outcome.PARKED)
    operator.bet("r1", "4.00")
    with engine.begin() as connection:
        connection.execute(text("UPDATE unbet.parked SET next_try_at = now()"))
        reverse_parked(connection, lease(connection, fresh=True, most=1).cancels)

    told = unbet("explain", "r1").out

    assert "1 request answered 100 first, because its bet is not known here" in " ".join(
        told.split()
    )
    assert "Parked, decided by now" in told


def test_a_reference_that_several_providers_use_has_a_history_for_each(
    unbet: Unbet, operator: Operator
) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    operator.bet("r1", "2.00", provider="Another")

    stories = unbet("explain", "r1", "--json").document["stories"]
    (history,) = unbet("explain", "r1", "--provider", "Another", "--json").document["stories"]

    assert [s["provider"] for s in stories] == ["Another", PROVIDER]
    assert history["bet"]["amount"] == "2.00"
    assert unbet("explain", "r1", "--provider", "Unknown").status == 1


def test_bodies_and_sessions_are_shown_in_json_only(
    unbet: Unbet, operator: Operator, engine: Engine
) -> None:
    decided = cancel_of("r1").model_copy(update={"body": '{"sessionId": "hidden-session"}'})
    held = cancel_of("r1").model_copy(update={"body": '{"sessionId": "hidden-session"}'})
    operator.cancel(decided)
    with engine.begin() as connection:
        park(connection, [held], reason="for a test")

    assert "hidden-session" not in unbet("explain", "r1").out
    assert unbet("explain", "r1", "--json").out.count("hidden-session") == 2


@pytest.mark.parametrize("reference", ["[red]r1[/red]", "r1\x1b[2J", "r1\nr2", "Ünïcode"])
def test_what_a_provider_sends_does_not_steer_the_terminal(
    unbet: Unbet, operator: Operator, reference: str
) -> None:
    operator.cancel(cancel_of(reference, uuid=reference))

    out = unbet("explain", reference).out

    assert reference.encode("unicode_escape").decode() in out or reference in out
    assert all(character.isprintable() for character in out.replace("\n", ""))


def test_a_withdrawal_is_shown_to_whoever_asks_for_its_reference(
    unbet: Unbet, operator: Operator
) -> None:
    operator.deposit("10.00")
    operator.bet("same", "1.00")
    operator.withdraw("same", "2.00")

    ran = unbet("explain", "same")
    assert ran.status == 0
    assert "Never cancelled: the bet of 1.00 EUR was placed" in ran.out
    assert "Withdrawal of 2.00 EUR, held on" in ran.out
    assert "cash 9.00 - 2.00 = 7.00, held 0.00 + 2.00 = 2.00" in " ".join(ran.out.split())

    document = unbet("explain", "same", "--json").document
    assert len(document["stories"]) == 1
    (operation,) = document["operations"]
    assert (operation["kind"], operation["amount"], operation["ended"]) == (
        "withdrawal",
        "-2.00",
        None,
    )
    assert [event["title"] for event in operation["timeline"]] == ["Withdrawal held: 2.00 EUR"]
    assert [entry["amount"] for entry in operation["transfers"][0]["entries"]] == ["-2.00", "2.00"]
    # It is of no provider.
    of_provider = unbet("explain", "same", "--provider", "LuckyMonaco", "--json").document
    assert of_provider["operations"] == []
