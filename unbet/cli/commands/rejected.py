"""`unbet rejected`: messages and replies that are forged, or another deployment's."""

import json
from typing import Annotated

import redis
import typer

from unbet.broker import redis_server, rejected
from unbet.broker.presence import key
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
    aside = key(database.deployment(), rejected.LIST)
    try:
        with redis_server.connect(load(ReplySettings).redis_url) as client:
            found = [json.loads(entry) for entry in client.lrange(aside, 0, -1)]
            if clear:
                client.delete(aside)
    except redis.RedisError as error:
        raise CommandError(f"Redis does not answer: {error}") from None
    if as_json:
        print_json({"rejected": found})
        return
    columns = ("at", "kind", "problem", "content")
    rows = [[*(one[name] for name in columns[:3]), one["content"][:60]] for one in found]
    print_table("Rejected", columns, rows)
    typer.echo(f"{len(found)} rejected.")
