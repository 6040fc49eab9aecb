"""How a kit's report is shown."""

import typer

from testbed.rules import COLUMNS, Report, RuleStatus
from unbet.cli.display import print_json, print_table
from unbet.core.text import plain


def show(report: Report, title: str, as_json: bool, **shown: object) -> None:
    """A table and what is wrong, under a `title`; or one JSON document that begins with `shown`."""
    if as_json:
        print_json({**shown, **report.document()})
        return
    print_table(title, COLUMNS, report.rows())
    for line in report.lines():
        typer.echo(plain(line))
    counts = (f"{report.count(status)} {status}" for status in RuleStatus)
    typer.echo(f"{len(report.results)} rules: {', '.join(counts)}.")
