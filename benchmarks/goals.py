"""The numbers to reach (DESIGN), as ratios within a round, and whether a benchmark reaches them."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from benchmarks.running import Run


@dataclass(frozen=True)
class Goal:
    """A limit for the median, over the rounds, of a ratio between two subjects."""

    meaning: str
    figure: str
    """An attribute of `Measured`."""
    subject: str
    against: str
    connections: int
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True)
class GoalResult:
    """What became of a goal."""

    meaning: str
    asked: str
    found: float
    rounds: Sequence[float]
    met: bool | None
    """None where requests failed: figures of answers alone would flatter."""


GOALS: Final = (
    Goal("throughput against direct", "per_second", "unbet", "direct", 256, least=3),
    Goal("throughput against naive", "per_second", "unbet", "naive", 256, least=20),
    Goal("throughput against direct-grouped", "per_second", "unbet", "direct-grouped", 256, 0.6),
    Goal("p99 against direct", "p99_ms", "unbet", "direct", 256, most=1),
    Goal("p50 against direct", "p50_ms", "unbet", "direct", 1, most=4),
    Goal("p50 against naive", "p50_ms", "unbet", "naive", 1, most=1),
)


WALLET_GOALS: Final = (
    Goal("a wallet that takes 50 ms", "per_second", "http wallet 50 ms", "ledger", 256, least=0.8),
)


def growth_goals(small: str, large: str, one_player: str, connections: int) -> list[Goal]:
    """For a run of Unbet on a small ledger, a large one, and on one player's bets."""
    return [
        Goal("throughput of a large ledger", "per_second", large, small, connections, least=0.9),
        Goal("throughput of one player", "per_second", one_player, small, connections, least=0.5),
    ]


def ratios(runs: Sequence[Run], goal: Goal) -> list[float]:
    """The goal's ratio in each round that has both subjects."""
    figures = {
        (run.round, run.subject): float(getattr(run.measured, goal.figure))
        for run in runs
        if run.connections == goal.connections
    }
    return [
        figure / figures[number, goal.against]
        for (number, subject), figure in figures.items()
        if subject == goal.subject and figures.get((number, goal.against))
    ]


def results_of(runs: Sequence[Run], goals: Sequence[Goal] = GOALS) -> list[GoalResult]:
    """One for each goal that `runs` say something about."""
    judged = [(goal, ratios(runs, goal)) for goal in goals]
    return [_judge(runs, goal, found) for goal, found in judged if found]


def _judge(runs: Sequence[Run], goal: Goal, found: Sequence[float]) -> GoalResult:
    middle = median(found)
    failures = any(
        run.measured.failures
        for run in runs
        if run.connections == goal.connections and run.subject in (goal.subject, goal.against)
    )
    enough = goal.least is None or middle >= goal.least
    met = enough and (goal.most is None or middle <= goal.most)
    asked = f"≥ {goal.least:g}" if goal.least is not None else f"≤ {goal.most:g}"
    plural = "" if goal.connections == 1 else "s"
    meaning = f"{goal.meaning}, {goal.connections} connection{plural}"
    rounds = [round(ratio, 3) for ratio in found]
    return GoalResult(meaning, asked, middle, rounds, None if failures else met)
