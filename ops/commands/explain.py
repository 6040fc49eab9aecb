"""`unbet explain`: the story of one reference."""

from typing import Annotated

import typer

from ledger.explain import explain
from ledger.story import Story
from ledger.telling import timeline, verdict
from ops import database
from ops.display import AsJson, plain, print_json
from ops.story_screen import lines_of

app = typer.Typer()


@app.command("explain")
def tell(
    reference: Annotated[str, typer.Argument(metavar="REFERENCE", help="A bet's or a win's.")],
    provider: Annotated[
        str | None, typer.Option("--provider", help="Of this provider only; all if not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show everything known of a reference. Exit status 1 if that is nothing.

    The bodies that the provider sent are shown with --json only: they carry players' sessions.
    """
    with database.snapshot() as connection:
        stories = explain(connection, reference, provider)
    if as_json:
        print_json({"reference": reference, "stories": list(map(_document, stories))})
    else:
        typer.echo("\n\n".join("\n".join(lines_of(story)) for story in stories), nl=bool(stories))
    if not stories:
        where = f" at {provider}" if provider else ""
        typer.echo(f"Nothing is known of {plain(reference)}{plain(where)}.", err=True)
        raise typer.Exit(1)


def _document(story: Story) -> dict[str, object]:
    told = [event._asdict() for event in timeline(story)]
    return story.model_dump() | {"verdict": verdict(story), "timeline": told}
