"""`python -m benchmarks`: the commands of `make bench`.

(Over 250 lines: it is the list of all commands with their options.)
"""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from benchmarks import auditing, environment, filling, goals, machine, report, running
from benchmarks import drain as draining
from benchmarks import endurance as enduring
from benchmarks import explain as explaining
from benchmarks import pieces as measuring
from benchmarks.checking import CheckError, check_whole
from benchmarks.contenders import CONTENDERS, WALLETS
from benchmarks.environment import BenchmarkError, Environment, Ledger
from benchmarks.load import LoadError, require_wrk
from benchmarks.progress import Shown, shown
from benchmarks.running import Plan, Run, Subject
from unbet.cli.display import print_table
from unbet.local.processes import ProcessError
from unbet.local.services import ServicesError
from unbet.local.stopping import EXIT_STOPPED, Stopped, stoppable

_RESULTS: Final = Path(__file__).with_name("results")
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
Results = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Where JSON and chart go; benchmarks/results/ after a whole run."
    ),
]
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
    contenders: Annotated[
        str, typer.Option("--sides", help="Which, separated by commas.")
    ] = ",".join(CONTENDERS),
    ballast: Ballast = 100_000,
    results: Results = None,
    directory: Directory = None,
) -> None:
    """Unbet and the baselines, at each number of connections in turn."""
    names, counts = contenders.split(","), _numbers(connections)
    unknown = [name for name in names if name not in CONTENDERS]
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: expected some of {', '.join(CONTENDERS)}")
    with _stage(directory, loads=True) as (place, display):
        ledger = _filled(place, ballast, display)
        subjects = [Subject(name, CONTENDERS[name], ledger, filling.players()) for name in names]
        plan = Plan(subjects, counts, rounds, seconds, warm_up)
        runs, facts = _carry_out(plan, place, display)
    _report("run", runs, facts, goals.GOALS, ["direct", "naive", "direct-grouped"], results)


@app.command()
def wallets(
    rounds: Rounds = 3,
    seconds: Seconds = 8,
    warm_up: WarmUp = 2,
    connections: Connections = "1,64,256",
    ballast: Ballast = 100_000,
    results: Results = None,
    directory: Directory = None,
) -> None:
    """Unbet with the built-in ledger, and with a wallet service that takes 5, 50 and 200 ms a
    call, in turn."""
    counts, many = _numbers(connections), filling.players()
    with _stage(directory, loads=True) as (place, display):
        ledger = _filled(place, ballast, display)
        subjects = [Subject(name, WALLETS[name], ledger, many) for name in WALLETS]
        plan = Plan(subjects, counts, rounds, seconds, warm_up)
        runs, facts = _carry_out(plan, place, display)
    _report("wallets", runs, facts, goals.WALLET_GOALS, ["ledger"], results)


@app.command()
def growth(
    rounds: Rounds = 3,
    seconds: Seconds = 8,
    warm_up: WarmUp = 2,
    connections: Annotated[int, typer.Option(min=1)] = 256,
    ballasts: Annotated[str, typer.Option(help="A small ledger's bets and a large one's.")] = (
        "100000,10000000"
    ),
    results: Results = None,
    directory: Directory = None,
) -> None:
    """Unbet on a small ledger, on a large one, and with all cancels on one player, in turn."""
    small, large = _numbers(ballasts)
    names = f"{small:,} bets", f"{large:,} bets", "one player"
    unbet, many = CONTENDERS["unbet"], filling.players()
    with _stage(directory, loads=True) as (place, display):
        ledger = _filled(place, small, display)
        subjects = [
            Subject(names[0], unbet, ledger, many),
            Subject(names[1], unbet, _filled(place, large, display), many),
            Subject(names[2], unbet, ledger, filling.players(1)),
        ]
        plan = Plan(subjects, [connections], rounds, seconds, warm_up)
        runs, facts = _carry_out(plan, place, display)
    _report("growth", runs, facts, goals.growth_goals(*names, connections), names[:1], results)


@app.command()
def drain(
    rounds: Rounds = 3,
    workers: Annotated[str, typer.Option(help="Numbers of worker processes.")] = "1,2,3",
    cancels: Annotated[int, typer.Option(min=1000, help="In the queue.")] = 100_000,
    ballast: Ballast = 100_000,
    results: Results = None,
    directory: Directory = None,
) -> None:
    """The queue filled beforehand, and drained by workers."""
    counts = _numbers(workers)
    with _stage(directory) as (place, display):
        ledger = _filled(place, ballast, display)
        display.expect(rounds * len(counts))
        found = list(draining.carry_out(place, ledger, counts, rounds, cancels, display))
        facts = _facts([ledger], display)
    columns = ["worker processes", "reversals/s", "per process", "rounds"]
    title = "Queue filled beforehand: medians over the rounds"
    print_table(title, columns, draining.rows(found))
    _keep("drain", facts | draining.document(found), results)


