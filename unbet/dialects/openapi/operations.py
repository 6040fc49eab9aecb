"""OpenAPI of a dialect, made of the dialect: its operation, and the security scheme that it is
signed by."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson

from unbet.dialects.auth import BasicAuth, Header, Parameter
from unbet.dialects.body import JSON
from unbet.dialects.examples import path_names, request_of
from unbet.dialects.openapi.answers import (
    ExampleAnswer,
    example_answers,
    example_document,
    request_schema,
)
from unbet.dialects.openapi.schemas import schema_of
from unbet.dialects.port import (
    MALFORMED,
    NOT_ALLOWED,
    REPEATED,
    UNPERSISTED,
    WRONG_SIGNATURE,
    Dialect,
    LateBet,
)

_MEANING: Final[Mapping[str, str]] = {
    "reversed": "the bet is cancelled, now or by an earlier request: the stake is given back",
    REPEATED: "an earlier request has cancelled the bet",
    "no_bet": "there is no such bet, and there will be none",
    "bet_refused": "the bet was refused: there is nothing to give back",
    "settled": "the bet has its result: too late to cancel",
    "mismatch": "the bet is another player's; the owner's own cancel still works",
    "currency_mismatch": "the bet is in another currency; the correct cancel still works",
    "amount_mismatch": "the amount is not the bet's stake; the correct cancel still works",
    "batch_refused": "another bet of the request cannot be cancelled: nothing of it is done",
    "closed": "a person has closed the cancel: nothing is returned",
    "parked": "not decided in time, and kept: it is decided without another request",
    MALFORMED: "the request is no valid one; nothing is changed",
    WRONG_SIGNATURE: "the provider has not signed the request; nothing is changed",
    NOT_ALLOWED: "the sender's address is not in `UNBET_ALLOWED_IPS`; nothing is changed",
    UNPERSISTED: "queue, ledger and disk are away, and the cancel is nowhere",
}

_LATE: Final = {
    LateBet.REFUSE: "is refused",
    LateBet.ACCEPT: "is answered as if it had been taken, and debits nothing",
}

_SHARED: Final = {
    "400": "NotHttp",
    "404": "WrongSecret",
    "408": "SlowBody",
    "413": "LongBody",
    "429": "TooManyWrongSecrets",
}
"""Answers of the receiver that are the same for all endpoints, by their names in the document."""
_NOWHERE: Final = ("503", "Unpersisted")


class Described(NamedTuple):
    """A dialect with an endpoint's answers, and whose endpoints have them."""

    dialect: Dialect
    providers: Sequence[str] = ()


def path_of(dialect: Dialect) -> str:
    """The key of its path item."""
    return f"/{{secret}}{dialect.path}"


def paths_of(
    described: Iterable[Described], shared: Mapping[str, Any], others: Collection[str] = ()
) -> dict[str, Any]:
    """The path items, where `shared` are the document's responses. A path that is there already, or
    one of `others`, has a number as its fragment, which no URL sends: only the secret tells them
    apart. Raises `ValueError` for a dialect of which no example can be made."""
    paths: dict[str, Any] = {}
    for number, one in enumerate(described, 1):
        path = path_of(one.dialect)
        suffix = f"#{number}" if path in paths or path in others else ""
        operation = _operation(one, shared)
        operation["operationId"] += suffix.replace("#", "-")
        paths[path + suffix] = {
            "parameters": _path_parameters(one.dialect),
            one.dialect.method.lower(): operation,
        }
    return paths


def _path_parameters(dialect: Dialect) -> list[dict[str, Any]]:
    schema = request_schema(dialect)
    own = [_parameter(name, "path", schema, dialect) for name in path_names(dialect)]
    return [{"$ref": "#/components/parameters/secret"}, *own]


def security_scheme(dialect: Dialect) -> dict[str, Any] | None:
    """Where OpenAPI has one for it; what is in the body or in the URL's path has none."""
    part, words = dialect.auth.part, str(dialect.auth)
    match part:
        case BasicAuth():
            return {"type": "http", "scheme": "basic", "description": words}
        case Header():
            words += f", after {part.prefix!r}" if part.prefix else ""
            return {"type": "apiKey", "in": "header", "name": part.name, "description": words}
        case Parameter():
            return {"type": "apiKey", "in": "query", "name": part.name, "description": words}
    return None


def security_schemes(dialects: Iterable[Dialect]) -> dict[str, Any]:
    """By dialect."""
    made = {dialect.name: security_scheme(dialect) for dialect in dialects}
    return {name: scheme for name, scheme in made.items() if scheme is not None}


