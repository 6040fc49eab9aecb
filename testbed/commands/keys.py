"""Where a dialect's key comes from: `env:NAME` or `file:PATH`, never the command line itself."""

import os
from pathlib import Path

import typer

from testbed.provider import Dialect

HELP = "Signs requests: env:NAME or file:PATH. What it is depends on the dialect."


def key_of(dialect: Dialect, source: str | None, option: str = "--key") -> str:
    """The key; empty if the dialect needs none. Raises `typer.BadParameter`."""
    if source is None:
        if dialect.needs_key:
            raise typer.BadParameter(f"{dialect.name} needs a key.", param_hint=option)
        return ""
    kind, _, name = source.partition(":")
    if kind == "env":
        if name not in os.environ:
            raise typer.BadParameter(f"{name} is not set.", param_hint=option)
        key = os.environ[name]
    elif kind == "file":
        try:
            key = Path(name).read_text(encoding="utf-8")
        except (OSError, ValueError):
            raise typer.BadParameter(f"{name} cannot be read.", param_hint=option) from None
    else:
        raise typer.BadParameter("expected env:NAME or file:PATH.", param_hint=option)
    try:
        dialect.check_key(key.strip())
    except ValueError as error:
        raise typer.BadParameter(f"{error}.", param_hint=option) from None
    return key.strip()
