"""The summary and the timeline of a reference whose bet is in a wallet other than the ledger."""

import pytest

from tests.histories import at, bet, history, intervention, parked, request, told_by
from unbet.core.outcomes import Outcome
from unbet.history.records import History
from unbet.history.timeline import summary, timeline

REVERSED = told_by("http", request(60), ref="T-7", replayed=False, cash="100")
REPEATED = told_by("http", request(70), ref="T-7", replayed=True, cash="100")
RETURNED = (
    "Cancelled once: the wallet http returned the stake, recorded on 2026-11-24 17:01:00 UTC, "
    "its reference T-7, cash 100.00 EUR after it"
)
WAITING = parked(60)
CLOSED = parked(60, "closed")
CLOSING = intervention(80, "close", CLOSED, "paid by hand")
TOMBSTONE = bet("tombstone", amount=None, outcome=Outcome.CLOSED).model_copy(
    update={"cancelled_at": at(80), "cancel_request_id": CLOSED.request_id}
)
PARKED = (
    "Not decided yet: parked since 2026-11-24 17:01:00 UTC because its bet is not known here, "
    "tried 3 times, next try at 2026-11-24 17:02:00 UTC"
)
PUT_OFF = "1 request answered 100 first, because its bet is not known here"
ASKED = "the wallet http was first asked on 2026-11-24 17:01:01 UTC, and what it has done is not "


def elsewhere(outcome: Outcome, code: int = 0) -> History:
    return history(None, told_by("sql", request(60, outcome, code=code)), wallet="sql")


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (history(None, REVERSED, wallet="http"), RETURNED),
        (
            history(None, REVERSED, REPEATED, wallet="http"),
            f"{RETURNED}; 1 retransmission answered the same",
        ),
        (
            history(None, told_by("http", request(60), replayed=True), wallet="http"),
            "Cancelled once: the wallet http returned the stake, recorded on 2026-11-24 17:01:00 "
            "UTC, decided before, as the wallet says",
        ),
        (
            elsewhere(Outcome.NO_BET),
            "No such bet in the wallet sql, recorded on 2026-11-24 17:01:00 UTC",
        ),
        (
            elsewhere(Outcome.NO_BET).model_copy(update={"look_at": at(75)}),
            "No such bet in the wallet sql, recorded on 2026-11-24 17:01:00 UTC; the wallet sql is "
            "asked again on 2026-11-24 17:01:15 UTC whether the bet has come",
        ),
        (
            elsewhere(Outcome.BET_REFUSED),
            "Nothing to return: the wallet sql had refused the bet, recorded on 2026-11-24 "
            "17:01:00 UTC",
        ),
        (
            elsewhere(Outcome.SETTLED, 120),
            "Cancelled too late: in the wallet sql the bet had its result, nothing was returned, "
            "recorded on 2026-11-24 17:01:00 UTC",
        ),
        (
            history(
                None,
                told_by("http", request(50, Outcome.MISMATCH, uuid="u2", code=7)),
                REVERSED,
                wallet="http",
            ),
            f"{RETURNED}; 1 cancel of another player changed nothing",
        ),
        (history(parked=(WAITING,), wallet="http"), f"{PARKED}; nothing was returned"),
        (
            history(parked=(WAITING,), wallet="http", asked_at=at(61)),
            f"{PARKED}; {ASKED}known here",
        ),
        (
            history(TOMBSTONE, parked=(CLOSED,), interventions=(CLOSING,), wallet="http"),
            "Closed by anna on 2026-11-24 17:01:20 UTC (paid by hand): the wallet http is not "
            f"asked about it any more; {PUT_OFF}",
        ),
        (
            history(
                TOMBSTONE,
                parked=(CLOSED,),
                interventions=(CLOSING,),
                wallet="http",
                asked_at=at(61),
            ),
            "Closed by anna on 2026-11-24 17:01:20 UTC (paid by hand): the wallet http is not "
            f"asked about it any more; {ASKED}known here; {PUT_OFF}",
        ),
        # The wallet had it in the moment in which a person closed it: its decision stands.
        (
            history(TOMBSTONE, REVERSED, interventions=(CLOSING,), wallet="http"),
            f"{RETURNED}; closed by anna on 2026-11-24 17:01:20 UTC (paid by hand)",
        ),
        (
            history(wallet="http"),
            "No cancel is known; only the wallet http knows whether there is a bet",
        ),
        (
            history(wallet="http", asked_at=at(61)),
            f"Not decided yet: {ASKED}known here; only the wallet http knows whether there is a "
            "bet",
        ),
    ],
)
def test_each_kind_of_history_has_its_sentence(told: History, sentence: str) -> None:
    assert summary(told) == f"{sentence}."


def test_the_timeline_has_what_the_wallet_told_with_the_first_decision() -> None:
    of = history(None, REVERSED, REPEATED, wallet="http")
    assert [(event.title, event.detail) for event in timeline(of)] == [
        ("Cancel", "uuid u1; from 192.0.2.1, lucky-monaco-v4, player alice, EUR"),
        (
            "Decided: reversed",
            "uuid u1; by the wallet http, its reference T-7, cash 100.00 EUR after it",
        ),
        ("Answered 0: reversed", "uuid u1; after 0.020 s"),
        ("Cancel again", "uuid u1; from 192.0.2.1, lucky-monaco-v4, player alice, EUR"),
        ("Answered 0: reversed", "uuid u1; after 0.020 s"),
    ]


def test_a_closing_says_of_the_wallet_that_it_is_not_asked() -> None:
    of = history(TOMBSTONE, parked=(CLOSED,), interventions=(CLOSING,), wallet="http")
    decided = [event for event in timeline(of) if event.title == "Decided: closed"]
    assert [event.detail for event in decided] == [
        "uuid u9; the wallet http is not asked about it any more"
    ]


def test_a_closing_that_met_a_decision_of_the_wallets_is_no_decision() -> None:
    of = history(TOMBSTONE, REVERSED, interventions=(CLOSING,), wallet="http")
    titles = [event.title for event in timeline(of)]
    assert [title for title in titles if title.startswith(("Decided", "Closed"))] == [
        "Decided: reversed",
        "Closed by anna",
    ]
