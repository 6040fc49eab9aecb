"""The JSON schemas of bodies and answers, made of the values that the code reads and writes."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from unbet.core.fields import PLAIN_DECIMAL
from unbet.ledger_api.operations import OPERATIONS, BalanceQuestion
from unbet.ledger_api.problems import MAX_ERRORS, MAX_NAME_LENGTH, Problem
from unbet.wallets.ledger import Balance, Refusal, Status

_FIELDS: Final[Mapping[str, str]] = {
    "user_id": "The player.",
    "currency": "Three or four letters or digits; the case counts.",
    "amount": "In units of the currency, at most 20 digits before the point and 18 after it.",
    "provider": "The provider's id, as the ledger's keys spell it.",
    "reference": "What the operation is known by, unique for ever.",
    "bet_reference": "The bet's.",
    "round_id": "The bet's round, as the provider's cancels of rounds name it.",
    "stake_order": "Which balance pays first; what it does not hold, the other one pays.",
    "direction": "Whether the player gets the amount, or it is taken from them.",
    "reason": "Why, for the record.",
    "made_by": "The name of the person who does it.",
    "balance_type": "Which of the player's balances.",
}
# The code reads ASCII only; in a schema `\d` may be more.
_DIGITS: Final = PLAIN_DECIMAL.replace(r"\d", "[0-9]")
_AMOUNT: Final = {"type": "string", "pattern": r"^[0-9]+\.[0-9]{2,18}$"}


def schemas() -> dict[str, Any]:
    """By name."""
    return {
        **{operation.name: schema_of(operation.kind) for operation in OPERATIONS},
        "result": _result(),
        "balance": _balance(),
        "problem": _problem(),
    }


def reference_to(schema: str) -> dict[str, str]:
    """Where the document has it."""
    return {"$ref": f"#/components/schemas/{schema}"}


def schema_of(kind: type[BaseModel]) -> dict[str, Any]:
    """Of a body, complete in itself."""
    made = kind.model_json_schema(schema_generator=_Schema)
    shared = made.pop("$defs", {})
    for name, field in made["properties"].items():
        words = shared[field.pop("$ref").rpartition("/")[2]] if "$ref" in field else {}
        field.update({key: words[key] for key in ("type", "enum") if key in words})
        field.pop("title", None)
        field["description"] = _FIELDS[name]
        if any(hasattr(limit, "gt") for limit in kind.model_fields[name].metadata):
            field["pattern"] = rf"^(?!0+(\.0+)?$){_DIGITS}$"
    return {key: made[key] for key in ("type", "additionalProperties", "properties", "required")}


class _Schema(GenerateJsonSchema):
    """Amounts are text."""

    def decimal_schema(self, _schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        return {"type": "string", "pattern": f"^{_DIGITS}$"}


def _result() -> dict[str, Any]:
    return _object(
        status={"enum": [Status.DONE, Status.REFUSED]},
        replayed={
            "type": "boolean",
            "description": "It was decided before: this is that decision, and nothing changed now.",
        },
        refusal={"enum": list(Refusal), "description": "Why, if the status is `refused`."},
        required=["status", "replayed"],
    )


def _balance() -> dict[str, Any]:
    amounts: dict[str, Any] = dict.fromkeys(Balance.model_fields, _AMOUNT)
    return _object(**schema_of(BalanceQuestion)["properties"], **amounts)


def _problem() -> dict[str, Any]:
    # A character of a name that is no Unicode text is told by six.
    field = {"type": "string", "maxLength": 6 * MAX_NAME_LENGTH}
    error = _object(field=field, problem={"type": "string"})
    return _object(
        type={"enum": [problem.uri for problem in Problem]},
        title={"type": "string"},
        status={"type": "integer"},
        detail={"type": "string"},
        errors={"type": "array", "items": error, "minItems": 1, "maxItems": MAX_ERRORS},
        required=["type", "title", "status", "detail"],
    )


def _object(*, required: list[str] | None = None, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": required or list(properties),
    }
