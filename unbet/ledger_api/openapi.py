"""The OpenAPI document. `make configuration` writes it to docs/ledger-openapi.json."""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from unbet.dialects.body import MAX_BODY_LENGTH
from unbet.ledger_api.body import KEY
from unbet.ledger_api.calls import DEADLINE_S
from unbet.ledger_api.operations import OPERATIONS, BalanceQuestion, Operation
from unbet.ledger_api.problems import MEDIA_TYPE, RETRIED, Problem
from unbet.ledger_api.schemas import reference_to, schema_of, schemas
from unbet.runtime.http import BODY_LIMIT_S

_ABOUT: Final = f"""\
Players' money in Unbet's built-in ledger. An operation is done once for its reference, for ever.
Send it again with the same `{KEY}` until it is answered: what was done before is `replayed`.

A body has at most {MAX_BODY_LENGTH // 1024} KiB, sent within {BODY_LIMIT_S:g} seconds. Amounts are
text: `"10.25"`, not `10.25`. A request is answered within {DEADLINE_S:g} seconds of its body.
"""
_KEY: Final = {
    "name": KEY,
    "in": "header",
    "required": True,
    "description": "The same as `reference` in the body. One that a header cannot carry as it is "
    "stands in quotation marks (RFC 9651), or is percent-encoded.",
    "schema": {"type": "string"},
}

_ANY: Final = (
    *(Problem.INVALID, Problem.UNAUTHORIZED, Problem.FORBIDDEN, Problem.GUESSING),
    *(Problem.FAILED, Problem.UNAVAILABLE),
)
_OF_POST: Final = (*_ANY, Problem.SLOW, Problem.TOO_LONG, Problem.CONFLICT, Problem.OUT_OF_RANGE)


@cache
def document() -> bytes:
    """As it is served, and stands in docs/."""
    return (json.dumps(_document(), indent=2, ensure_ascii=False) + "\n").encode()


def _document() -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": "Unbet's ledger", "version": "1", "description": _ABOUT},
        "security": [{"token": []}],
        "paths": {
            **{operation.path: {"post": _post(operation)} for operation in OPERATIONS},
            "/balances": {"get": _balances()},
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "parameters": {KEY: _KEY},
            "responses": {
                status: _told(problems) for status, problems in _by_status(_OF_POST).items()
            },
            "schemas": schemas(),
        },
    }


def _post(operation: Operation) -> dict[str, Any]:
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": f"Needs the right `{operation.right}`.",
        "parameters": [{"$ref": f"#/components/parameters/{KEY}"}],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": reference_to(operation.name)}},
        },
        "responses": _responses("The decision, which is final.", "result", _OF_POST),
    }


def _balances() -> dict[str, Any]:
    return {
        "operationId": "balance",
        "summary": "What a player has in one currency: zeros for one who is not known.",
        "description": "Needs the right `read`.",
        "parameters": [
            {"name": name, "in": "query", "required": True, "schema": schema}
            for name, schema in schema_of(BalanceQuestion)["properties"].items()
        ],
        "responses": _responses("The balances.", "balance", _ANY),
    }


def _responses(description: str, schema: str, problems: Sequence[Problem]) -> dict[str, Any]:
    content = {"application/json": {"schema": reference_to(schema)}}
    return {
        "200": {"description": description, "content": content},
        **{status: {"$ref": f"#/components/responses/{status}"} for status in _by_status(problems)},
    }


def _by_status(problems: Sequence[Problem]) -> dict[str, list[Problem]]:
    by_status: dict[str, list[Problem]] = {}
    for problem in sorted(problems, key=lambda problem: problem.status):
        by_status.setdefault(str(problem.status), []).append(problem)
    return by_status


def _told(problems: Sequence[Problem]) -> dict[str, Any]:
    seconds = {"description": "Seconds.", "schema": {"type": "string", "pattern": "^[0-9]+$"}}
    return {
        "description": " ".join(problem.title for problem in problems),
        **({"headers": {"Retry-After": seconds}} if problems[0] in RETRIED else {}),
        "content": {MEDIA_TYPE: {"schema": reference_to("problem")}},
    }