def _operation(described: Described, shared: Mapping[str, Any]) -> dict[str, Any]:
    dialect = described.dialect
    schema = request_schema(dialect)
    answers = list(example_answers(dialect))
    whose = f" for {', '.join(described.providers)}" if described.providers else ""
    operation: dict[str, Any] = {
        "operationId": f"cancel-{dialect.name}",
        "tags": ["provider"],
        "summary": f"Cancel a bet ({dialect.name}){whose}",
        "description": _description(dialect, answers),
    }
    if dialect.auth.takes_keys and security_scheme(dialect) is not None:
        required: list[dict[str, Any]] = [{dialect.name: []}]
        operation["security"] = [*required, {}] if dialect.auth.is_optional else required
    in_path = path_names(dialect)
    if dialect.codec.in_query:
        names = [name for name in schema["properties"] if name not in in_path]
        operation["parameters"] = [_parameter(name, "query", schema, dialect) for name in names]
    else:
        operation["requestBody"] = _body(dialect, schema, in_path)
    operation["responses"] = _responses(dialect, answers, shared)
    return operation


def _description(dialect: Dialect, answers: Sequence[ExampleAnswer]) -> str:
    rows = [
        f"| {one.name} | {one.answer.status} | {one.answer.code} | {_MEANING[one.name]} | "
        f"{'yes' if one.answer.resent else 'no'} |"
        for one in answers
    ]
    also = ", unless the endpoint has no key" if dialect.auth.is_optional else ""
    return "\n".join(
        [
            "Idempotent: the same cancel again changes nothing. It is answered within",
            "`UNBET_ANSWER_DEADLINE_S`. A bet that comes after its cancel "
            + _LATE[dialect.late_bet],
            "by the operator. Any other method is answered 405 with "
            f"`Allow: {dialect.method}`, without a body.",
            "",
            f"Authentication: {dialect.auth}{also}.",
            "",
            f"| outcome | HTTP status | {dialect.code_field} | meaning | sent again |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _parameter(
    name: str, place: str, schema: Mapping[str, Any], dialect: Dialect
) -> dict[str, Any]:
    field = schema["properties"].get(name, {"type": "string"})
    return {
        "name": name,
        "in": place,
        "required": place == "path" or name in schema.get("required", ()),
        "schema": field,
        "example": example_document(dialect).get(name, name),
    }


def _body(dialect: Dialect, schema: dict[str, Any], in_path: Sequence[str]) -> dict[str, Any]:
    kept = {name: one for name, one in schema["properties"].items() if name not in in_path}
    required = [name for name in schema.get("required", ()) if name not in in_path]
    document = example_document(dialect)
    raw = request_of(dialect, document, None)
    value: Any = {name: one for name, one in document.items() if name not in in_path}
    whole = {**schema, "properties": kept, "required": required, "additionalProperties": True}
    if _is_xml(dialect.codec.request_type):
        value = raw.body.decode()
        whole["xml"] = {"name": _root(raw.body)}
    content = {"schema": whole, "example": value}
    return {
        "required": True,
        "description": f"{dialect.codec.name} in UTF-8, whatever the content type says, also none. "
        "Fields that are not named here are kept and change nothing.",
        "content": {dialect.codec.request_type: content},
    }


def _responses(
    dialect: Dialect, answers: Sequence[ExampleAnswer], shared: Mapping[str, Any]
) -> dict[str, Any]:
    by_status: dict[str, list[ExampleAnswer]] = defaultdict(list)
    for one in answers:
        # OpenAPI knows no status of more than three digits, or from 600.
        status = str(one.answer.status) if one.answer.status < 600 else "default"
        by_status[status].append(one)
    responses = {status: _response(dialect, ones) for status, ones in sorted(by_status.items())}
    others = dict(_SHARED) if dialect.unpersisted else dict([*_SHARED.items(), _NOWHERE])
    for status, name in others.items():
        if status not in responses:
            responses[status] = {"$ref": f"#/components/responses/{name}"}
            continue
        other = shared[name]
        mine = responses[status]
        mine["description"] = f"{mine['description']}. Or: {other['description']}"
        mine["content"] |= other.get("content", {})
    return responses


def _response(dialect: Dialect, answers: Sequence[ExampleAnswer]) -> dict[str, Any]:
    read = dialect.codec.read_answer
    documents = [read(body) for one in answers for body in one.bodies]
    schema = schema_of(documents, {dialect.code_field})
    content_type = dialect.codec.content_type.decode()
    if _is_xml(content_type):
        schema["xml"] = {"name": _root(answers[0].bodies[0])}
    examples = {one.name: {"value": _shown(dialect, one.bodies[0])} for one in answers}
    return {
        "description": ", ".join(one.name for one in answers),
        "content": {content_type: {"schema": schema, "examples": examples}},
    }


def _shown(dialect: Dialect, body: bytes) -> Any:
    is_json = dialect.codec.content_type == JSON.content_type
    return orjson.loads(body) if is_json else body.decode()


def _is_xml(content_type: str) -> bool:
    return content_type.partition(";")[0].endswith(("/xml", "+xml"))


def _root(body: bytes) -> str:
    after = body.decode().rpartition("?>")[2].strip()
    return after.removeprefix("<").replace("/", " ").replace(">", " ").split()[0]
