"""The goals are judged by the median of the rounds' own ratios."""

from benchmarks.goals import Goal, results_of
from benchmarks.load import Measured
from benchmarks.running import Run


def run_of(number: int, subject: str, answered: int, p99_ms: float = 1.0, timeouts: int = 0) -> Run:
    measured = Measured(
        asked=answered,
        answered=answered,
        others={},
        exhausted=False,
        seconds=1.0,
        p50_ms=1.0,
        p90_ms=1.0,
        p99_ms=p99_ms,
        max_ms=p99_ms,
        lost_connections=0,
        timeouts=timeouts,
        references=[],
    )
    return Run(number, 256, subject, measured, older_bets=0, reversed_bets=answered)


def test_a_slow_round_is_slow_for_both_sides() -> None:
    runs = [
        *(run_of(1, "unbet", 4000), run_of(1, "direct", 1000)),
        *(run_of(2, "unbet", 400), run_of(2, "direct", 100)),
        *(run_of(3, "unbet", 2000), run_of(3, "direct", 1000)),
    ]
    (result,) = results_of(runs, [Goal("", "per_second", "unbet", "direct", 256, least=3)])
    assert result.rounds == [4, 4, 2]
    assert result.found == 4
    assert result.met


def test_a_goal_that_asks_for_less_is_missed_by_more() -> None:
    runs = [run_of(1, "unbet", 1, p99_ms=30.0), run_of(1, "direct", 1, p99_ms=20.0)]
    (result,) = results_of(runs, [Goal("", "p99_ms", "unbet", "direct", 256, most=1)])
    assert result.found == 1.5
    assert not result.met


def test_a_goal_without_its_runs_is_not_judged() -> None:
    goal = Goal("", "per_second", "unbet", "naive", 256, least=20)
    assert results_of([run_of(1, "unbet", 1)], [goal]) == []


def test_a_goal_is_not_judged_by_runs_with_failures() -> None:
    runs = [run_of(1, "unbet", 4000, timeouts=1), run_of(1, "direct", 1000)]
    (result,) = results_of(runs, [Goal("", "per_second", "unbet", "direct", 256, least=3)])
    assert result.met is None
