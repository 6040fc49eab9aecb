"""Evolution's One Wallet (PROVIDERS, 12: three implementations, and the document of a clone).

A repeated cancel has a status of its own, as has that of a settled bet. Assumed: `transaction.id`
is the cancel's own and `refId` the bet's, where implementations differ; a refused bet is none; what
does not fit the bet is a TEMPORARY_ERROR, so that it can be put right meanwhile. An expired `sid`
is accepted. After a wrong token nothing is sent again: an endpoint may answer TEMPORARY_ERROR
instead (`answers`), so that a mix-up of tokens loses no cancel.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field

from unbet.core.fields import Currency, NameIfAny, Reference, UserId
from unbet.core.outcomes import Outcome
from unbet.dialects.answers import Answer, AnswerContext, CancelRequest, Item
from unbet.dialects.auth import Auth, Parameter
from unbet.dialects.body import without_none
from unbet.dialects.codecs import SentAmount, number
from unbet.dialects.port import REPEATED, WRONG_SIGNATURE, Dialect

PLACES: Final = 6
"""Of an amount, at most."""


class Transaction(BaseModel):
    """The bet, and the cancel's own name."""

    id: NameIfAny = None
    reference: Annotated[Reference, Field(alias="refId")]
    amount: SentAmount = None


class Request(BaseModel):
    """The provider's fields, as far as they are needed."""

    user_id: Annotated[UserId, Field(alias="userId")]
    currency: Currency
    transaction: Transaction


def _read_request(request: Request) -> CancelRequest:
    transaction = request.transaction
    item = Item(transaction.reference, transaction.id)
    return CancelRequest([item], request.user_id, request.currency, transaction.amount)


def _document(context: AnswerContext) -> Mapping[str, Any]:
    decision, cash = context.decision, context.cash
    is_told = decision is not None and cash is not None
    return without_none(
        {
            "status": context.answer.code,
            "balance": number(cash, PLACES) if is_told and cash is not None else None,
            "bonus": 0 if is_told else None,
            "retransmission": decision.replayed if is_told and decision else None,
            "uuid": context.echo("uuid"),
        }
    )


_OK: Final = Answer("OK", "")
_SETTLED: Final = Answer("BET_ALREADY_SETTLED", "")
_NO_BET: Final = Answer("BET_DOES_NOT_EXIST", "")
_TEMPORARY: Final = Answer("TEMPORARY_ERROR", "", resent=True)
_FINAL: Final = Answer("FINAL_ERROR_ACTION_FAILED", "")
_WRONG_TOKEN: Final = Answer("INVALID_TOKEN_ID", "", status=401)
_MISMATCHES: Final = (_TEMPORARY, _FINAL)

EVOLUTION: Final = Dialect(
    name="evolution",
    path="/cancel",
    request=Request,
    read_request=_read_request,
    document=_document,
    outcomes={
        Outcome.REVERSED: _OK,
        Outcome.NO_BET: _NO_BET,
        Outcome.BET_REFUSED: _NO_BET,
        Outcome.SETTLED: _SETTLED,
        Outcome.MISMATCH: _TEMPORARY,
        Outcome.CURRENCY_MISMATCH: _TEMPORARY,
        Outcome.AMOUNT_MISMATCH: _TEMPORARY,
        Outcome.CLOSED: _FINAL,
        Outcome.PARKED: _TEMPORARY,
    },
    repeated=_SETTLED,
    malformed=Answer("INVALID_PARAMETER", "", status=400),
    not_allowed=_TEMPORARY,
    wrong_signature=_WRONG_TOKEN,
    choices={
        REPEATED: (_SETTLED, _OK),
        Outcome.NO_BET: (_NO_BET, _OK),
        Outcome.BET_REFUSED: (_NO_BET, _OK),
        Outcome.MISMATCH: _MISMATCHES,
        Outcome.CURRENCY_MISMATCH: _MISMATCHES,
        Outcome.AMOUNT_MISMATCH: _MISMATCHES,
        WRONG_SIGNATURE: (_WRONG_TOKEN, _TEMPORARY),
    },
    auth=Auth(Parameter("authToken")),
    needs_cash=True,
    code_field="status",
    example={
        "sid": "session-1",
        "userId": "{player}",
        "currency": "{currency}",
        "game": {"id": "round-1", "type": "roulette"},
        "transaction": {"id": "{request}", "refId": "{reference}", "amount": "{amount}"},
        "uuid": "{request}",
    },
)
