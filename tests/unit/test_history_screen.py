"""A history on one screen: readable, however often the provider has called."""

import re

from tests.histories import (
    REVERSAL,
    bet,
    history,
    intervention,
    late_bet,
    parked,
    request,
    stake,
    transfer,
)
from unbet.cli.history_screen import WIDTH, folded, lines_of
from unbet.core.outcomes import Outcome
from unbet.history.records import History
from unbet.history.timeline import timeline

UUID = "4a5d375a-c131-1b04-fba2-ea66d067b8e5"
FIRST = request(60, uuid=UUID)


def called_often(times: int, *more: object) -> History:
    again = (request(60 + n, uuid=UUID) for n in range(1, times + 1))
    returned = transfer(REVERSAL, "reversal", 60.01, ("cash", "10", "100"))
    return history(
        bet("reversed", by=FIRST),
        FIRST,
        *again,
        *more,  # type: ignore[arg-type]
        transfers=(stake(("cash", "-10", "90")), returned),
    )


def folded_of(of: History) -> list[tuple[object, str, str]]:
    return list(folded(timeline(of)))


def test_the_summary_comes_first_and_each_event_has_a_line() -> None:
    lines = list(lines_of(called_often(0)))
    assert lines[:4] == [
        "Cancelled once: 10.00 EUR returned to cash on 2026-11-24 17:01:00 UTC.",
        "",
        "r1 at LuckyMonaco, times in UTC",
        "2026-11-24",
    ]
    assert lines[4] == (
        "17:00:00.000  Bet placed: 10.00 EUR  player alice; cash 100.00 - 10.00 = 90.00"
    )


def test_fifty_retransmissions_fit_on_one_screen() -> None:
    lines = list(lines_of(called_often(50)))
    assert len(lines) <= 30
    assert max(map(len, lines)) <= WIDTH
    (fold,) = (line for line in lines if "..." in line)
    assert re.fullmatch(
        r"17:01:03.000  \.\.\. 94 more +until 17:01:49.020: 47 x Cancel again, 47 x Answered 0:",
        fold,
    )
    assert lines[-1].startswith("17:01:50.020  Answered 0: reversed")


def test_what_repeats_nothing_is_never_folded() -> None:
    other = request(75.5, Outcome.MISMATCH, uuid="another", code=7)
    of = called_often(50, other).model_copy(update={"late_bets": (late_bet(85.5),)})
    shown = "\n".join(lines_of(of))
    assert "Answered 7: another player's bet" in shown
    assert "Late bet refused: 10.00 EUR" in shown
    assert "Returned: 10.00 EUR" in shown


def test_what_people_did_is_shown_however_often() -> None:
    waits = parked(10)
    often = tuple(intervention(20 + n, "retry", waits, None) for n in range(20))
    shown = "\n".join(lines_of(history(parked=(waits,), interventions=often)))
    assert shown.count("Retry by anna") == 20


def test_a_few_repeats_are_shown_one_by_one() -> None:
    assert not any("more" in title for _, title, _ in folded_of(called_often(4)))
    assert any("more" in title for _, title, _ in folded_of(called_often(5)))


def test_no_uuid_is_broken() -> None:
    shown = "\n".join(lines_of(called_often(3)))
    assert shown.count(UUID) == 9


def test_each_day_is_named_once() -> None:
    late = request(60 + 24 * 3600, uuid=UUID)
    of = history(bet("reversed", by=FIRST), FIRST, late)
    days = [line for line in lines_of(of) if re.fullmatch(r"\d{4}-\d\d-\d\d", line)]
    assert days == ["2026-11-24", "2026-11-25"]


def test_a_fold_that_ends_on_another_day_says_so() -> None:
    often = [request(60 + 3600 * n, uuid=UUID) for n in range(1, 51)]
    (fold,) = (
        detail
        for _, title, detail in folded_of(history(bet("reversed", by=FIRST), FIRST, *often))
        if "more" in title
    )
    assert fold.startswith("until 2026-11-26 18:01:00.020: ")
