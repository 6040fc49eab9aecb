"""Pragmatic Play (PROVIDERS, 11: two implementations; its own specification was not readable).

A form without a currency, and not always with an amount. Assumed: the amount is the bet's stake; a
settled bet is refused for good (120), so that nobody takes its stake for returned; what does not
fit the bet is sent again (100), so that it can be put right meanwhile. `providerId` is not looked
at: the endpoint says whose the bet is, and the studio may have another name. Not known is whether
empty fields are a part of what is hashed: a hash is right with and without them. After a wrong hash
nothing is sent again: an endpoint may answer 100 instead (`answers`), so that a mix-up of keys
loses no refund.
"""

from typing import Annotated, Final

from pydantic import BaseModel, Field

from unbet.core.fields import Reference, UserId
from unbet.core.outcomes import Outcome
from unbet.dialects.answers import CODE, DESCRIPTION, OWN_REFERENCE, Answer
from unbet.dialects.auth import Auth, Member, sorted_pairs
from unbet.dialects.codecs import SentAmount, form
from unbet.dialects.port import WRONG_SIGNATURE, Dialect
from unbet.dialects.schemes import DigestWithKey


class Request(BaseModel):
    """The provider's fields, as far as they are needed."""

    user_id: Annotated[UserId, Field(alias="userId")]
    reference: Reference
    amount: SentAmount = None


_SUCCESS: Final = Answer(0, "Success")
_WRONG_HASH: Final = Answer(5, "The hash is wrong")
_SETTLED: Final = Answer(120, "The bet is settled")
_NO_BETS: Final = (_SUCCESS, Answer(120, "There is no such bet"))

PRAGMATIC: Final = Dialect(
    name="pragmatic",
    path="/refund",
    request=Request,
    document={"transactionId": OWN_REFERENCE, "error": CODE, "description": DESCRIPTION},
    outcomes={
        Outcome.REVERSED: _SUCCESS,
        Outcome.NO_BET: _SUCCESS,
        Outcome.BET_REFUSED: _SUCCESS,
        Outcome.SETTLED: _SETTLED,
        Outcome.MISMATCH: Answer(100, "userId is not the bet's", resent=True),
        Outcome.CURRENCY_MISMATCH: Answer(100, "The bet is in another currency", resent=True),
        Outcome.AMOUNT_MISMATCH: Answer(100, "amount is not the bet's", resent=True),
        Outcome.CLOSED: Answer(120, "Closed by the operator"),
        Outcome.PARKED: Answer(100, "Not decided yet, please retry", resent=True),
    },
    malformed=Answer(7, "Bad parameters"),
    not_allowed=Answer(100, "The sender's address is not allowed", resent=True),
    wrong_signature=_WRONG_HASH,
    choices={
        Outcome.SETTLED: (_SETTLED, _SUCCESS),
        Outcome.NO_BET: _NO_BETS,
        Outcome.BET_REFUSED: _NO_BETS,
        WRONG_SIGNATURE: (_WRONG_HASH, Answer(100, _WRONG_HASH.description, resent=True)),
    },
    codec=form(Request),
    auth=Auth(
        Member("hash"),
        DigestWithKey("md5"),
        sorted_pairs(without="hash"),
        or_content=sorted_pairs(without="hash", with_empty=False),
    ),
    example={
        "userId": "{player}",
        "providerId": "{provider}",
        "gameId": "game",
        "roundId": "round-1",
        "reference": "{reference}",
        "amount": "{amount}",
    },
)
