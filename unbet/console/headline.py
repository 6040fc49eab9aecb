"""The one sentence at the top: whether cancels get through, and if not, what to do first."""

from collections.abc import Iterator
from functools import partial
from typing import Final, NamedTuple

from unbet.console.format import count, lasted
from unbet.console.probes import LedgerReading, Probes
from unbet.console.receivers import Receivers
from unbet.console.source import UNREADABLE

QUEUE_STANDS_AFTER_S: Final = 5.0
"""A cancel that waits for longer is near the time when its receiver asks the ledger itself."""
SWEEP_STANDS_AFTER_S: Final = 30.0
"""The sweep makes a round about every second, and waits some seconds for a ledger that is away."""
UNDECIDED_WINDOW_S: Final = 60
# As the alerts have it (deploy/prometheus/alerts.yml):
DECIDED_WINDOW_S: Final = 300
PARKED_OLD_AFTER_S: Final = 300
QUIET_AFTER_S: Final = 300
"""Without a cancel for longer nothing shows that they would get through."""


class Headline(NamedTuple):
    """What a person reads first."""

    level: str
    """`good`, `attention` or `bad`; `quiet` where no cancel comes; `unknown` before the first
    look."""
    title: str
    detail: str


_bad: Final = partial(Headline, "bad")
_attention: Final = partial(Headline, "attention")

_NO_RECEIVER: Final = _bad(
    "No receiver answers", "The provider gets no answer, and may give up after three tries."
)
_WITHOUT_QUEUE: Final = "Cancels are parked in the ledger after seconds; the sweep decides them."


def headline(probes: Probes) -> Headline:
    """The worst problem, then the others."""
    troubles = list(_problems(probes))
    if not troubles:
        return _fine(probes)
    worst = next((t for t in troubles if t.level == "bad"), troubles[0])
    others = [t.title for t in troubles if t is not worst]
    also = f" Also: {'; '.join(others)}." if others else ""
    return worst._replace(detail=worst.detail + also)


def _fine(probes: Probes) -> Headline:
    """No problem is known; there may be no cancel that would show one."""
    ledger = probes.ledger.value
    if ledger is None or any(source.value is None for source in probes.sources):
        return Headline("unknown", "Looking", "The first figures come in a moment.")
    if any(step.answers for step in ledger.answers.since(QUIET_AFTER_S)):
        waiting = "Nothing waits for a person."
        if ledger.parked.cancels:
            waiting = f"{count(ledger.parked.cancels)} parked: the sweep finishes them by itself."
        return Headline("good", "Cancels get through", waiting)
    if ledger.last_answer is None:
        return Headline("quiet", "No cancel has come yet", "Everything that it needs answers.")
    since = lasted(ledger.answers.now - ledger.last_answer.timestamp())
    return Headline(
        "quiet",
        f"No cancel has come for {since}",
        "Everything that it needs answers. If there should be some at this hour, the provider does "
        "not call, or calls elsewhere.",
    )


def _problems(probes: Probes) -> Iterator[Headline]:
    """All problems, in the order in which a person should look at them."""
    ledger, receivers, queue = probes.ledger.value, probes.receivers.value, probes.queue.value
    yield from _what_is_away(probes)
    if queue and (queue.oldest_age_s or 0.0) > QUEUE_STANDS_AFTER_S:
        yield _bad(
            "The queue stands",
            f"Its oldest message has waited for {lasted(queue.oldest_age_s or 0.0)}; workers are "
            "away or too slow.",
        )
    if ledger:
        yield from _of_the_ledger(ledger)
    if receivers:
        yield from _of_refused_requests(receivers)
    if ledger and receivers:
        yield from _of_all_that_came(ledger, receivers)
        if (receivers.sweep_stands_s or 0.0) > SWEEP_STANDS_AFTER_S:
            yield _attention(
                f"The sweep has not run for {lasted(receivers.sweep_stands_s or 0.0)}",
                "What is parked is not tried again until it does.",
            )


