"""`unbet metrics`: the table of all metrics, as `docs/metrics.md` has it."""

from collections.abc import Iterator
from typing import NamedTuple

import typer
from prometheus_client.metrics import MetricWrapperBase

from unbet.runtime import metrics
from unbet.runtime.scraped_metrics import DESCRIBED

app = typer.Typer()


class Documented(NamedTuple):
    """One line of the table."""

    name: str
    type: str
    labels: tuple[str, ...]
    source: str
    """Whether processes count it, or a receiver asks for it when it is scraped."""
    help: str


@app.command("metrics")
def show() -> None:
    """Print the table of all metrics, in Markdown."""
    typer.echo("\n".join(table()))


def table() -> Iterator[str]:
    """Its lines, by name."""
    yield "| metric | type | labels | source | what |"
    yield "|---|---|---|---|---|"
    for one in sorted(documented()):
        labels = ", ".join(f"`{label}`" for label in one.labels)
        yield f"| `{one.name}` | {one.type} | {labels} | {one.source} | {one.help} |"


def documented() -> Iterator[Documented]:
    """Every metric of ours."""
    for one in vars(metrics).values():
        if isinstance(one, MetricWrapperBase):
            (family,) = one.describe()
            name = family.name + ("_total" if family.type == "counter" else "")
            labels = tuple(one._labelnames)
            yield Documented(name, family.type, labels, "counted", family.documentation)
    for metric in DESCRIBED:
        kind = metric.by([]).type
        yield Documented(metric.name, kind, metric.labels, "asked for", metric.help)
