"""Groove (PROVIDERS, 5: its own documentation).

A GET, all of it in the query. All of Groove's calls come to one URL: only those with
`request=rollback` are for here. Neither currency nor a name of the request is sent; the session is
not looked at, because it may be over. Every code but 200 has it sent again, a settled or an unknown
bet's as well. Assumed: the signature is written in hex, and over the decoded values; a wrong one is
an internal error (1); a request of the wrong form has a parameter that does not match (400).
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field

from unbet.core.fields import Reference, UserId
from unbet.core.outcomes import Outcome
from unbet.dialects.answers import Answer, AnswerContext, CancelRequest, Item
from unbet.dialects.auth import Auth, Header, sorted_values
from unbet.dialects.body import without_none
from unbet.dialects.codecs import SentAmount, number, query
from unbet.dialects.port import Dialect
from unbet.dialects.schemes import Hmac

PLACES: Final = 10
"""Of an amount, at most."""
VERSION: Final = "1.2"
"""Of its interface, where a request names none."""


class Request(BaseModel):
    """The provider's fields, as far as they are needed."""

    request: Literal["rollback"]
    account_id: Annotated[UserId, Field(alias="accountid")]
    reference: Annotated[Reference, Field(alias="transactionid")]
    amount: Annotated[SentAmount, Field(alias="rollbackAmount")] = None


def _read_request(request: Request) -> CancelRequest:
    return CancelRequest([Item(request.reference)], request.account_id, amount=request.amount)


def _document(context: AnswerContext) -> Mapping[str, Any]:
    cash = context.cash
    return without_none(
        {
            "code": context.answer.code,
            "status": context.answer.description,
            "accounttransactionid": context.own_reference,
            "balance": None if cash is None else number(cash, PLACES),
            "bonus_balance": None if cash is None else 0,
            "apiversion": context.echo("apiversion") or VERSION,
        }
    )


_NO_BET: Final = Answer(102, "Wager not found", resent=True)
_LATER: Final = Answer(1, "Not decided yet, please retry", resent=True)

GROOVE: Final = Dialect(
    name="groove",
    path="/groove",
    request=Request,
    read_request=_read_request,
    document=_document,
    outcomes={
        Outcome.REVERSED: Answer(200, "Success"),
        Outcome.NO_BET: _NO_BET,
        Outcome.BET_REFUSED: _NO_BET,
        Outcome.SETTLED: Answer(110, "The bet is settled", resent=True),
        Outcome.MISMATCH: Answer(400, "transaction operator mismatch", resent=True),
        Outcome.CURRENCY_MISMATCH: Answer(400, "transaction parameter mismatch", resent=True),
        Outcome.AMOUNT_MISMATCH: Answer(400, "transaction parameter mismatch", resent=True),
        Outcome.CLOSED: Answer(110, "Closed by the operator", resent=True),
        Outcome.PARKED: _LATER,
    },
    repeated=Answer(200, "Success - duplicate request"),
    malformed=Answer(400, "transaction parameter mismatch", resent=True),
    not_allowed=Answer(1, "The sender's address is not allowed", resent=True),
    wrong_signature=Answer(1, "The signature is wrong", resent=True),
    unpersisted=_LATER,
    method="GET",
    codec=query(Request),
    auth=Auth(
        Header("X-Groove-Signature"),
        Hmac(),
        sorted_values(without=("request",), sorted_as={"nogsgameid": "gameid"}),
        is_optional=True,
    ),
    needs_cash=True,
    code_field="code",
    example={
        "request": "rollback",
        "accountid": "{player}",
        "gamesessionid": "session-1",
        "device": "desktop",
        "gameid": "game",
        "apiversion": VERSION,
        "transactionid": "{reference}",
        "roundid": "round-1",
        "rollbackAmount": "{amount}",
    },
)
