"""The page's numbers, put into words here: for the first page as for every reading after it."""

from datetime import UTC, datetime
from typing import NamedTuple

from ops.console.answers import Answers
from ops.console.charts import MINUTE_S, Document, chart, legend, minutes
from ops.console.headline import headline
from ops.console.looking import MOST_LATE_BETS, RATE_OVER_S, InParking, LedgerLook, Looks
from ops.console.receivers import Receivers
from ops.console.saying import NONE, clock, count, lasted, rate, took


class Figure(NamedTuple):
    """One number with its name, and a line that says more of it."""

    key: str
    label: str
    value: str = NONE
    note: str = ""
    level: str = ""
    """`attention` or `bad` where a person should look, `away` where there is no number."""


def document(looks: Looks) -> Document:
    """All that the page shows, from what the sources know now."""
    ledger = looks.ledger.value
    return {
        "headline": headline(looks)._asdict(),
        "at": clock(ledger.answers.now if ledger else datetime.now(UTC).timestamp()),
        "parts": _parts(looks),
        "figures": [figure._asdict() for figure in _figures(looks)],
        "legend": legend(ledger.answers if ledger else None),
        "chart": chart(ledger.answers) if ledger else None,
        "minutes": minutes(ledger.answers) if ledger else [],
    }


def _parts(looks: Looks) -> list[dict[str, str]]:
    """What the system is made of, and whether each part answers."""
    workers, receivers = looks.workers.value, looks.receivers.value
    receiving = f"{receivers.answering} of {receivers.asked}" if receivers else "…"
    parts = [
        ("PostgreSQL", "answers", looks.ledger.value is not None, looks.ledger.away),
        ("Redis", "answers", looks.queue.value is not None, looks.queue.away),
        ("Workers", count(len(workers or ())), bool(workers), looks.workers.away or workers == ()),
        ("Receivers", receiving, bool(receivers), bool(receivers and not receivers.answering)),
    ]
    return [
        {
            "name": name,
            "says": says if fine and not away else "away" if away else "…",
            "level": "bad" if away else "good" if fine else "unknown",
        }
        for name, says, fine, away in parts
    ]


def _figures(looks: Looks) -> list[Figure]:
    return [
        *_of_the_ledger(looks.ledger.value, looks.ledger.away),
        _queue(looks),
        _workers(looks),
        _sweep(looks),
        *_of_receivers(looks.receivers.value),
    ]


def _of_the_ledger(ledger: LedgerLook | None, away: str | None) -> list[Figure]:
    names = {
        "rate": "Cancels per second",
        "answer": "99 % answered in",
        "dead": "Dead",
        "parked": "Parked",
        "late": "Late bets refused",
    }
    if ledger is None:
        note, level = ("PostgreSQL is away", "away") if away else ("…", "away")
        return [Figure(key, label, note=note, level=level) for key, label in names.items()]
    answered = sum(step.answers for step in ledger.answers.steps.values())
    slowest, half = _answer_time(ledger.answers)
    most = "+" if ledger.late_bets == MOST_LATE_BETS else ""
    return [
        Figure(
            "rate",
            names["rate"],
            rate(ledger.recent / RATE_OVER_S),
            note=f"{count(answered)} in 15 min",
        ),
        Figure("answer", names["answer"], slowest, half),
        Figure(
            "dead",
            names["dead"],
            count(ledger.dead.cancels),
            note=_longest(ledger.dead, ledger.answers.now, "waits for a person"),
            level="attention" if ledger.dead.cancels else "",
        ),
        Figure(
            "parked",
            names["parked"],
            count(ledger.parked.cancels),
            note=_longest(ledger.parked, ledger.answers.now, "waits"),
        ),
        Figure("late", names["late"], f"{count(ledger.late_bets)}{most}", note="in 15 min"),
    ]


def _answer_time(answers: Answers) -> tuple[str, str]:
    """Of the newest whole step of the last minute that has answers."""
    for began, step in sorted(answers.steps.items(), reverse=True):
        if began < answers.current - MINUTE_S:
            break
        if began < answers.current and step.p50_s is not None and step.p99_s is not None:
            return took(step.p99_s), f"half in {took(step.p50_s)}"
    return NONE, "none in the last minute"


def _longest(parked: InParking, now: float, otherwise: str) -> str:
    if parked.longest is None:
        return "nothing " + otherwise
    return f"oldest {lasted(now - parked.longest.timestamp())}"


def _queue(looks: Looks) -> Figure:
    queue = looks.queue.value
    if queue is None:
        return Figure(
            "queue", "Queue", note="Redis is away" if looks.queue.away else "…", level="away"
        )
    oldest = queue.oldest_age_s
    waits = f"oldest {lasted(oldest)}, " if oldest is not None else ""
    return Figure(
        "queue", "Queue", count(queue.length), note=f"{waits}{count(queue.unacked)} at work"
    )


def _workers(looks: Looks) -> Figure:
    names = looks.workers.value
    if names is None:
        return Figure(
            "workers",
            "Workers alive",
            note="cannot be asked" if looks.workers.away else "…",
            level="away",
        )
    note = names[0] if len(names) == 1 else f"{names[0]}, …" if names else "none answers"
    return Figure(
        "workers", "Workers alive", count(len(names)), note=note, level="" if names else "bad"
    )


def _sweep(looks: Looks) -> Figure:
    label = "Last sweep"
    receivers = looks.receivers.value
    if receivers is None or receivers.last_sweep is None:
        return Figure("sweep", label, note="not told" if receivers else "…", level="away")
    ago = datetime.now(UTC).timestamp() - receivers.last_sweep
    return Figure("sweep", label, lasted(ago), "ago")


def _of_receivers(receivers: Receivers | None) -> list[Figure]:
    if receivers is None or not receivers.answering:
        note = "no receiver answers" if receivers else "…"
        return [
            Figure("refused", "Refused at the door", note=note, level="away"),
            Figure("spooled", "Went to disk", note=note, level="away"),
        ]
    reasons = [f"{reason} {count(times)}" for reason, times in sorted(receivers.refused.items())]
    if receivers.wrong_secrets:
        reasons.append(f"wrong secret {count(receivers.wrong_secrets)}")
    total = sum(receivers.refused.values()) + receivers.wrong_secrets
    return [
        Figure(
            "refused",
            "Refused at the door",
            count(total),
            note=", ".join(reasons) or "since the start",
        ),
        Figure("spooled", "Went to disk", count(receivers.spooled), note="since the start"),
    ]