@app.command()
def endurance(
    cancels: Annotated[int, typer.Option(min=1, help="How many are answered.")] = 1_000_000,
    connections: Annotated[int, typer.Option(min=1)] = 256,
    ballast: Ballast = 100_000,
    results: Results = None,
    directory: Directory = None,
) -> None:
    """Very many cancels, and the memory of receiver and worker meanwhile."""
    with _stage(directory, loads=True) as (place, display):
        ledger = _filled(place, ballast, display)
        found = enduring.carry_out(place, ledger, cancels, connections, display)
        facts = _facts([ledger], display)
    print_table(
        f"Memory over {found.answered:,} cancels ({found.failed} failed), in MB",
        ["process", "after a tenth", "at the end", "most", f"flat, below {enduring.MAX_MB}"],
        (memory.row() for memory in found.summary()),
    )
    _keep("endurance", facts | found.document(), results)


@app.command()
def audit(
    ballast: Ballast = 4_000_000,
    cancels: Annotated[int, typer.Option(min=1, help="Bets more, which are reversed.")] = 500_000,
    results: Results = None,
    directory: Directory = None,
) -> None:
    """How long `unbet audit` takes on ten million entries, and the memory it needs."""
    with _stage(directory) as (place, display):
        ledger = _filled(place, ballast, display)
        auditing.cancel_some(
            ledger, cancels, lambda n: display.often(f"{n:,} of {cancels:,} cancels")
        )
        display.at("audit")
        found = auditing.carry_out(ledger, place.environment(ledger))
        facts = {"options": _options(), **machine.facts(ledger.engine)}
    print_table(found.title, ["what", "found"], found.rows())
    _keep("audit", facts | {"audit": vars(found)}, results)


@app.command()
def explain(ballast: Ballast = 100_000, directory: Directory = None) -> None:
    """The plans of the statement that decides a group."""
    with _stage(directory) as (place, display):
        written = explaining.write_plans(_filled(place, ballast, display))
        display.step(f"written: {', '.join(map(str, written))}")


@app.command()
def pieces(results: Results = None) -> None:
    """What the pieces of a cancel's way cost alone, and what was not chosen."""
    found = list(measuring.measure())
    print_table(
        "Microseconds of CPU for one cancel",
        ["what", "way", "µs", "chosen"],
        ((p.what, p.way, f"{p.us:.2f}", "yes" if p.chosen else "no") for p in found),
    )
    _keep("pieces", {"pieces": [vars(piece) for piece in found]}, results)


def main() -> None:
    """Run one command. Exit status 1 if it failed or the ledger is not as answered."""
    try:
        with stoppable():
            app()
    except Stopped:
        sys.stderr.write("Stopped; nothing of it runs any more.\n")
        sys.exit(EXIT_STOPPED)
    except CheckError as error:
        sys.exit(f"benchmarks: the ledger is not as answered: {error}")
    except (BenchmarkError, LoadError, ProcessError, ServicesError) as error:
        sys.exit(f"benchmarks: {error}")


@contextmanager
def _stage(directory: Path | None, *, loads: bool = False) -> Iterator[tuple[Environment, Shown]]:
    if loads:
        require_wrk()
    with environment.prepared(directory) as place, shown(Console(highlight=False)) as display:
        yield place, display


def _filled(place: Environment, ballast: int, display: Shown) -> Ledger:
    return place.ledger(ballast, lambda count: display.often(f"{count:,} of {ballast:,} bets"))


def _carry_out(plan: Plan, place: Environment, display: Shown) -> tuple[list[Run], dict[str, Any]]:
    display.expect(plan.steps)
    runs = list(running.carry_out(plan, place, display))
    return runs, _facts([subject.ledger for subject in plan.subjects], display)


def _report(
    name: str,
    runs: Sequence[Run],
    facts: dict[str, Any],
    asked: Sequence[goals.Goal],
    references: Sequence[str],
    results: Path | None,
) -> None:
    goal_results = goals.results_of(runs, asked)
    report.print_runs(runs, references)
    report.print_goals(goal_results)
    kept_in = _keep(name, facts | report.document(runs, goal_results), results)
    if kept_in is not None and name == "run":
        # Only here: the other commands, and the tests, do without it.
        from benchmarks import chart

        chart.draw(runs, kept_in / f"{name}.png", f"{facts['cpu']}, {facts['cores']} cores")


def _facts(ledgers: Sequence[Ledger], display: Shown) -> dict[str, Any]:
    """What a result was made with. Audits the ledgers first, so that there is none without it."""
    for url in dict.fromkeys(ledger.url for ledger in ledgers):
        display.at("audit")
        display.step(f"audit: {check_whole(url):,} entries, nothing found")
    return {"options": _options(), **machine.facts(ledgers[0].engine)}


def _keep(name: str, found: dict[str, Any], results: Path | None) -> Path | None:
    """Write a result; where it is. What was run with options of its own does not take the place
    of a whole run's result unless that is asked for."""
    whole = len(_options()) == 1  # the command alone
    chosen = _RESULTS if results is None and whole else results
    if chosen is None:
        typer.echo("Not kept, since it is no whole run: `--results DIR` keeps it.")
        return None
    chosen.mkdir(parents=True, exist_ok=True)
    (chosen / f"{name}.json").write_text(json.dumps(found, indent=2) + "\n")
    return chosen


def _options() -> list[str]:
    """The command line, but for where it keeps things."""
    words, kept = iter(sys.argv[1:]), list[str]()
    for word in words:
        name, separator, _ = word.partition("=")
        if name not in ("--dir", "--results"):
            kept.append(word)
        elif not separator:
            next(words, None)
    return kept


if __name__ == "__main__":
    main()
