"""The function that an operator begins with, made of the names of their tables."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Final

_NAME: Final = re.compile(r"(?:([a-z_][a-z0-9_]*)\.)?([a-z_][a-z0-9_]*)", re.ASCII)


class LateBets(StrEnum):
    """What decides between a bet and its cancel that comes first."""

    ROW = "row"
    """The cancel leaves a row under the bet's own unique key."""
    REFERENCES = "references"
    """Both insert into a small table of references."""
    LOCK = "lock"
    """Both lock the player before they look."""


_TEMPLATES: Final = {
    LateBets.ROW: "scaffold.sql",
    LateBets.REFERENCES: "scaffold_references.sql",
    LateBets.LOCK: "scaffold_lock.sql",
}


def scaffold(users: str, transactions: str, late_bets: LateBets = LateBets.ROW) -> str:
    """SQL for psql: what is added, what Bet has to do, the function and its right. A table's name
    may have its schema before it; it is `public` otherwise. Raises `ValueError` for what is no
    plain name."""
    schema, bets = _parts(transactions)
    index = f"{bets}_once" if late_bets is LateBets.ROW else f"{bets}_by_reference"
    sql = Path(__file__).with_name(_TEMPLATES[late_bets]).read_text("utf-8")
    for mark, name in {
        "@users@": ".".join(_parts(users)),
        "@transactions@": ".".join(_parts(transactions)),
        "@references@": f"{schema}.unbet_references",
        "@index@": index,
    }.items():
        sql = sql.replace(mark, name)
    return sql


def _parts(table: str) -> tuple[str, str]:
    found = _NAME.fullmatch(table)
    if found is None:
        raise ValueError(
            f"{table!r} is no plain name of a table: expected lower-case letters, digits and _, "
            "with the schema and a dot before it if it is not in public"
        )
    return found[1] or "public", found[2]
