"""The test bed's commands of `unbet`, one file for each group."""

import typer

from testbed.commands import chaos, conformance, provider


def add_to(app: typer.Typer) -> None:
    """Mount them beside the product's own."""
    app.add_typer(provider.app, name="provider")
    app.add_typer(conformance.app)
    app.add_typer(chaos.app)
