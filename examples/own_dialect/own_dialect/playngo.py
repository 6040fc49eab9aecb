"""Play'n GO's cancelReserve, for Unbet's receivers (PROVIDERS, 13: two implementations).

What they agree on: XML, a shared secret in it, success for an unknown bet with an empty id, and the
earlier id for a repeated cancel. Assumed: an HTTP status of 503 has it sent again, and a settled
bet gets the general error, so that nobody takes its stake for returned.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field

from unbet.core.fields import Currency, Reference, UserId
from unbet.core.outcomes import Outcome
from unbet.dialects.answers import Answer, AnswerContext
from unbet.dialects.auth import Auth, Member
from unbet.dialects.codecs import SentAmount, xml
from unbet.dialects.port import Dialect


class CancelReserve(BaseModel):
    """The provider's fields, as far as they are needed."""

    user_id: Annotated[UserId, Field(alias="externalId")]
    reference: Annotated[Reference, Field(alias="transactionId")]
    currency: Currency | None = None
    amount: Annotated[SentAmount, Field(alias="real")] = None


def _document(context: AnswerContext) -> Mapping[str, Any]:
    own = {} if context.answer.code else {"externalTransactionId": context.own_reference or ""}
    return {**own, "statusCode": context.answer.code}


_DONE: Final = Answer(0, "Done")
_OTHER: Final = 12

PLAYNGO: Final = Dialect(
    name="playngo",
    path="/cancelReserve",
    request=CancelReserve,
    document=_document,
    outcomes={
        Outcome.REVERSED: _DONE,
        Outcome.NO_BET: _DONE,
        Outcome.BET_REFUSED: _DONE,
        Outcome.SETTLED: Answer(_OTHER, "The bet is settled"),
        Outcome.MISMATCH: Answer(_OTHER, "It is another bet", resent=True, status=503),
        Outcome.CURRENCY_MISMATCH: Answer(_OTHER, "It is another bet", resent=True, status=503),
        Outcome.CLOSED: Answer(_OTHER, "Closed by the operator"),
        Outcome.PARKED: Answer(_OTHER, "Not decided yet", resent=True, status=503),
    },
    malformed=Answer(_OTHER, "Malformed"),
    not_allowed=Answer(_OTHER, "Not allowed", resent=True, status=503),
    wrong_signature=Answer(1, "The accessToken is wrong"),
    codec=xml("cancelReserve"),
    auth=Auth(Member("accessToken")),
    code_field="statusCode",
    example={
        "externalId": "{player}",
        "transactionId": "{reference}",
        "real": "{amount}",
        "currency": "{currency}",
    },
)
