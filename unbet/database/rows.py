"""Many rows as one parameter: a JSON array, which PostgreSQL reads as a table.

With an array for each column the driver would spend more time on quoting texts than the server on
the statement: 10 of 12 ms for 256 cancels, against 1 of 3.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

import orjson


def as_json(rows: Iterable[Mapping[str, object]]) -> str:
    """For `json_to_recordset`, whose column list gives the types. A `Decimal` goes as text, exact.
    Raises `TypeError` for what has no form in JSON."""
    return orjson.dumps(list(rows), default=_exact).decode()


def _exact(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")
