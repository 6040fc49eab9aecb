"""How the provider reads the answer to a Cancel (PROTOCOL, "The call", "Later dialect")."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from testbed.provider.connection import PLAIN, Response
from testbed.provider.dialects import SUCCESS, V4, Dialect

AMOUNT: Final = re.compile(r"\d+(\.\d{1,18})?", re.ASCII)

_IS_RIGHT: Final[Mapping[str, Callable[[object], bool]]] = {
    "reference": lambda value: isinstance(value, str),
    "currency": lambda value: isinstance(value, str),
    "cash": lambda value: isinstance(value, str) and bool(AMOUNT.fullmatch(value)),
    "transactionId": lambda value: isinstance(value, str) and value != "",
}
"""The form of the fields besides `error` and `description`."""


class Answer(NamedTuple):
    """What came back; `code` is None for a temporary error, which `text` describes."""

    code: int | None
    text: str
    status: int | None = None
    """HTTP's; None if nothing came back, or if it did not come by HTTP."""
    seconds: float | None = None
    """From the request's last byte to the answer's; None if it did not come by HTTP."""
    client: str = PLAIN
    """How the caller behaved towards the connection."""


def read_answer(
    response: Response,
    asked: Mapping[str, object],
    dialect: Dialect = V4,
    *,
    gives_back: bool = False,
) -> Answer:
    """The answer to a Cancel with the fields `asked`, as far as they are known. Any status but 200
    and any body of another form is a temporary error (PROTOCOL, "How the provider behaves").

    `gives_back`: the bet is known to have been there, so that a success has all its fields.
    """
    answer = _read(response, asked, dialect, gives_back=gives_back)
    return answer._replace(seconds=response.seconds, client=response.client)


def _read(
    response: Response, asked: Mapping[str, object], dialect: Dialect, *, gives_back: bool
) -> Answer:
    if response.status != 200:
        return Answer(None, f"HTTP {response.status}", response.status)
    try:
        document = json.loads(response.body)
    except (ValueError, RecursionError):
        document = None
    match document:
        # True is an int to Python, and no code.
        case {"error": bool()}:
            problem = "error is no number"
        case {"error": int(code), "description": str(text)}:
            fault = _fault(document, asked, dialect, gives_back=gives_back)
            if fault is None:
                return Answer(code, text, response.status)
            problem = fault
        case _:
            problem = "the body is not of the protocol's form"
    return Answer(None, f"{problem}: {_shown(response.body)}", response.status)


def _fault(
    document: Mapping[str, object],
    asked: Mapping[str, object],
    dialect: Dialect,
    *,
    gives_back: bool,
) -> str | None:
    """What is wrong with the fields besides `error` and `description`."""
    succeeded = document["error"] == SUCCESS
    # What was not understood cannot be repeated, and a refusal may name the bet's own currency.
    needed = dialect.answer if gives_back else dialect.repeats & asked.keys()
    repeated = dialect.repeats - (set() if succeeded else {"currency"})
    for name in sorted(dialect.answer & _IS_RIGHT.keys()):
        if name not in document:
            if succeeded and name in needed:
                return f"{name} is missing"
        elif not _IS_RIGHT[name](document[name]):
            return f"{name} is of another form"
        elif name in repeated and document[name] != asked.get(name, document[name]):
            return f"{name} is not the one that was sent"
    return None


def _shown(body: bytes) -> str:
    text = body.decode(errors="replace")
    return repr(text if len(text) <= 100 else f"{text[:100]}…")
