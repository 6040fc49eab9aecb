"""Dialects of the two forms that no provider's file needs yet, as an operator may write them: a GET
with a query, and XML."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field

from unbet.core.fields import Amount, Currency, Reference, RequestName, UserId
from unbet.core.outcomes import Outcome
from unbet.dialects.answers import Answer, AnswerContext, Asked, Item
from unbet.dialects.auth import Auth, Header, Hmac, Member, sorted_values
from unbet.dialects.body import without_none
from unbet.dialects.codecs import QUERY, number, xml
from unbet.dialects.port import Dialect


class GetRequest(BaseModel):
    """Parameters of a URL."""

    player: Annotated[UserId, Field(alias="accountid")]
    reference: Annotated[Reference, Field(alias="transactionid")]
    session: Annotated[RequestName, Field(alias="gamesessionid")]
    amount: Annotated[Amount | None, Field(alias="rollbackAmount")] = None


def _asks_get(request: GetRequest) -> Asked:
    return Asked((Item(request.reference),), request.player, amount=request.amount)


def _get_answer(context: AnswerContext) -> Mapping[str, Any]:
    return without_none(
        {
            "code": context.answer.code,
            "status": context.answer.description,
            "accounttransactionid": context.own_reference,
            "balance": None if context.cash is None else number(context.cash, 2),
            "apiversion": context.echo("apiversion"),
        }
    )


_OK: Final = Answer(200, "Success")
_LATER: Final = Answer(1, "Technical error", resent=True)

GROOVE_LIKE: Final = Dialect(
    name="get-of-tests",
    path="/groove",
    request=GetRequest,
    asks=_asks_get,
    document=_get_answer,
    outcomes={
        Outcome.REVERSED: _OK,
        Outcome.NO_BET: Answer(102, "Wager not found"),
        Outcome.BET_REFUSED: Answer(102, "Wager not found"),
        Outcome.SETTLED: Answer(110, "Operation not allowed"),
        Outcome.MISMATCH: _LATER,
        Outcome.CURRENCY_MISMATCH: _LATER,
        Outcome.CLOSED: Answer(110, "Operation not allowed"),
        Outcome.PARKED: _LATER,
    },
    repeated=Answer(200, "Success - duplicate request"),
    malformed=Answer(110, "Bad request"),
    not_allowed=_LATER,
    method="GET",
    codec=QUERY,
    auth=Auth(
        Header("X-Groove-Signature"),
        Hmac(),
        sorted_values(without=("request",), sorted_as={"nogsgameid": "gameid"}),
        is_optional=True,
    ),
    code_field="code",
)


class XmlRequest(BaseModel):
    """Elements."""

    player: Annotated[UserId, Field(alias="externalId")]
    reference: Annotated[Reference, Field(alias="transactionId")]
    currency: Currency
    amount: Annotated[Amount | None, Field(alias="real")] = None
    token: Annotated[RequestName, Field(alias="accessToken")]


def _asks_xml(request: XmlRequest) -> Asked:
    return Asked((Item(request.reference),), request.player, request.currency, request.amount)


def _xml_answer(context: AnswerContext) -> Mapping[str, Any]:
    return {
        "externalTransactionId": context.own_reference or "",
        "statusCode": context.answer.code,
        "statusMessage": context.answer.description,
    }


_DONE: Final = Answer(0, "ok")
_OTHER: Final = Answer(12, "other", resent=True)

PLAYNGO_LIKE: Final = Dialect(
    name="xml-of-tests",
    path="/cancelReserve",
    request=XmlRequest,
    asks=_asks_xml,
    document=_xml_answer,
    outcomes={
        **dict.fromkeys((Outcome.REVERSED, Outcome.NO_BET, Outcome.BET_REFUSED), _DONE),
        Outcome.SETTLED: Answer(13, "settled"),
        Outcome.MISMATCH: _OTHER,
        Outcome.CURRENCY_MISMATCH: _OTHER,
        Outcome.CLOSED: Answer(13, "closed"),
        Outcome.PARKED: _OTHER,
    },
    malformed=Answer(14, "malformed"),
    not_allowed=_OTHER,
    wrong_signature=Answer(1, "no user"),
    codec=xml("cancelReserve"),
    auth=Auth(Member("accessToken")),
    code_field="statusCode",
)