def _what_is_away(probes: Probes) -> Iterator[Headline]:
    if probes.ledger.away:
        yield _away(
            "PostgreSQL",
            probes.ledger.away,
            "Cancels go to the receivers' disks and are answered 100, retry. "
            "They are decided once PostgreSQL is back.",
        )
    if probes.receivers.value is not None:
        yield from _of_receivers(probes.receivers.value)
    elif probes.receivers.away:
        yield _NO_RECEIVER
    if probes.queue.away:
        yield _away("Redis", probes.queue.away, _WITHOUT_QUEUE)
    elif probes.workers.away or probes.workers.value == ():
        yield _bad("No worker answers", _WITHOUT_QUEUE)


def _away(name: str, how: str, meanwhile: str) -> Headline:
    if how.startswith(UNREADABLE):
        return _bad(
            f"{name} cannot be read",
            "It answers, but the console cannot read the answer: its role may lack a right. See "
            "the console's log.",
        )
    return _bad(f"{name} does not answer", meanwhile)


def _of_receivers(receivers: Receivers) -> Iterator[Headline]:
    away = receivers.configured - receivers.answering
    if not receivers.answering:
        yield _NO_RECEIVER
    elif away:
        yield _attention(
            f"{away} of {receivers.configured} receivers {_do(away)} not answer",
            "The others take the provider's calls, if the load balancer has noticed.",
        )
    if receivers.hidden:
        yield _attention(
            f"{receivers.hidden} of {receivers.configured} receivers "
            f"{_do(receivers.hidden)} not show metrics",
            "Answered, but not for this address: see UNBET_OPS_ALLOWED_IPS. What is refused "
            "there, or lies on the disk, is not seen here.",
        )


def _of_the_ledger(ledger: LedgerReading) -> Iterator[Headline]:
    dead = ledger.dead.cancels
    if dead:
        yield _attention(
            f"{_cancels(dead)} {'wait' if dead > 1 else 'waits'} for a person",
            "Dead: the sweep could not decide them. Try again, or close with a reason.",
        )
    undecided = sum(step.undecided for step in ledger.answers.since(UNDECIDED_WINDOW_S))
    if undecided:
        yield _attention(
            f"{_cancels(undecided)} got no decision in time",
            "In the last minute: answered 100, retry; the sweep decides what is parked.",
        )
    waits = ledger.parked.waits(ledger.answers.now)
    if waits > PARKED_OLD_AFTER_S:
        yield _attention(
            "Cancels stay parked",
            f"The first of them for {lasted(waits)}: the sweep does not run, or a "
            "lock or an unknown bet is in the way.",
        )


def _of_refused_requests(receivers: Receivers) -> Iterator[Headline]:
    refused = receivers.refused_lately
    if refused:
        yield _attention(
            f"{count(refused)} {'request was' if refused == 1 else 'requests were'} refused at "
            "validation",
            "In the last 10 minutes, with a right secret. The provider may give up after three "
            "tries: see the receivers' logs.",
        )
    if receivers.spool_bytes:
        yield _attention(
            "Cancels lie on a receiver's disk",
            "PostgreSQL did not take them. Their receiver parks them, within seconds if it can.",
        )


def _of_all_that_came(ledger: LedgerReading, receivers: Receivers) -> Iterator[Headline]:
    steps = ledger.answers.since(DECIDED_WINDOW_S)
    answered = sum(step.answers for step in steps)
    undecided = sum(step.undecided for step in steps)
    if answered == undecided and undecided + receivers.refused_lately:
        yield _bad(
            "No cancel gets through",
            "None was decided in the last 5 minutes: what came was refused, or answered 100, "
            "retry. The provider may give up after three tries.",
        )
    elif receivers.refused and not any(step.answers for step in ledger.answers.steps.values()):
        yield _attention(
            "No cancel was answered in 15 minutes",
            "Refused at validation since the receivers' start: "
            f"{count(sum(receivers.refused.values()))}. See their logs.",
        )


def _cancels(number: int) -> str:
    return f"{count(number)} {'cancel' if number == 1 else 'cancels'}"


def _do(number: int) -> str:
    return "does" if number == 1 else "do"
