"""`unbet rejected`: messages and replies that are forged, or another deployment's."""

from typing import Annotated

import typer

from unbet.broker import redis_server, rejected
from unbet.cli import database
from unbet.cli.display import AsJson, print_json, print_table
from unbet.cli.failing import CommandError
from unbet.runtime.settings import ReplySettings, load

app = typer.Typer()


@app.command("rejected")
def show(
    clear: Annotated[bool, typer.Option("--clear", help="Forget them afterwards.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what was rejected, the newest first: a forgery, a key that not all processes have, or
    what another deployment has sent."""
    deployment = database.deployment()
    try:
        with redis_server.connect(load(ReplySettings).redis_url) as client:
            found = rejected.newest(client, deployment)
            if clear:
                rejected.forget(client, deployment)
    except redis_server.AWAY as error:
        raise CommandError(f"Redis does not answer: {error}") from None
    if as_json:
        print_json({"rejected": [one._asdict() for one in found]})
        return
    rows = [[*one[:3], one.content[:60]] for one in found]
    print_table("Rejected", rejected.Rejected._fields, rows)
    typer.echo(f"{len(found)} rejected.")
