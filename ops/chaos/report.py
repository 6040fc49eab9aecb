"""What a run has come to: a table for a person, a document for machines."""

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.table import Table

from ops.chaos.running import Run
from ops.chaos.tally import SLOW_S
from ops.chaos.verdict import MOST_EXAMPLES, Kind


def table(run: Run) -> Table:
    """One line for each count."""
    shown = Table("what", "count", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_header=False)
    shown.columns[1].justify = "right"
    for section in (_load(run), _faults(run), _answers(run), _findings(run)):
        for name, count in section:
            shown.add_row(name, count)
        shown.add_section()
    return shown


def examples(run: Run) -> Iterator[str]:
    """The first violations of each kind, a line each."""
    for kind in Kind:
        for what in run.verdict.violations.get(kind, [])[:MOST_EXAMPLES]:
            yield f"{kind}: {what}"


def document(run: Run) -> dict[str, object]:
    """Everything that the table has, and the examples."""
    return {
        "ok": run.finished and run.verdict.ok,
        "seed": run.seed,
        "seconds": run.seconds,
        "cancels": run.tally.cancels,
        "requests": run.tally.requests,
        "bets": run.tally.bets,
        "faults": dict(sorted(run.faults.items())),
        "ended_by_themselves": run.ended_by_themselves,
        "answers": dict(sorted(run.tally.answers.items())),
        "bets_answered": dict(sorted(run.tally.bets_answered.items())),
        "slowest_s": run.tally.slowest_s,
        "slow": run.tally.slow,
        "drained_in_s": round(run.drained_in_s, 1),
        "dead": run.verdict.dead,
        "violations": run.verdict.document(),
    }


def _load(run: Run) -> Iterator[tuple[str, str]]:
    yield "cancels", str(run.tally.cancels)
    yield "requests, retransmissions included", str(run.tally.requests)
    yield "bets and wins", str(run.tally.bets)


def _faults(run: Run) -> Iterator[tuple[str, str]]:
    yield "faults", str(run.faults.total())
    for name, count in sorted(run.faults.items()):
        yield f"  {name}", str(count)
    for name, count in run.ended_by_themselves.items():
        yield f"  {name} ended by itself", str(count)


def _answers(run: Run) -> Iterator[tuple[str, str]]:
    for label, count in sorted(run.tally.answers.items()):
        yield ("no answer" if label == "none" else f"answered {label}"), str(count)
    yield "slowest answer", f"{run.tally.slowest_s:.2f} s"
    yield f"answers after {SLOW_S:g} s", str(run.tally.slow)


def _findings(run: Run) -> Iterator[tuple[str, str]]:
    yield "drained in", f"{run.drained_in_s:.1f} s"
    yield "dead, kept for a person", str(run.verdict.dead)
    for kind in Kind:
        yield kind.value, str(run.verdict.count(kind))
