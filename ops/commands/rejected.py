"""`unbet rejected`: messages and replies that nobody of ours has signed."""

import json
from typing import Annotated

import redis
import typer

from contract import broker, rejected, settings
from ops.display import AsJson, print_json, print_table

app = typer.Typer()


@app.command("rejected")
def show(
    clear: Annotated[bool, typer.Option("--clear", help="Forget them afterwards.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what was rejected, the newest first: a forgery, or a key that not all processes have."""
    try:
        with broker.connect(settings.redis_url()) as client:
            found = [json.loads(entry) for entry in client.lrange(rejected.LIST, 0, -1)]
            if clear:
                client.delete(rejected.LIST)
    except redis.RedisError as error:
        typer.echo(f"unbet: Redis does not answer: {error}", err=True)
        raise typer.Exit(1) from None
    if as_json:
        print_json({"rejected": found})
        return
    columns = ("at", "kind", "problem", "content")
    rows = [[*(one[name] for name in columns[:3]), one["content"][:60]] for one in found]
    print_table("Rejected", columns, rows)
    typer.echo(f"{len(found)} rejected.")
