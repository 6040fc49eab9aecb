"""What OpenAPI says of the receiver's pages: health, readiness, metrics, and this document."""

from typing import Any, Final

from api.health import DEPENDENCIES
from api.openapi_responses import responses

Schema = dict[str, Any]

_JSON: Final = "application/json"

_METHODS: Final = (
    "HEAD is answered as GET, without the body; any other method with 405 and `Allow: GET, HEAD`."
)

_OPERATORS: Final = (
    "Only for addresses in `UNBET_OPS_ALLOWED_IPS`; never for what a proxy hands on that is not in "
    f"`UNBET_TRUSTED_PROXIES`. {_METHODS}"
)


_DEPLOYMENT: Final[Schema] = {
    "deployment": {
        "type": ["string", "null"],
        "format": "uuid",
        "description": "Which one this receiver is of; null until its database has said so",
    },
    "other_deployments": {
        "type": "array",
        "items": {"type": "string", "format": "uuid"},
        "description": "Those that use the same Redis",
    },
}


def pages() -> Schema:
    """By path."""
    return {
        "/healthz": _page("healthz", "Is the process alive?", _METHODS, _alive()),
        "/readyz": _operators("readyz", "Can it do its work?", _ready()),
        "/metrics": _operators("metrics", "Prometheus' metrics", _metrics()),
        "/openapi.json": _operators("openapi", "This document", _itself()),
    }


def _page(name: str, summary: str, description: str, answers: Schema, *shared: str) -> Schema:
    get = {
        "operationId": name,
        "tags": ["operator"],
        "summary": summary,
        "responses": answers | responses("NotHttp", *shared),
    }
    return {"description": description, "get": get}


def _operators(name: str, summary: str, answers: Schema) -> Schema:
    return _page(name, summary, _OPERATORS, answers, "NoOperator", "Guessing")


def _alive() -> Schema:
    schema = {
        "type": "object",
        "properties": {"status": {"const": "ok"}},
        "required": ["status"],
        "additionalProperties": False,
    }
    return {"200": {"description": "It is", "content": {_JSON: {"schema": schema}}}}


def _ready() -> Schema:
    deployment = {"deployment": "6f1c4a52-5a0e-4a35-9d6f-0d5a3f6c1b7e", "other_deployments": []}
    all_well = {"ready": True} | dict.fromkeys(DEPENDENCIES, "ok") | deployment
    one_away = all_well | {"ready": False, DEPENDENCIES[0]: "no answer in time"}
    return {
        "200": _readiness("All that it needs is there", all_well),
        "503": _readiness("Something is away; cancels are taken nevertheless", one_away),
    }


def _readiness(description: str, example: Schema) -> Schema:
    state = {"type": "string", "minLength": 1, "description": "`ok`, or what is wrong"}
    schema = {
        "type": "object",
        "properties": {"ready": {"const": example["ready"]}}
        | dict.fromkeys(DEPENDENCIES, state)
        | _DEPLOYMENT,
        "required": list(example),
        "additionalProperties": False,
    }
    return {"description": description, "content": {_JSON: {"schema": schema, "example": example}}}


def _metrics() -> Schema:
    text = {"text/plain": {"schema": {"type": "string"}}}
    return {"200": {"description": "In Prometheus' text form", "content": text}}


def _itself() -> Schema:
    schema = {"type": "object", "required": ["openapi", "info", "paths"]}
    return {"200": {"description": "It", "content": {_JSON: {"schema": schema}}}}
