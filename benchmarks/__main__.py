"""`python -m benchmarks`: the commands of `make bench`."""

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from benchmarks import drain as draining
from benchmarks import endurance as enduring
from benchmarks import explain as explaining
from benchmarks import filling, goals, ground, machine, report, running
from benchmarks.checking import CheckError
from benchmarks.ground import Ground, GroundError, Ledger
from benchmarks.load import LoadError, require_wrk
from benchmarks.progress import Shown, shown
from benchmarks.running import Plan, Subject
from benchmarks.sides import SIDES
from ops.services import ServicesError

EXIT_STOPPED: Final = 130
"""As a shell has it for a program that Ctrl-C ended."""

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_RESULTS: Final = Path(__file__).with_name("results")
_ONE_PLAYER: Final = 1

app = typer.Typer(
    help="Unbet and its baselines under the same load.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _numbers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise typer.BadParameter("expected numbers, separated by commas") from None


Rounds = Annotated[int, typer.Option(min=1, help="How often all of it is measured.")]
Seconds = Annotated[int, typer.Option(min=1, help="The length of a measured run.")]
WarmUp = Annotated[int, typer.Option(min=1, help="The unrecorded seconds before it.")]
Ballast = Annotated[int, typer.Option(min=0, help="Older bets in the ledger.")]
Results = Annotated[Path, typer.Option(metavar="DIR", help="Where JSON and chart go.")]
Directory = Annotated[
    Path | None,
    typer.Option("--dir", help="Keep servers' data there, filled, for the next time."),
]
Connections = Annotated[str, typer.Option(help="Numbers of connections, separated by commas.")]


@app.command()
def run(
    rounds: Rounds = 3,
    seconds: Seconds = 8,
    warm_up: WarmUp = 2,
    connections: Connections = "1,16,64,256",
    sides: Annotated[str, typer.Option(help="Which, separated by commas.")] = ",".join(SIDES),
    ballast: Ballast = 100_000,
    one_player: Annotated[bool, typer.Option(help="All cancels on one player.")] = False,
    results: Results = _RESULTS,
    directory: Directory = None,
) -> None:
    """Unbet and the baselines, at each number of connections in turn."""
    names, counts = sides.split(","), _numbers(connections)
    unknown = [name for name in names if name not in SIDES]
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: expected some of {', '.join(SIDES)}")
    user_ids = filling.players(_ONE_PLAYER) if one_player else filling.players()

    def subjects(place: Ground, display: Shown) -> list[Subject]:
        ledger = _filled(place, ballast, display)
        return [Subject(name, SIDES[name], ledger, user_ids) for name in names]

    _compare(
        "run",
        subjects,
        lambda of: Plan(of, counts, rounds, seconds, warm_up),
        goals.GOALS,
        ["direct", "naive", "direct-grouped"],
        results,
        directory,
    )


@app.command()
def growth(
    rounds: Rounds = 3,
    seconds: Seconds = 8,
    warm_up: WarmUp = 2,
    connections: Annotated[int, typer.Option(min=1)] = 256,
    ballasts: Annotated[str, typer.Option(help="A small ledger's bets and a large one's.")] = (
        "100000,10000000"
    ),
    results: Results = _RESULTS,
    directory: Directory = None,
) -> None:
    """Unbet on a small ledger, on a large one, and with all cancels on one player, in turn."""
    small, large = _numbers(ballasts)
    names = f"{small:,} bets", f"{large:,} bets", "one player"

    def subjects(place: Ground, display: Shown) -> list[Subject]:
        ledger, many = _filled(place, small, display), filling.players()
        return [
            Subject(names[0], SIDES["unbet"], ledger, many),
            Subject(names[1], SIDES["unbet"], _filled(place, large, display), many),
            Subject(names[2], SIDES["unbet"], ledger, filling.players(_ONE_PLAYER)),
        ]

    _compare(
        "growth",
        subjects,
        lambda of: Plan(of, [connections], rounds, seconds, warm_up),
        goals.growth_goals(*names, connections),
        names[:1],
        results,
        directory,
    )


@app.command()
def drain(
    rounds: Rounds = 3,
    workers: Annotated[str, typer.Option(help="Numbers of worker processes.")] = "1,2,3",
    cancels: Annotated[int, typer.Option(min=1000, help="In the queue.")] = 100_000,
    ballast: Ballast = 100_000,
    results: Results = _RESULTS,
    directory: Directory = None,
) -> None:
    """The queue filled beforehand, and drained by workers."""
    counts = _numbers(workers)
    with _stage(directory) as (place, display):
        ledger = _filled(place, ballast, display)
        display.expect(rounds * len(counts))
        found = list(draining.carry_out(place, ledger, counts, rounds, cancels, display))
        facts = machine.facts(ledger.engine)
    draining.print_drained(found)
    report.write(results / "drain.json", facts | draining.document(found))


@app.command()
def endurance(
    cancels: Annotated[int, typer.Option(min=1, help="How many are answered.")] = 1_000_000,
    connections: Annotated[int, typer.Option(min=1)] = 256,
    ballast: Ballast = 100_000,
    results: Results = _RESULTS,
    directory: Directory = None,
) -> None:
    """Very many cancels, and the memory of receiver and worker meanwhile."""
    require_wrk()
    with _stage(directory) as (place, display):
        ledger = _filled(place, ballast, display)
        found = enduring.carry_out(place, ledger, cancels, connections, display)
        facts = machine.facts(ledger.engine)
    enduring.print_memory(found)
    report.write(results / "endurance.json", facts | enduring.document(found))


@app.command()
def explain(ballast: Ballast = 100_000, directory: Directory = None) -> None:
    """The plans of the statement that decides a group."""
    with _stage(directory) as (place, display):
        written = explaining.write_plans(_filled(place, ballast, display))
        display.step(f"written: {', '.join(map(str, written))}")


def main() -> None:
    """Run one command. Exit status 1 if it failed or the ledger is not as answered."""
    previous = {number: signal.signal(number, _stop) for number in _SIGNALS}
    try:
        app()
    except _Stop:
        sys.stderr.write("Stopped; nothing of it runs any more.\n")
        sys.exit(EXIT_STOPPED)
    except CheckError as error:
        sys.exit(f"benchmarks: the ledger is not as answered: {error}")
    except (GroundError, LoadError, ServicesError) as error:
        sys.exit(f"benchmarks: {error}")
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


class _Stop(BaseException):
    """Somebody asked to stop; no `except Exception` on the way may swallow it."""


def _stop(_number: int, _frame: object) -> None:
    # Once only: a second Ctrl-C must not leave processes behind.
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise _Stop


@contextmanager
def _stage(directory: Path | None) -> Iterator[tuple[Ground, Shown]]:
    with ground.prepared(directory) as place, shown(Console(highlight=False)) as display:
        yield place, display


def _filled(place: Ground, ballast: int, display: Shown) -> Ledger:
    return place.ledger(ballast, lambda count: display.often(f"{count:,} of {ballast:,} bets"))


def _compare(
    name: str,
    make_subjects: Callable[[Ground, Shown], list[Subject]],
    make_plan: Callable[[list[Subject]], Plan],
    asked: Sequence[goals.Goal],
    references: Sequence[str],
    results: Path,
    directory: Path | None,
) -> None:
    require_wrk()
    # Only here: the other commands, and the tests, do without it.
    from benchmarks import chart

    with _stage(directory) as (place, display):
        plan = make_plan(make_subjects(place, display))
        display.expect(plan.steps)
        runs = list(running.carry_out(plan, place, display))
        facts = machine.facts(plan.subjects[0].ledger.engine)
    verdicts = goals.verdicts(runs, asked)
    report.print_runs(runs, references)
    report.print_verdicts(verdicts)
    facts["bets_before"] = {s.name: s.ledger.bets for s in plan.subjects}
    facts["seconds"], facts["warm_up_s"] = plan.seconds, plan.warm_up_s
    report.write(results / f"{name}.json", report.document(facts, runs, verdicts))
    chart.draw(runs, results / f"{name}.png", f"{facts['cpu']}, {facts['cores']} cores")


if __name__ == "__main__":
    main()
