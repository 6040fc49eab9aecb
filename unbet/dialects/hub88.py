"""Hub88, and Caleta, which differs in path and header (PROVIDERS, 9: Caleta's OpenAPI and Hub88's
list of statuses; on an unknown and on a settled bet two implementations disagree).

Neither currency nor amount is in a request: the bet's own are taken. Assumed: an unknown bet is a
success, as most answer; a settled one is refused for good, so that nobody takes its stake for
returned, although the status is called ROLLED_BACK. After a wrong signature Caleta sends no more:
an endpoint may answer RS_ERROR_UNKNOWN instead (`answers`), so that a mix-up of keys loses no
rollback.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, Field

from unbet.core.fields import NameIfAny, Reference, UserId
from unbet.core.outcomes import Outcome
from unbet.dialects.answers import Answer, AnswerContext
from unbet.dialects.auth import Auth, Header
from unbet.dialects.body import without_none
from unbet.dialects.codecs import units
from unbet.dialects.port import WRONG_SIGNATURE, Dialect
from unbet.dialects.schemes import RsaSha256

PLACES: Final = 5
"""One unit of the balance is a hundred thousandth of the currency's."""


def _not_empty(value: Any) -> Any:
    return None if value == "" else value


class Request(BaseModel):
    """The provider's fields, as far as they are needed."""

    user_id: Annotated[UserId | None, Field(alias="user"), BeforeValidator(_not_empty)] = None
    uuid: Annotated[NameIfAny, Field(alias="transaction_uuid")] = None
    reference: Annotated[Reference, Field(alias="reference_transaction_uuid")]


def _document(context: AnswerContext) -> Mapping[str, Any]:
    document = {
        "user": context.echo("user"),
        "status": context.answer.code,
        "request_uuid": context.echo("request_uuid"),
    }
    if context.answer.code == _OK.code and context.decision is not None:
        cash = context.cash
        document["currency"] = context.decision.currency
        document["balance"] = None if cash is None else units(cash, PLACES)
    return without_none(document)


_OK: Final = Answer("RS_OK", "")
_UNKNOWN: Final = Answer("RS_ERROR_UNKNOWN", "Not decided yet", resent=True)
_ROLLED_BACK: Final = Answer("RS_ERROR_TRANSACTION_ROLLED_BACK", "")
_NOT_THERE: Final = Answer("RS_ERROR_TRANSACTION_DOES_NOT_EXIST", "")
_NO_BETS: Final = (_OK, _NOT_THERE)
_WRONG_SIGNATURE: Final = Answer("RS_ERROR_INVALID_SIGNATURE", "")

HUB88: Final = Dialect(
    name="hub88",
    path="/transaction/rollback",
    request=Request,
    document=_document,
    outcomes={
        Outcome.REVERSED: _OK,
        Outcome.NO_BET: _OK,
        Outcome.BET_REFUSED: _OK,
        Outcome.SETTLED: _ROLLED_BACK,
        Outcome.MISMATCH: _UNKNOWN,
        Outcome.CURRENCY_MISMATCH: _UNKNOWN,
        Outcome.CLOSED: _ROLLED_BACK,
        Outcome.PARKED: _UNKNOWN,
    },
    malformed=Answer("RS_ERROR_WRONG_SYNTAX", "", resent=True),
    not_allowed=_UNKNOWN,
    wrong_signature=_WRONG_SIGNATURE,
    unpersisted=_UNKNOWN,
    choices={
        Outcome.SETTLED: (_ROLLED_BACK, _OK),
        Outcome.NO_BET: _NO_BETS,
        Outcome.BET_REFUSED: _NO_BETS,
        WRONG_SIGNATURE: (_WRONG_SIGNATURE, _UNKNOWN),
    },
    auth=Auth(Header("X-Hub88-Signature"), RsaSha256()),
    needs_cash=True,
    code_field="status",
    example={
        "user": "{player}",
        "token": "session-1",
        "transaction_uuid": "{request}",
        "reference_transaction_uuid": "{reference}",
        "request_uuid": "{request}",
        "round": "round-1",
        "round_closed": True,
        "game_code": "game",
    },
)

CALETA: Final = replace(
    HUB88,
    name="caleta",
    path="/wallet/rollback",
    auth=Auth(Header("X-Auth-Signature"), RsaSha256()),
)
