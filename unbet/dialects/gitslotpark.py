"""GitSlotPark (PROVIDERS, 3: its own documentation).

Neither currency, amount nor round is in a request. Any HTTP status but 200 has it sent again: so is
answered what is not decided, and what does not fit the bet, so that it can be put right meanwhile.
Assumed: a settled bet gets the general error, so that nobody takes its stake for returned. A target
that is a win is an unknown bet: Unbet takes no win back. After a wrong sign nothing is sent again:
an endpoint may answer HTTP 500 instead (`answers`), so that a mix-up of keys loses no rollback.
"""

from decimal import Decimal
from typing import Annotated, Final

from pydantic import BaseModel, Field

from unbet.core.fields import Reference, RequestName, UserId
from unbet.core.outcomes import Outcome
from unbet.dialects.answers import CODE, DESCRIPTION, Answer, AnswerContext
from unbet.dialects.auth import Auth, Member, fields
from unbet.dialects.codecs import number
from unbet.dialects.port import WRONG_SIGNATURE, Dialect
from unbet.dialects.schemes import Hmac

PLACES: Final = 2
"""Of the balance."""


class Request(BaseModel):
    """The provider's fields, as far as they are needed."""

    user_id: Annotated[UserId, Field(alias="userID")]
    reference: Annotated[Reference, Field(alias="transactionID")]
    sign: RequestName


def _balance(context: AnswerContext) -> Decimal | None:
    return None if context.cash is None else number(context.cash, PLACES)


_NO_BET: Final = Answer(8, "There is no such bet")
_WRONG_SIGN: Final = Answer(3, "The sign is wrong")
_GENERAL_ERROR: Final = 1

GITSLOTPARK: Final = Dialect(
    name="gitslotpark",
    path="/RollbackTransaction",
    request=Request,
    document={"result": CODE, "message": DESCRIPTION, "balance": _balance},
    outcomes={
        Outcome.REVERSED: Answer(0, "Success"),
        Outcome.NO_BET: _NO_BET,
        Outcome.BET_REFUSED: _NO_BET,
        Outcome.SETTLED: Answer(_GENERAL_ERROR, "The bet is settled"),
        Outcome.MISMATCH: Answer(5, "The bet is another player's", resent=True, status=500),
        Outcome.CURRENCY_MISMATCH: Answer(
            _GENERAL_ERROR, "The bet is in another currency", resent=True, status=500
        ),
        Outcome.CLOSED: Answer(_GENERAL_ERROR, "Closed by the operator"),
        Outcome.PARKED: Answer(
            _GENERAL_ERROR, "Not decided yet, please retry", resent=True, status=500
        ),
    },
    repeated=Answer(9, "Rolled back before"),
    malformed=Answer(2, "Wrong parameters"),
    not_allowed=Answer(
        _GENERAL_ERROR, "The sender's address is not allowed", resent=True, status=500
    ),
    wrong_signature=_WRONG_SIGN,
    choices={
        WRONG_SIGNATURE: (
            _WRONG_SIGN,
            Answer(_GENERAL_ERROR, _WRONG_SIGN.description, resent=True, status=500),
        ),
    },
    auth=Auth(Member("sign"), Hmac(form="HEX"), fields("agentID", "userID", "transactionID")),
    needs_cash=True,
    code_field="result",
    example={
        "agentID": "agent",
        "userID": "{player}",
        "transactionID": "{reference}",
    },
)
