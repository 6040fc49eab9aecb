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
    draw_into = _draw_lines if len(report.connection_counts(runs)) > 1 else _draw_bars
    figure = draw_into(runs)
    figure.suptitle(title)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=150)
    pyplot.close(figure)


def _draw_lines(runs: Sequence[Run]) -> Any:
    figure, (throughput, latency) = pyplot.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    _lines(throughput, runs, "per_second", "cancels a second", "Throughput (higher is better)")
    _lines(latency, runs, "p99_ms", "milliseconds", "p99 of the answer (lower is better)")
    handles, labels = throughput.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    return figure


def _draw_bars(runs: Sequence[Run]) -> Any:
    """With one number of connections there is no line to draw."""
    (count,), names = report.connection_counts(runs), report.subjects(runs)
    figure, axes = pyplot.subplots(figsize=(8, 0.6 * len(names) + 1.6), layout="constrained")
    paces = [report.middle(runs, name, count, "per_second") for name in names]
    bars = axes.barh(names, paces, color=_COLOURS[: len(names)])
    axes.bar_label(bars, labels=[f"{pace:,.0f}" for pace in paces], padding=4)
    axes.margins(x=0.12)
    axes.invert_yaxis()
    axes.set_xlabel(f"cancels a second, {count} connections (higher is better)")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


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
