"""Many rows as one parameter: a JSON array, which PostgreSQL reads as a table.

With an array a column the driver would spend more time on quoting texts than the server on the
statement: 10 of 12 ms for 256 cancels, against 1 of 3.
"""

from collections.abc import Iterable, Mapping

import orjson


def as_json(rows: Iterable[Mapping[str, object]]) -> str:
    """For `json_to_recordset`, whose column list gives the types; what JSON has no form for, such
    as an amount, goes as text."""
    return orjson.dumps(list(rows), default=str).decode()
