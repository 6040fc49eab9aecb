"""Runs every subject in turn under the same load, and checks the ledger after each run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from benchmarks import filling
from benchmarks.checking import CheckError, check, check_journal
from benchmarks.contenders import Contender
from benchmarks.environment import Environment, Ledger
from benchmarks.filling import Bet, References
from benchmarks.load import LoadError, Measured, offer
from benchmarks.progress import Shown

TRIES: Final = 3
"""A run that comes out of bets is made again with twice as many."""

_FEWEST_BETS: Final = 2000
_PER_CONNECTION: Final = 3000
"""More cancels a second than one connection can have answered."""


@dataclass(frozen=True)
class Subject:
    """A contender on a ledger."""

    name: str
    contender: Contender
    ledger: Ledger
    user_ids: Sequence[str]
    """Whose bets are cancelled."""


@dataclass(frozen=True)
class Plan:
    """What is measured, how often and for how long."""

    subjects: Sequence[Subject]
    connections: Sequence[int]
    rounds: int
    seconds: int
    warm_up_s: int

    @property
    def steps(self) -> int:
        return self.rounds * len(self.connections) * len(self.subjects)


@dataclass(frozen=True)
class Run:
    """One measured run."""

    round: int
    """From 1."""
    connections: int
    subject: str
    measured: Measured
    older_bets: int
    """In the ledger before this run."""
    reversed_bets: int | None
    """In the ledger, or in the journal for a wallet service, of this run's bets; None where nothing
    is reversed."""

    def document(self) -> dict[str, Any]:
        """For JSON."""
        own = {name: value for name, value in vars(self).items() if name != "measured"}
        return own | self.measured.document()


def carry_out(plan: Plan, benchmark: Environment, shown: Shown) -> Iterator[Run]:
    """Yield every run as it is done. The order of the subjects rotates from round to round and is
    turned round in every other one, so that each has other neighbours.

    Raises `CheckError` after a run that the ledger does not confirm, `LoadError` and
    `BenchmarkError`.
    """
    references = filling.references()
    for number in range(1, plan.rounds + 1):
        for connections in plan.connections:
            first = (number - 1) % len(plan.subjects)
            order = [*plan.subjects[first:], *plan.subjects[:first]]
            for subject in order if number % 2 else reversed(order):
                name = f"round {number}, {connections} connections, {subject.name}"
                shown.at(name)
                try:
                    older = subject.ledger.count()
                    measured, bets = _measure(plan, benchmark, subject, connections, references)
                    found = _checked(subject, bets, measured, connections)
                except CheckError as error:
                    raise CheckError(f"{name}: {error}") from None
                shown.step(f"{name}: {_in_short(measured)}")
                yield Run(number, connections, subject.name, measured, older, found)


def _measure(
    plan: Plan,
    benchmark: Environment,
    subject: Subject,
    connections: int,
    references: References,
) -> tuple[Measured, Sequence[Bet]]:
    """One run after a warm-up, on processes that were just started and have ended afterwards."""
    environment = benchmark.environment(subject.ledger) | subject.contender.variables()
    with benchmark.running(subject.contender.commands, environment) as url:
        load = partial(offer, url, connections=connections, directory=benchmark.scratch)
        rate = min(subject.contender.at_most_per_s, connections * _PER_CONNECTION)
        bets = _placed(subject, references, rate * plan.warm_up_s)
        warm = load(bets, seconds=plan.warm_up_s)
        if not warm.exhausted:
            rate = round(warm.per_second * 1.5)
        for _ in range(TRIES):
            bets = _placed(subject, references, max(_FEWEST_BETS, rate * plan.seconds))
            measured = load(bets, seconds=plan.seconds)
            if not measured.exhausted:
                return measured, bets
            rate *= 2
    raise LoadError(f"{subject.name} answered more cancels than there were bets, {TRIES} times")


def _placed(subject: Subject, references: References, count: int) -> list[Bet]:
    bets = filling.new_bets(references, count, subject.user_ids)
    if subject.contender.keeps_the_ledger:
        filling.place(subject.ledger.engine, bets)
        filling.write_down(subject.ledger.engine)
    return bets


def _checked(
    subject: Subject, bets: Sequence[Bet], measured: Measured, connections: int
) -> int | None:
    if subject.contender.wallet_ms is not None:
        return check_journal(subject.ledger.engine, measured.references)
    if not subject.contender.keeps_the_ledger:
        return None
    # What was on its way when the load ended, and what had an answer other than success.
    unanswered = connections + measured.failures
    return check(subject.ledger.engine, bets, measured.references, unanswered=unanswered)


def _in_short(measured: Measured) -> str:
    failed = f", {measured.failures} FAILED {measured.others or ''}" if measured.failures else ""
    return (
        f"{measured.per_second:,.0f}/s, p50 {measured.p50_ms:.1f} ms, "
        f"p99 {measured.p99_ms:.1f} ms{failed}"
    )
