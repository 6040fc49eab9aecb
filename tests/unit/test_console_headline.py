"""The sentence at the top says the worst of what is wrong, and names the rest."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from unbet.broker.queue_state import QueueState
from unbet.console.answers import STEP_S, Answers
from unbet.console.figures import document
from unbet.console.format import NONE
from unbet.console.headline import headline
from unbet.console.probes import LedgerReading, Probes
from unbet.console.receivers import Receivers
from unbet.journal.activity import Step
from unbet.journal.parking import Backlog

NOW = time.time()
QUIET = [Step()] * 72
"""Six minutes."""
CURRENT = int(NOW // STEP_S) * STEP_S


def ledger(*steps: Step, parked: int = 0, dead: int = 0, waits: float = 90) -> LedgerReading:
    """The last of `steps` is the newest."""
    times = range(CURRENT - STEP_S * (len(steps) - 1), CURRENT + 1, STEP_S)
    since = datetime.fromtimestamp(NOW - waits, UTC)
    return LedgerReading(
        answers=Answers(NOW, dict(zip(times, steps, strict=True))),
        recent=0,
        last_answer=datetime.fromtimestamp(NOW - 400, UTC),
        parked=Backlog(parked, since if parked else None),
        dead=Backlog(dead, since if dead else None),
        late_bets=0,
    )


def receivers(
    answering: int = 1, asked: int = 1, *, swept_ago: float = 1, **more: Any
) -> Receivers:
    nothing = Receivers(answering, 0, asked, {}, 0, 0, 0, 0, swept_ago)
    return nothing._replace(**more)


FINE: dict[str, Any] = {
    "ledger": ledger(Step(given_back=1)),
    "queue": QueueState(0, 0, None),
    "workers": ("one",),
    "receivers": receivers(),
}
AWAY = "does not answer"


def probes(*, wallets: tuple[str, ...] = ("ledger",), **other: Any) -> Probes:
    """All is fine but for what is given: a value, or a text for what is away."""
    sources = {
        name: SimpleNamespace(
            value=None if isinstance(told, str) else told,
            away=told if isinstance(told, str) else None,
        )
        for name, told in (FINE | other).items()
    }
    return cast(Probes, SimpleNamespace(sources=sources.values(), wallet_names=wallets, **sources))


@pytest.mark.parametrize(
    ("other", "level", "title"),
    [
        ({}, "good", "Cancels get through"),
        ({"ledger": ledger(Step())}, "quiet", "No cancel has come for 7 min"),
        ({"ledger": ledger(Step(), parked=2)}, "quiet", "No cancel has come for 7 min"),
        ({"ledger": ledger(Step(given_back=1), *QUIET)}, "quiet", "No cancel has come for 7 min"),
        (
            {"ledger": replace(ledger(Step()), last_answer=None)},
            "quiet",
            "No cancel has come yet",
        ),
        ({"ledger": ledger(Step(given_back=1), parked=2)}, "good", "Cancels get through"),
        ({"ledger": None}, "unknown", "Looking"),
        ({"receivers": None}, "unknown", "Looking"),
        ({"receivers": AWAY}, "bad", "No receiver answers"),
        ({"ledger": ledger(Step(), dead=1)}, "attention", "1 cancel waits for a person"),
        ({"ledger": ledger(Step(), dead=3)}, "attention", "3 cancels wait for a person"),
        (
            {"ledger": ledger(Step(given_back=1, undecided=2))},
            "attention",
            "2 cancels got no decision in time",
        ),
        ({"ledger": ledger(Step(undecided=2))}, "bad", "No cancel gets through"),
        (
            {"ledger": ledger(Step()), "receivers": receivers(refused_lately=9)},
            "bad",
            "No cancel gets through",
        ),
        (
            {"ledger": ledger(Step()), "receivers": receivers(refused={"address": 9})},
            "attention",
            "No cancel was answered in 15 minutes",
        ),
        ({"receivers": receivers(refused={"address": 9})}, "good", "Cancels get through"),
        (
            {"receivers": receivers(refused_lately=1)},
            "attention",
            "1 request was refused at validation",
        ),
        (
            {"receivers": receivers(refused_lately=9)},
            "attention",
            "9 requests were refused at validation",
        ),
        ({"receivers": receivers(spool_bytes=1)}, "attention", "Cancels lie on a receiver's disk"),
        (
            {"ledger": ledger(Step(given_back=1), parked=1, waits=301)},
            "attention",
            "Cancels stay parked",
        ),
        ({"workers": ()}, "bad", "No worker answers"),
        ({"ledger": AWAY}, "bad", "PostgreSQL does not answer"),
        ({"queue": AWAY, "workers": AWAY}, "bad", "Redis does not answer"),
        ({"receivers": receivers(0)}, "bad", "No receiver answers"),
        ({"receivers": receivers(1, 2)}, "attention", "1 of 2 receivers does not answer"),
        (
            {"receivers": receivers(hidden=1)},
            "attention",
            "1 of 1 receivers does not show metrics",
        ),
        ({"queue": QueueState(1, 0, 12.0)}, "bad", "The queue stands"),
        (
            {"receivers": receivers(swept_ago=100)},
            "attention",
            "The sweep has not run for 100 s",
        ),
    ],
)
def test_the_headline_says_whether_cancels_get_through(
    other: dict[str, Any], level: str, title: str
) -> None:
    said = headline(probes(**other))
    assert (said.level, said.title) == (level, title)


def test_the_figure_that_the_headline_speaks_of_is_marked() -> None:
    shown = document(
        probes(
            ledger=ledger(Step(given_back=1), dead=1, parked=1, waits=301),
            receivers=receivers(refused_lately=1, spool_bytes=1),
        )
    )
    marked = [figure["key"] for figure in shown["figures"] if figure["level"] == "attention"]
    assert marked == ["dead", "parked", "refused", "spooled"]


def test_with_postgresql_away_no_number_stands_for_one_that_is_not_known() -> None:
    shown = document(probes(ledger=AWAY))
    of_the_ledger = [figure["value"] for figure in shown["figures"][:5]]
    assert {*of_the_ledger, *(line["value"] for line in shown["legend"])} == {NONE}
    assert {line["value"] for line in document(probes(ledger=ledger(Step())))["legend"]} == {"0"}


def test_what_is_bad_goes_before_what_wants_attention_and_the_rest_is_named() -> None:
    said = headline(probes(ledger=ledger(Step(), dead=1), workers=(), receivers=receivers(1, 2)))
    assert said.title == "No worker answers"
    assert said.detail.endswith(
        "Also: 1 of 2 receivers does not answer; 1 cancel waits for a person."
    )


def test_what_was_undecided_longer_ago_than_a_minute_is_past() -> None:
    quiet = [Step()] * 13
    first = Step(given_back=1, undecided=2)
    assert headline(probes(ledger=ledger(first, *quiet))).level == "good"


def test_what_was_decided_six_minutes_ago_does_not_say_that_cancels_get_through() -> None:
    said = headline(
        probes(ledger=ledger(Step(given_back=1), *QUIET), receivers=receivers(refused_lately=1))
    )
    assert said.title == "No cancel gets through"
    assert said.detail.endswith("Also: 1 request was refused at validation.")


@pytest.mark.parametrize(
    ("wallets", "value", "note"),
    [
        (("ledger",), "0", "in 15 min"),
        (("http", "ledger"), "0", "in the ledger, in 15 min"),
        (("http",), NONE, "your wallet knows"),
    ],
)
def test_of_late_bets_that_only_another_wallet_knows_there_is_no_number(
    wallets: tuple[str, ...], value: str, note: str
) -> None:
    figures = document(probes(wallets=wallets))["figures"]
    (late,) = [figure for figure in figures if figure["key"] == "late"]
    assert (late["value"], late["note"]) == (value, note)
