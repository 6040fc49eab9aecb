"""What became of a reference, in one sentence: one for each kind of history.

(Over 250 lines: each sentence stands here as it is printed.)
"""

import pytest

from tests.histories import (
    REVERSAL,
    SESSION,
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
from unbet.history.timeline import summary
from unbet.wallets.ledger.operations import Refusal

CANCEL = request(60)
TOO_LATE = request(60, Outcome.SETTLED, code=120)
NO_BET = request(60, Outcome.NO_BET)
REFUSED = request(60, Outcome.BET_REFUSED)
TO_CASH = (stake(("cash", "-10", "90")), transfer(REVERSAL, "reversal", 60, ("cash", "10", "100")))
SPLIT = (
    stake(("cash", "-7.5", "0"), ("bonus", "-2.5", "2.5")),
    transfer(REVERSAL, "reversal", 60, ("cash", "7.5", "7.5"), ("bonus", "2.5", "5")),
)
WAITING = parked(60)
CLOSED = parked(60, "closed", error="too odd")
BY_HAND = bet(outcome=Outcome.CLOSED).model_copy(
    update={"cancelled_at": at(80), "cancel_request_id": CLOSED.request_id}
)
CLOSED_BY_ANNA = "Closed by anna on 2026-11-24 17:01:20 UTC (paid by hand)"
CLOSING = intervention(80, "close", CLOSED, "paid by hand")
REOPENING = intervention(90, "reopen", CLOSED, "not paid")

REVERSED_BET = bet("reversed", by=CANCEL)
RETURNED = "Cancelled once: 10.00 EUR returned to cash on 2026-11-24 17:01:00 UTC"


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        pytest.param(history(REVERSED_BET, CANCEL, transfers=TO_CASH), RETURNED, id="cash"),
        pytest.param(
            history(REVERSED_BET, CANCEL, transfers=SPLIT),
            "Cancelled once: 10.00 EUR returned, 7.50 to cash and 2.50 to bonus, on 2026-11-24 "
            "17:01:00 UTC",
            id="cash and bonus",
        ),
        pytest.param(
            history(
                bet("reversed", amount="0.00", by=CANCEL),
                CANCEL,
                transfers=(stake(), transfer(REVERSAL, "reversal", 60)),
            ),
            "Cancelled once: the stake was zero, nothing had to be returned, on 2026-11-24 "
            "17:01:00 UTC",
            id="stake zero",
        ),
        pytest.param(
            history(REVERSED_BET, CANCEL, *map(request, (70, 80, 90)), transfers=TO_CASH),
            f"{RETURNED}; 3 retransmissions answered the same",
            id="retransmissions",
        ),
        pytest.param(
            history(
                REVERSED_BET,
                CANCEL,
                request(70),
                request(80, uuid="u2", code=None),
                transfers=TO_CASH,
            ),
            f"{RETURNED}; 1 retransmission and 1 further cancel decided the same",
            id="an answer that is not noted",
        ),
        pytest.param(
            history(
                bet("reversed", by=(first := request(60, code=100, shared_by=("u1", "u2")))),
                first,
                request(70),
                transfers=TO_CASH,
            ),
            f"{RETURNED}; 1 retransmission answered the same; 3 requests answered 100 first",
            id="answered 100 first",
        ),
        pytest.param(
            history(
                bet("reversed", by=(held := request(60, code=100, shared_by=("u1",)))),
                held,
                (spooled := request(70, code=100)),
                transfers=TO_CASH,
                parking_history=(
                    parking(held, 60, "unknown reference"),
                    parking(spooled, 71, "spooled"),
                ),
            ),
            f"{RETURNED}; 2 requests answered 100 first, because its bet is not known here; "
            "1 request answered 100 first, because the ledger was away",
            id="answered 100 first, and why",
        ),
        pytest.param(
            history(
                REVERSED_BET,
                CANCEL,
                parked=(parked(70), parked(80, "dead")),
                late_bets=(late_bet(90), late_bet(95, "4.00")),
                transfers=TO_CASH,
                wins=(win(99, "5.00", refusal=Refusal.CANCELLED),),
            ),
            f"{RETURNED}; 1 further cancel is parked; 1 further cancel is dead; 2 late bets were "
            "refused; 1 win was refused",
            id="more after it",
        ),
        pytest.param(
            history(
                bet("tombstone", amount=None, by=NO_BET),
                NO_BET,
                request(65, Outcome.NO_BET),
                late_bets=(late_bet(70),),
            ),
            "No such bet: a tombstone refuses it since 2026-11-24 17:01:00 UTC; 1 retransmission "
            "answered the same; 1 late bet of 10.00 EUR was refused",
            id="tombstone and late bet",
        ),
        pytest.param(
            history(
                bet("settled", by=TOO_LATE),
                TOO_LATE,
                wins=(win(20, "2.50", paid=3), win(30, "1.00", paid=4), win(40, "7", of="r0")),
            ),
            "Cancelled too late on 2026-11-24 17:01:00 UTC: the bet of 10.00 EUR was settled for "
            "3.50 EUR, nothing was returned",
            id="settled",
        ),
        pytest.param(
            history(bet("refused", refusal=Refusal.INSUFFICIENT_FUNDS, by=REFUSED), REFUSED),
            "Nothing to return on 2026-11-24 17:01:00 UTC: the bet of 10.00 EUR was refused "
            "(insufficient funds)",
            id="refused bet",
        ),
        pytest.param(
            history(parked=(WAITING, parked(70))),
            "Not decided yet: parked since 2026-11-24 17:01:00 UTC because its bet is not known "
            "here, tried 3 times, next try at 2026-11-24 17:02:00 UTC; nothing was returned",
            id="parked",
        ),
        pytest.param(
            history(bet(), parked=(parked(60, "dead", tries=5, error="out of range"),)),
            "Not decided, and dead until a person looks: parked since 2026-11-24 17:01:00 UTC "
            "because its bet is not known here, tried 5 times, last error: out of range; nothing "
            "was returned",
            id="dead",
        ),
        pytest.param(
            history(
                parked=(CLOSED,),
                interventions=(
                    intervention(70, "retry", CLOSED, None),
                    intervention(80, "close", CLOSED, "paid by hand"),
                ),
            ),
            "Not decided, and closed for good by anna on 2026-11-24 17:01:20 UTC (paid by hand): "
            "parked since 2026-11-24 17:01:00 UTC because its bet is not known here, tried 3 "
            "times, last error: too odd; nothing was returned",
            id="closed",
        ),
        pytest.param(
            history(bet()),
            "Never cancelled: the bet of 10.00 EUR was placed on 2026-11-24 17:00:00 UTC",
            id="never cancelled",
        ),
        pytest.param(
            history(bet("settled"), wins=(win(20, "0", paid=3),)),
            "Never cancelled: the bet of 10.00 EUR was placed on 2026-11-24 17:00:00 UTC, settled "
            "for 0.00 EUR since",
            id="settled and never cancelled",
        ),
        pytest.param(
            history(bet("refused", refusal=Refusal.PLAYER_FROZEN)),
            "Never cancelled: the bet of 10.00 EUR was refused on 2026-11-24 17:00:00 UTC (player "
            "frozen)",
            id="refused and never cancelled",
        ),
        pytest.param(
            history(
                bet(),
                request(60, Outcome.MISMATCH, code=7),
                request(61, Outcome.MISMATCH, code=7),
                request(62, Outcome.CURRENCY_MISMATCH, code=2),
            ),
            "Never cancelled: the bet of 10.00 EUR was placed on 2026-11-24 17:00:00 UTC; 2 "
            "cancels of another player changed nothing; 1 cancel of another currency changed "
            "nothing",
            id="mismatches only",
        ),
        pytest.param(
            history(
                wins=(win(20, "2.50", of="r0", paid=3), win(30, "1", refusal=Refusal.UNKNOWN_BET))
            ),
            "No bet: a win of 2.50 on bet r0 was paid on 2026-11-24 17:00:20 UTC; a win of "
            "1.00 on bet r1 was refused (unknown bet) on 2026-11-24 17:00:30 UTC",
            id="wins alone",
        ),
        pytest.param(
            history(
                BY_HAND,
                request(85, Outcome.CLOSED, uuid="u2", code=120),
                parked=(CLOSED,),
                interventions=(CLOSING,),
            ),
            f"{CLOSED_BY_ANNA}: nothing was returned, the bet of 10.00 EUR stands, not settled; 1 "
            "further cancel answered the same; 1 request answered 100 first, because its bet is "
            "not known here",
            id="closed, its bet stands",
        ),
        pytest.param(
            history(
                BY_HAND.model_copy(update={"state": "tombstone", "amount": None}),
                interventions=(intervention(70, "close", CLOSED, "a test"), REOPENING, CLOSING),
            ),
            f"{CLOSED_BY_ANNA}: there is no such bet, and a tombstone refuses it; closed by anna "
            "on 2026-11-24 17:01:10 UTC (a test); reopened by anna on 2026-11-24 17:01:30 "
            "UTC (not paid)",
            id="closed again, no bet",
        ),
        pytest.param(
            history(REVERSED_BET, CANCEL, transfers=TO_CASH, interventions=(CLOSING, REOPENING)),
            f"{RETURNED}; closed by anna on 2026-11-24 17:01:20 UTC (paid by hand); reopened by "
            "anna on 2026-11-24 17:01:30 UTC (not paid)",
            id="closed and reopened",
        ),
        pytest.param(history(), "No bet and no cancel is known", id="nothing"),
    ],
)
def test_each_kind_of_history_has_its_sentence(told: History, sentence: str) -> None:
    assert summary(told) == f"{sentence}."
    assert SESSION not in summary(told)


def test_a_cancel_that_is_still_in_parking_but_decided_is_no_further_one() -> None:
    decided = parked(60)
    binding = request(60).model_copy(update={"request_id": decided.request_id})
    told = history(bet("reversed", by=binding), binding, parked=(decided,), transfers=TO_CASH)

    assert "further" not in summary(told)
