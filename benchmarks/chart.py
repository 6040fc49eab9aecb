"""The chart of a run: throughput and p99 over connections, one line for each subject."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib

matplotlib.use("Agg")  # it draws into a file, there may be no screen
from matplotlib import pyplot
from matplotlib.ticker import FuncFormatter, LogLocator

from benchmarks import report
from benchmarks.running import Run

_COLOURS: Final = ("#0072b2", "#d55e00", "#999999", "#009e73", "#cc79a7", "#e69f00")
"""To be told apart by the colour-blind, too."""
_MARKERS: Final = "osDv^P"


def draw(runs: Sequence[Run], file: Path, title: str) -> None:
    """Write the chart as PNG."""
    figure, (throughput, latency) = pyplot.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    _lines(throughput, runs, "per_second", "cancels a second", "Throughput (higher is better)")
    _lines(latency, runs, "p99_ms", "milliseconds", "p99 of the answer (lower is better)")
    handles, labels = throughput.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    figure.suptitle(title)
    figure.savefig(file, dpi=150)
    pyplot.close(figure)


def _lines(axes: Any, runs: Sequence[Run], figure: str, unit: str, title: str) -> None:
    counts = report.connection_counts(runs)
    for number, name in enumerate(report.subjects(runs)):
        axes.plot(
            counts,
            [report.middle(runs, name, count, figure) for count in counts],
            label=name,
            color=_COLOURS[number % len(_COLOURS)],
            marker=_MARKERS[number % len(_MARKERS)],
            linewidth=2.5 if number == 0 else 1.5,
        )
    axes.set_title(title, fontsize=11)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(counts, labels=[str(count) for count in counts])
    axes.minorticks_off()
    axes.yaxis.set_major_locator(LogLocator(base=10, subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.set_xlabel("connections")
    axes.set_ylabel(unit)
    axes.grid(visible=True, which="major", color="#dddddd")
    axes.set_axisbelow(True)
