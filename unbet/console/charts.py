"""The last quarter of an hour as a chart, and as a table for readers who do not see it."""

from typing import Any, Final

from unbet.console.answers import GROUPS, SPAN_S, STEP_S, Answers
from unbet.console.format import NONE, clock, count, took

MINUTE_S: Final = 60

Document = dict[str, Any]
"""What is sent to browsers as JSON."""


def legend(answers: Answers | None) -> list[dict[str, str]]:
    """How often each outcome came."""

    def number(key: str) -> str:
        if answers is None:
            return NONE
        return count(sum(getattr(step, key) for step in answers.steps.values()))

    return [{"key": key, "name": name, "value": number(key)} for key, name in GROUPS.items()]


def chart(answers: Answers) -> Document:
    """A value for each whole step; None for one that has not been read."""
    times = range(answers.current - SPAN_S, answers.current, STEP_S)
    steps = [answers.steps.get(at) for at in times]
    return {
        "from": times[0],
        "step": STEP_S,
        "rates": {
            key: [None if step is None else getattr(step, key) / STEP_S for step in steps]
            for key in GROUPS
        },
        "p50": [step.p50_s if step else None for step in steps],
        "p99": [step.p99_s if step else None for step in steps],
    }


def minutes(answers: Answers) -> list[list[str]]:
    """The charts as a table: the newest minute first, the one that is going on included."""
    first = answers.current - answers.current % MINUTE_S
    rows = []
    for began in range(first, first - SPAN_S, -MINUTE_S):
        within = range(began, began + MINUTE_S, STEP_S)
        steps = [answers.steps[at] for at in within if at in answers.steps]
        slowest = max((step.p99_s for step in steps if step.p99_s is not None), default=None)
        counts = [count(sum(getattr(step, key) for step in steps)) for key in GROUPS]
        rows.append([clock(began)[:5], *counts, took(slowest) if slowest else NONE])
    return rows
