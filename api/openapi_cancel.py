"""What OpenAPI says of a Cancel: request and answers of a dialect, made from its data."""

import json
from collections.abc import Mapping
from decimal import Decimal
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter

from unbet.core.fields import PLAIN_DECIMAL, Currency, Reference
from unbet.core.message import Decision
from unbet.core.outcomes import Outcome
from unbet.dialects.body import OTHER_SPELLING, render
from unbet.dialects.lucky_monaco import EXAMPLE
from unbet.dialects.port import Answer, Dialect, Said

Schema = dict[str, Any]

_LATER_FIELDS: Final = {"roundId": "1", "bonusCode": ""}

_FIELD_NOTES: Final = {
    "userId": "the player, in the operator's own naming",
    "providerId": "the endpoint's provider; case says nothing",
    "gameName": f"the game; or as `{OTHER_SPELLING}`",
    "gameId": "the game's id",
    "currency": "ISO 4217; four characters are taken as well",
    "reference": "the transaction reference of the bet to cancel",
    "uuid": "identity of this request: the same one is a retransmission",
    "sessionId": "the session of the bet; it need not be the player's present one",
    "roundId": "the game's round",
}

_MEANINGS: Final[Mapping[Outcome, str]] = {
    Outcome.REVERSED: "the bet is cancelled, now or by an earlier request: the stake is given back",
    Outcome.NO_BET: "there is no such bet, and there will be none: it is refused if it still comes",
    Outcome.BET_REFUSED: "the bet was refused: there is nothing to give back",
    Outcome.SETTLED: "the bet has its result: too late to cancel",
    Outcome.MISMATCH: "the bet is another player's; the owner's own cancel still works",
    Outcome.CURRENCY_MISMATCH: "the bet is in another currency; the correct cancel still works",
    Outcome.CLOSED: "a person has closed the cancel: nothing is returned, do not send it again",
    Outcome.PARKED: "not decided in time, and kept: it is decided without another request",
}

_ANSWER_FIELDS: Final[Mapping[str, Schema]] = {
    "error": {"type": "integer"},
    "description": {"type": "string"},
    "reference": TypeAdapter(Reference).json_schema() | {"description": "as it was sent"},
    "currency": TypeAdapter(Currency).json_schema(),
    "cash": {
        "type": "string",
        "pattern": f"^{PLAIN_DECIMAL}$",
        "description": "the player's cash right after the decision; never a float",
    },
    "transactionId": {
        "type": "string",
        "pattern": r"^\d+$",
        "description": "the reversal's transfer",
    },
}


def request_schema(dialect: Dialect) -> Schema:
    """The form of a Cancel: valid by it is what the receiver accepts, but for what the
    description names."""
    model = dialect.request.model_json_schema()["properties"]
    properties = {
        theirs: {key: value for key, value in model[ours].items() if key != "title"}
        | {"description": _FIELD_NOTES[theirs]}
        for theirs, ours in dialect.fields.items()
    }
    spellings = [theirs for theirs, ours in dialect.fields.items() if ours == "game_name"]
    for name in spellings:
        properties[OTHER_SPELLING] = properties[name] | {
            "description": f"another spelling of `{name}`"
        }
    return {
        "type": "object",
        "description": "Unknown fields are accepted and change nothing. Refused although this "
        "schema cannot say so: a field that is given twice, the two spellings of the game's name "
        "with different values, half a surrogate pair, a number of thousands of digits, nesting "
        "thousands deep, and what is not UTF-8. `\\s` means Unicode's White_Space.",
        "properties": properties,
        "required": [name for name in dialect.fields if name not in spellings],
        "anyOf": [{"required": [name]} for name in (*spellings, OTHER_SPELLING)],
        "additionalProperties": True,
    }


def request_examples(dialect: Dialect) -> Schema:
    """The provider's example, and the same in the other forms that are accepted."""
    seed = {name: (EXAMPLE | _LATER_FIELDS)[name] for name in (*EXAMPLE, *dialect.fields)}
    other = {OTHER_SPELLING if name == "gameName" else name: seed[name] for name in seed}
    return {
        "provider": {"summary": "The provider's own example", "value": seed},
        "spelling": {"summary": f"With `{OTHER_SPELLING}`, as its table has it", "value": other},
        "later": {"summary": "With later versions' fields", "value": seed | _LATER_FIELDS},
    }


