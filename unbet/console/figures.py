"""Formats the page's figures, for the first page and for each update."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from unbet.broker.queue_state import QueueState
from unbet.console.answers import Answers
from unbet.console.charts import MINUTE_S, Document, chart, legend, minutes
from unbet.console.format import NONE, clock, count, lasted, rate, took
from unbet.console.headline import PARKED_OLD_AFTER_S, headline
from unbet.console.probes import LedgerReading, Probes
from unbet.console.receivers import Receivers
from unbet.core.wallet_names import LEDGER
from unbet.journal.activity import MAX_LATE_BETS, RATE_OVER_S
from unbet.journal.parking import Backlog
from unbet.wallets.notice import Notice

LABELS: Final = {
    "rate": "Cancels per second",
    "answer": "99 % answered in",
    "dead": "Dead",
    "parked": "Parked",
    "late": "Late bets refused",
    "queue": "Queue",
    "workers": "Workers alive",
    "sweep": "Last sweep",
    "refused": "Refused at validation",
    "spooled": "Went to disk",
}
"""The figures, in the order of the page."""

NOT_YET: Final = "…"


class Figure(NamedTuple):
    """One number, and a line that says more of it."""

    key: str
    value: str = NONE
    note: str = NOT_YET
    level: str = ""
    """`attention` or `bad` where a person should look, `away` where there is no number."""


def document(probes: Probes) -> Document:
    """All that the page shows, from what the sources know now."""
    ledger = probes.ledger.value
    figures = [figure._asdict() | {"label": LABELS[figure.key]} for figure in _figures(probes)]
    return {
        "headline": headline(probes)._asdict(),
        "at": clock(ledger.answers.now if ledger else datetime.now(UTC).timestamp()),
        "parts": _parts(probes),
        "figures": figures,
        "legend": legend(ledger.answers if ledger else None),
        "chart": chart(ledger.answers) if ledger else None,
        "minutes": minutes(ledger.answers) if ledger else [],
    }


def _parts(probes: Probes) -> list[dict[str, str]]:
    """What the system is made of, and whether each part answers."""
    workers, receivers = probes.workers.value, probes.receivers.value
    receiving = f"{receivers.answering} of {receivers.configured}" if receivers else NOT_YET
    parts = [
        ("PostgreSQL", "answers", probes.ledger.value is not None, probes.ledger.away),
        ("Redis", "answers", probes.queue.value is not None, probes.queue.away),
        ("Workers", count(len(workers or ())), bool(workers), probes.workers.away or workers == ()),
        ("Receivers", receiving, bool(receivers), bool(receivers and not receivers.answering)),
    ]
    return [
        {
            "name": name,
            "says": says if fine and not away else "away" if away else NOT_YET,
            "level": "bad" if away else "good" if fine else "unknown",
        }
        for name, says, fine, away in parts
    ]


def wallets(notice: Notice | None) -> list[dict[str, object]]:
    """Each wallet with the providers whose cancels it decides, and its promises."""
    if notice is None:
        return []
    others = "all others" if notice.providers else "all"
    shown = [{"whose": others, **notice.default.model_dump()}]
    return shown + [
        {"whose": provider, **told.model_dump()} for provider, told in notice.providers.items()
    ]


def _figures(probes: Probes) -> Iterator[Figure]:
    ledger, receivers = probes.ledger, probes.receivers.value
    if ledger.value:
        yield from _of_the_ledger(ledger.value, probes.wallet_names)
    else:
        note = "PostgreSQL is away" if ledger.away else NOT_YET
        yield from (_none(key, note) for key in ("rate", "answer", "dead", "parked", "late"))
    yield _queue(probes.queue.value, probes.queue.away)
    yield _workers(probes.workers.value, probes.workers.away)
    if receivers is None or receivers.sweep_stands_s is None:
        yield _none("sweep", "not told" if receivers else NOT_YET)
    else:
        yield Figure("sweep", lasted(receivers.sweep_stands_s), "ago")
    if receivers is None or receivers.answering == receivers.hidden:
        hidden = "not shown to this address" if receivers and receivers.hidden else ""
        note = hidden or ("no receiver answers" if receivers else NOT_YET)
        yield from (_none("refused", note), _none("spooled", note))
    else:
        yield from _of_receivers(receivers)


def _of_the_ledger(ledger: LedgerReading, wallets: Sequence[str]) -> Iterator[Figure]:
    now, dead, parked = ledger.answers.now, ledger.dead, ledger.parked
    is_old = parked.waits(now) > PARKED_OLD_AFTER_S
    answered = sum(step.answers for step in ledger.answers.steps.values())
    yield Figure("rate", rate(ledger.recent / RATE_OVER_S), f"{count(answered)} in 15 min")
    yield Figure("answer", *_answer_time(ledger.answers))
    yield _backlog("dead", dead, now, "nothing waits for a person", marked=bool(dead.cancels))
    yield _backlog("parked", parked, now, "nothing waits", marked=is_old)
    yield _late_bets(ledger.late_bets, wallets)


def _late_bets(late_bets: int, wallets: Sequence[str]) -> Figure:
    """Those that the ledger has refused: what another wallet does with late bets only it knows."""
    if LEDGER not in wallets:
        return _none("late", "your wallet knows")
    most = "+" if late_bets == MAX_LATE_BETS else ""
    where = "in 15 min" if len(wallets) == 1 else "in the ledger, in 15 min"
    return Figure("late", f"{count(late_bets)}{most}", where)


def _answer_time(answers: Answers) -> tuple[str, str]:
    """Of the newest whole step of the last minute that has answers."""
    for began, step in sorted(answers.steps.items(), reverse=True):
        if began < answers.current - MINUTE_S:
            break
        if began < answers.current and step.p50_s is not None and step.p99_s is not None:
            return took(step.p99_s), f"half in {took(step.p50_s)}"
    return NONE, "none in the last minute"


def _backlog(key: str, backlog: Backlog, now: float, nothing: str, *, marked: bool) -> Figure:
    oldest = f"oldest {lasted(backlog.waits(now))}" if backlog.longest else nothing
    return Figure(key, count(backlog.cancels), oldest, "attention" if marked else "")


def _queue(queue: QueueState | None, away: str | None) -> Figure:
    if queue is None:
        return _none("queue", "Redis is away" if away else NOT_YET)
    oldest = "" if queue.oldest_age_s is None else f"oldest {lasted(queue.oldest_age_s)}, "
    return Figure("queue", count(queue.length), f"{oldest}{count(queue.unacked)} at work")


def _workers(names: tuple[str, ...] | None, away: str | None) -> Figure:
    if names is None:
        return _none("workers", "cannot be asked" if away else NOT_YET)
    if not names:
        return Figure("workers", "0", "none answers", "bad")
    return Figure("workers", count(len(names)), names[0] + (", …" if len(names) > 1 else ""))


def _of_receivers(receivers: Receivers) -> Iterator[Figure]:
    refused = receivers.refused | {"wrong secret": receivers.wrong_secrets}
    reasons = [f"{reason} {count(times)}" for reason, times in sorted(refused.items()) if times]
    yield Figure(
        "refused",
        count(sum(refused.values())),
        ", ".join(reasons) or "since the start",
        "attention" if receivers.refused_lately else "",
    )
    lies = receivers.spool_bytes
    yield Figure(
        "spooled",
        count(receivers.spooled),
        f"{count(lies)} bytes there now" if lies else "nothing there now",
        "attention" if lies else "",
    )


def _none(key: str, why: str) -> Figure:
    return Figure(key, NONE, why, "away")
