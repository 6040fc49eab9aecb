"""BGaming, and the studios behind the SoftSwiss aggregator (PROVIDERS, 10: two implementations and
a third party's scenarios agree; no document of the provider's own was read).

One request names several bets and is done as a whole. A bet that comes after its rollback is
answered as if it had been taken, and debits nothing. Assumed: a status of 500 has the request sent
again; `processed_at` is the time of the answer; the balance's minor units are those of ISO 4217,
and hundredths of a currency that is not there (crypto); a settled bet gets an error, so that nobody
takes its stake for returned (one implementation answers success: `answers`). The rollback of a win
is that of an unknown bet: Unbet takes no win back. After a wrong signature (403) nothing is sent
again: an endpoint may answer 500 instead (`answers`), so that a mix-up of keys loses no rollback.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from iso4217 import Currency as IsoCurrency
from pydantic import BaseModel, Field

from unbet.core.fields import Currency, NameIfAny, Reference, UserId
from unbet.core.outcomes import Outcome
from unbet.dialects.answers import (
    Answer,
    AnswerContext,
    CancelRequest,
    Item,
    own_reference_of,
    repeatable,
)
from unbet.dialects.auth import Auth, Header
from unbet.dialects.body import MAX_ITEMS, without_none
from unbet.dialects.codecs import units
from unbet.dialects.port import WRONG_SIGNATURE, Dialect, LateBet
from unbet.dialects.schemes import Hmac


class Action(BaseModel):
    """One bet to roll back."""

    action: Literal["rollback"]
    action_id: NameIfAny = None
    original_action_id: Reference


class Request(BaseModel):
    """The provider's fields, as far as they are needed."""

    user_id: UserId
    currency: Currency
    actions: Annotated[list[Action], Field(min_length=1, max_length=MAX_ITEMS)]


def _read_request(request: Request) -> CancelRequest:
    items = [Item(one.original_action_id, one.action_id) for one in request.actions]
    return CancelRequest(items, request.user_id, request.currency)


def _document(context: AnswerContext) -> Mapping[str, Any]:
    answer = context.answer
    if answer.status != 200:
        return {"code": answer.code, "message": answer.description}
    cash, currency = context.cash, context.echo("currency")
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    transactions = [
        without_none(
            {
                "action_id": repeatable(action.get("action_id")),
                # Empty where nothing was reversed.
                "tx_id": own_reference_of(decision) or "",
                "processed_at": now,
            }
        )
        for action, decision in zip(context.document["actions"], context.decisions, strict=True)
    ]
    balance = {} if cash is None else {"balance": units(cash, _places(currency))}
    game = {"game_id": game_id} if (game_id := context.echo("game_id")) else {}
    return {**balance, **game, "transactions": transactions}


def _places(currency: str | int | None) -> int:
    """Of the minor unit; 2 for what ISO 4217 does not list."""
    try:
        places = IsoCurrency(currency).exponent
    except ValueError:
        return 2
    return 2 if places is None else int(places)


_SUCCESS: Final = Answer(200, "")
_SETTLED: Final = Answer(400, "The bet is settled: nothing was returned", status=400)
_FORBIDDEN: Final = Answer(403, "Forbidden", status=403)
_LATER: Final = Answer(500, "Not decided yet, please retry", resent=True, status=500)

BGAMING: Final = Dialect(
    name="bgaming",
    path="/rollback",
    request=Request,
    read_request=_read_request,
    document=_document,
    outcomes={
        Outcome.REVERSED: _SUCCESS,
        Outcome.NO_BET: _SUCCESS,
        Outcome.BET_REFUSED: _SUCCESS,
        Outcome.SETTLED: _SETTLED,
        Outcome.MISMATCH: Answer(101, "The bet is another player's", status=400),
        Outcome.CURRENCY_MISMATCH: Answer(154, "The bet is in another currency", status=400),
        Outcome.BATCH_REFUSED: Answer(
            400, "Another bet cannot be rolled back: nothing was returned", status=400
        ),
        Outcome.CLOSED: Answer(400, "Closed by the operator", status=400),
        Outcome.PARKED: _LATER,
    },
    malformed=Answer(400, "Bad request", status=400),
    not_allowed=_LATER._replace(description="The sender's address is not allowed"),
    wrong_signature=_FORBIDDEN,
    choices={
        Outcome.SETTLED: (_SETTLED, _SUCCESS),
        WRONG_SIGNATURE: (_FORBIDDEN, _LATER._replace(description="The signature is wrong")),
    },
    auth=Auth(Header("X-REQUEST-SIGN"), Hmac()),
    late_bet=LateBet.ACCEPT,
    answers_each=True,
    needs_cash=True,
    code_field="code",
    example={
        "user_id": "{player}",
        "currency": "{currency}",
        "game": "provider:game",
        "game_id": "round-1",
        "finished": True,
        "actions": [
            {
                "action": "rollback",
                "action_id": "{request}",
                "original_action_id": "{reference}",
            }
        ],
    },
)
