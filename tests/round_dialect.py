"""A provider that names bets or rounds, as AMB SuperAPI does (PROVIDERS, 15)."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field

from unbet.core.fields import Currency, Reference, RequestName, UserId
from unbet.core.outcomes import Outcome
from unbet.dialects.answers import Answer, AnswerContext, CancelRequest, Item
from unbet.dialects.port import Dialect


class Transaction(BaseModel):
    id: Reference
    round_id: Annotated[Reference, Field(alias="roundId")]
    kind: Annotated[Literal["BY_TRANSACTION", "BY_ROUND"], Field(alias="transactionType")]


class Request(BaseModel):
    id: RequestName
    currency: Currency
    username: UserId
    txns: Annotated[list[Transaction], Field(min_length=1)]


def _read_request(request: Request) -> CancelRequest:
    items = [
        Item(one.round_id, request.id, of_round=True)
        if one.kind == "BY_ROUND"
        else Item(one.id, request.id)
        for one in request.txns
    ]
    return CancelRequest(items, request.username, request.currency)


def _document(context: AnswerContext) -> Mapping[str, Any]:
    return {"statusCode": context.answer.code, "id": context.echo("id")}


_DONE: Final = Answer(0, "")
_OTHER: Final = Answer(20001, "")

ROUNDS: Final = Dialect(
    name="rounds",
    path="/cancelBets",
    request=Request,
    read_request=_read_request,
    document=_document,
    outcomes={
        Outcome.REVERSED: _DONE,
        Outcome.NO_BET: _OTHER,
        Outcome.BET_REFUSED: _OTHER,
        Outcome.SETTLED: _OTHER,
        Outcome.MISMATCH: _OTHER,
        Outcome.CURRENCY_MISMATCH: _OTHER,
        Outcome.CLOSED: _OTHER,
        Outcome.PARKED: Answer(50001, "", resent=True, status=500),
    },
    malformed=Answer(50001, "", status=400),
    not_allowed=Answer(30002, "", status=403),
    code_field="statusCode",
    example={
        "id": "{request}",
        "currency": "{currency}",
        "username": "{player}",
        "txns": [
            {"id": "{reference}", "roundId": "round-1", "transactionType": "BY_TRANSACTION"},
        ],
    },
)
