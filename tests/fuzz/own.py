"""A dialect of the form that no provider's file needs yet, as an operator may write it: XML.

The dialect of `examples/own_dialect` would cover less. It neither requires a currency nor declares
its token as a field: of a body with two tokens it only says that the signature is wrong.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field

from unbet.core.fields import Currency, Reference, RequestName, UserId
from unbet.core.outcomes import Outcome
from unbet.dialects.answers import Answer, AnswerContext, CancelRequest, Item
from unbet.dialects.auth import Auth, Member
from unbet.dialects.codecs import SentAmount, xml
from unbet.dialects.port import Dialect


class XmlRequest(BaseModel):
    """Elements."""

    player: Annotated[UserId, Field(alias="externalId")]
    reference: Annotated[Reference, Field(alias="transactionId")]
    currency: Currency
    amount: Annotated[SentAmount, Field(alias="real")] = None
    token: Annotated[RequestName, Field(alias="accessToken")]


def _read_request(request: XmlRequest) -> CancelRequest:
    return CancelRequest(
        (Item(request.reference),), request.player, request.currency, request.amount
    )


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
    read_request=_read_request,
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
    example={
        "externalId": "{player}",
        "transactionId": "{reference}",
        "currency": "{currency}",
        "real": "{amount}",
    },
)
