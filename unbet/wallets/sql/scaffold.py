"""The function that an operator begins with, made of the names of their tables."""

import re
from pathlib import Path
from typing import Final

_TEMPLATE: Final = Path(__file__).with_name("scaffold.sql")
_NAME: Final = re.compile(r"(?:([a-z_][a-z0-9_]*)\.)?([a-z_][a-z0-9_]*)", re.ASCII)


def scaffold(users: str, transactions: str) -> str:
    """SQL for psql: the key, the columns, the function and its right. A table's name may have its
    schema before it; it is `public` otherwise. Raises `ValueError` for what is no plain name."""
    _, bets = _parts(transactions)
    sql = _TEMPLATE.read_text("utf-8")
    for mark, name in {
        "@users@": ".".join(_parts(users)),
        "@transactions@": ".".join(_parts(transactions)),
        "@index@": f"{bets}_once",
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
