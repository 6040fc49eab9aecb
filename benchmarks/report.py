"""The report of a benchmark: tables for a person, one JSON document."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from benchmarks.goals import Goal, GoalResult, ratios
from benchmarks.running import Run
from unbet.cli.display import print_table


def print_runs(runs: Sequence[Run], references: Sequence[str]) -> None:
    """One row for each number of connections and each subject: medians over the rounds, and the
    throughput as a multiple of each of `references` (medians of the rounds' ratios)."""
    compared = [name for name in references if any(run.subject == name for run in runs)]
    columns = ["connections", "subject", "cancels/s", "p50 ms", "p99 ms", "failed"]
    print_table(
        "Medians over the rounds",
        [*columns, *(f"times {name}" for name in compared)],
        _rows(runs, compared),
    )


def print_goals(goal_results: Sequence[GoalResult]) -> None:
    """One row for each goal."""
    words = {True: "met", False: "MISSED", None: "NOT JUDGED: requests failed"}
    rows = (
        (
            result.meaning,
            result.asked,
            f"{result.found:.2f}",
            ", ".join(f"{ratio:.2f}" for ratio in result.rounds),
            words[result.met],
        )
        for result in goal_results
    )
    print_table("Goals", ["goal", "asked", "median", "rounds", ""], rows)


def document(runs: Sequence[Run], goal_results: Sequence[GoalResult]) -> dict[str, Any]:
    """Every single run."""
    return {
        "goals": [asdict(result) for result in goal_results],
        "runs": [run.document() for run in runs],
    }


def middle(runs: Sequence[Run], subject: str, connections: int, figure: str) -> float:
    """The median over the rounds of a figure of `Measured`."""
    return median(
        float(getattr(run.measured, figure))
        for run in runs
        if (run.subject, run.connections) == (subject, connections)
    )


def subjects(runs: Sequence[Run]) -> list[str]:
    """Their names, in the order of the first round."""
    return list(dict.fromkeys(run.subject for run in runs))


def connection_counts(runs: Sequence[Run]) -> list[int]:
    """In ascending order."""
    return sorted({run.connections for run in runs})


def _rows(runs: Sequence[Run], compared: Sequence[str]) -> Iterator[list[str]]:
    for count in connection_counts(runs):
        for name in subjects(runs):
            these = [r for r in runs if (r.subject, r.connections) == (name, count)]
            times = [
                ratios(runs, Goal("", "per_second", name, other, count)) if name != other else []
                for other in compared
            ]
            yield [
                str(count),
                name,
                f"{middle(these, name, count, 'per_second'):,.0f}",
                f"{middle(these, name, count, 'p50_ms'):.1f}",
                f"{middle(these, name, count, 'p99_ms'):.1f}",
                str(sum(run.measured.failures for run in these)),
                *(f"{median(found):.2f}" if found else "" for found in times),
            ]
