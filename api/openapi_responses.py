"""The responses that are the same for several paths of the OpenAPI document."""

from typing import Any, Final

from unbet.dialects.body import LONGEST_BODY
from unbet.runtime.doors import MOST_WRONG, WINDOW_S
from unbet.runtime.http import BODY_LIMIT_S

Schema = dict[str, Any]

_STATUSES: Final = {
    "NotHttp": "400",
    "WrongSecret": "404",
    "NoOperator": "404",
    "NotPost": "405",
    "SlowBody": "408",
    "LongBody": "413",
    "Guessing": "429",
    "NoHome": "503",
}

RESPONSES: Final[Schema] = {
    "NotHttp": {
        "description": "What came is not HTTP, or its head is too long; the connection is closed",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    },
    "WrongSecret": {
        "description": "The secret is none, has expired, or is for another dialect; no body"
    },
    "NoOperator": {"description": "The sender's address is no operator's; no body"},
    "NotPost": {
        "description": "The secret is a right one, the method is not POST; no body",
        "headers": {"Allow": {"required": True, "schema": {"const": "POST"}}},
    },
    "SlowBody": {"description": f"The body took longer than {BODY_LIMIT_S:g} seconds; no body"},
    "LongBody": {"description": f"The body is longer than {LONGEST_BODY} bytes; no body"},
    "Guessing": {
        "description": f"More than {MOST_WRONG} wrong secrets, or paths that lead their sender "
        f"nowhere, within {WINDOW_S:g} seconds from one address, or one IPv6 /64 network: the "
        "right secret is never limited; no body, and the connection is closed",
        "headers": {"Connection": {"required": True, "schema": {"const": "close"}}},
    },
    "NoHome": {
        "description": "Queue, ledger and disk are away, and the cancel is nowhere: retry; no body"
    },
}


def responses(*names: str) -> Schema:
    """References to `RESPONSES`, by status."""
    return {_STATUSES[name]: {"$ref": f"#/components/responses/{name}"} for name in names}