def answer_schema(dialect: Dialect) -> Schema:
    """The answers with status 200."""
    decided = [
        {"description": "; or ".join(_MEANINGS[outcome] for outcome in outcomes)}
        | _form(dialect, *(known(dialect, one) for one in outcomes for known in (_least, _most)))
        for outcomes in _by_answer(dialect)
    ]
    refused = dialect.refusal("")
    form = _form(dialect, Said(refused), Said(refused, EXAMPLE["reference"]))
    form["properties"]["description"] = {"type": "string", "minLength": 1}
    meaning = "the body is no valid Cancel; the description names the field. Nothing is changed"
    return {"anyOf": [*decided, {"description": meaning} | form]}


def refusal_schema(dialect: Dialect) -> Schema:
    """The answer with status 403."""
    return _form(dialect, Said(dialect.not_allowed))


def answer_examples(dialect: Dialect) -> Schema:
    """One of each outcome, and of a body that is refused."""
    refused = Said(dialect.refusal("uuid is missing"), EXAMPLE["reference"])
    said = {outcome.value: _most(dialect, outcome) for outcome in Outcome} | {"refused": refused}
    return {name: {"value": json.loads(render(dialect, one))} for name, one in said.items()}


def answer_table(dialect: Dialect) -> str:
    """All codes, their descriptions and what they mean, in Markdown."""
    rows = [
        (*dialect.answer_of(outcomes[0]), "; or ".join(_MEANINGS[one] for one in outcomes))
        for outcomes in _by_answer(dialect)
    ]
    bad = (dialect.bad_parameters, "names the field", "the body is no valid Cancel")
    lines = [f"| {code} | {said} | {meaning} |" for code, said, meaning in sorted([*rows, bad])]
    return "\n".join(["| error | description | meaning |", "|---|---|---|", *lines])


def _by_answer(dialect: Dialect) -> list[list[Outcome]]:
    """The outcomes in order, those together that are answered the same."""

    def answered(outcome: Outcome) -> Answer:
        return dialect.answer_of(outcome)

    return [list(group) for _, group in groupby(sorted(Outcome, key=answered), key=answered)]


def _form(dialect: Dialect, *said: Said) -> Schema:
    """The JSON that all of `said` is answered with: what they share is required."""
    bodies = [json.loads(render(dialect, one)) for one in said]
    names = {name: None for body in bodies for name in body}
    fixed: Schema = {
        "error": {"const": said[0].answer.code},
        "description": {"const": said[0].answer.description},
    }
    return {
        "type": "object",
        "properties": {name: _ANSWER_FIELDS[name] | fixed.get(name, {}) for name in names},
        "required": [name for name in names if all(name in body for body in bodies)],
        "additionalProperties": False,
    }


def _least(dialect: Dialect, outcome: Outcome) -> Said:
    """What is known at least: once decided, a currency, the bet's or the cancel's."""
    currency = None if outcome is Outcome.PARKED else EXAMPLE["currency"]
    return _said(dialect, outcome, currency=currency)


def _most(dialect: Dialect, outcome: Outcome) -> Said:
    """What is known at most: only the player's own cash is told, only a reversal has a transfer."""
    match outcome:
        case Outcome.PARKED | Outcome.MISMATCH | Outcome.CURRENCY_MISMATCH:
            return _least(dialect, outcome)
        case Outcome.REVERSED:
            known = {"cash": Decimal("100.00"), "transfer_id": 4711}
        case _:
            known = {"cash": Decimal("100.00")}
    return _said(dialect, outcome, currency=EXAMPLE["currency"], **known)


def _said(dialect: Dialect, outcome: Outcome, **known: Any) -> Said:
    decision = Decision(request_id=UUID(int=0), outcome=outcome, **known)
    return Said(dialect.answer_of(outcome), EXAMPLE["reference"], decision)
