"""The receiver's OpenAPI document, made from the data that the receiver works by.

`make openapi` writes it to `docs/openapi.json`; a receiver shows it to its operators.
"""

import json
import sys
from functools import lru_cache
from typing import Any, Final

from api import openapi_cancel as cancel
from api.openapi_pages import pages
from api.openapi_responses import RESPONSES, responses
from api.protocol import HEAD_LIMIT_S, LONGEST_HEAD
from unbet.dialects import DIALECTS
from unbet.dialects.body import LONGEST_BODY
from unbet.dialects.port import Dialect
from unbet.runtime.endpoints import SEGMENT
from unbet.runtime.http import BODY_LIMIT_S
from unbet.runtime.settings import ReceiverSettings

Schema = dict[str, Any]

_JSON: Final = "application/json"

_DESCRIPTION: Final = f"""\
The operator's side of a casino provider's Cancel: a player gets a bet's stake back, exactly once.

Every request has a head of at most {LONGEST_HEAD // 1024} KiB, sent within {HEAD_LIMIT_S:g}
seconds, and a body of at most {LONGEST_BODY // 1024} KiB, sent within {BODY_LIMIT_S:g} seconds.
Who is slower with the head, or sends more of it in pieces, loses the connection without an answer.
What is not listed here is answered 404 without a body, and counts as a wrong secret, but for
operators.
"""

_CANCEL: Final = """\
Idempotent: the same cancel again changes nothing and is answered the same. It is answered within
{deadline:g} seconds (`UNBET_ANSWER_DEADLINE_S`), with HTTP 200 whatever was decided:

{table}
"""

_BODY: Final = """\
JSON in UTF-8, whatever the content type says, also none; a byte order mark before it is skipped.
"""

_SECRET: Final[Schema] = {
    "name": "secret",
    "in": "path",
    "required": True,
    "description": "The only credential; it says which provider and dialect the endpoint is for.",
    "schema": {"type": "string", "pattern": f"^{SEGMENT}$"},
}

_SCHEMAS: Final = {
    "cancel": cancel.request_schema,
    "answer": cancel.answer_schema,
    "not-allowed": cancel.refusal_schema,
}


def document() -> Schema:
    """The whole of it. It is the same for every receiver: nothing of its settings is in it."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Unbet's receiver", "version": "1", "description": _DESCRIPTION},
        "tags": [
            {"name": "provider", "description": "What the provider calls"},
            {"name": "operator", "description": "What the operator looks at"},
        ],
        "paths": {f"/{{secret}}{one.path}": _path(one) for one in DIALECTS.values()} | pages(),
        "components": {
            "parameters": {"secret": _SECRET},
            "responses": RESPONSES,
            "schemas": {
                f"{dialect.name}-{name}": schema(dialect)
                for dialect in DIALECTS.values()
                for name, schema in _SCHEMAS.items()
            },
        },
    }


@lru_cache(maxsize=1)
def rendered() -> bytes:
    """The document as it is served and kept."""
    return json.dumps(document(), indent=2, ensure_ascii=False).encode() + b"\n"


def _path(dialect: Dialect) -> Schema:
    return {
        "parameters": [{"$ref": "#/components/parameters/secret"}],
        "post": {
            "operationId": f"cancel-{dialect.name}",
            "tags": ["provider"],
            "summary": f"Cancel a bet ({dialect.name})",
            "description": _CANCEL.format(
                deadline=ReceiverSettings.model_fields["answer_deadline_s"].default,
                table=cancel.answer_table(dialect),
            ),
            "requestBody": _request(dialect),
            "responses": _answers(dialect)
            | responses("NotHttp", "WrongSecret", "SlowBody", "LongBody", "Guessing", "NoHome"),
        },
        "get": {
            "operationId": f"not-a-cancel-{dialect.name}",
            "tags": ["provider"],
            "summary": "Not a Cancel: any method but POST is refused",
            "responses": responses("NotHttp", "WrongSecret", "NotPost", "Guessing"),
        },
    }


def _request(dialect: Dialect) -> Schema:
    schema = {"schema": _ref(dialect, "cancel")}
    shown = schema | {"examples": cancel.request_examples(dialect)}
    return {"required": True, "description": _BODY, "content": {_JSON: shown}}


def _answers(dialect: Dialect) -> Schema:
    examples = cancel.answer_examples(dialect)
    return {
        "200": {
            "description": "An answer: what was decided, or why the body is no Cancel",
            "content": {_JSON: {"schema": _ref(dialect, "answer"), "examples": examples}},
        },
        "403": {
            "description": "The sender's address is not in `UNBET_ALLOWED_IPS`",
            "content": {_JSON: {"schema": _ref(dialect, "not-allowed")}},
        },
    }


def _ref(dialect: Dialect, name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{dialect.name}-{name}"}


if __name__ == "__main__":
    sys.stdout.buffer.write(rendered())
