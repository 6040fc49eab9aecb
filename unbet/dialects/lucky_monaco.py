"""Lucky Monaco: its dialects, V4 and V1 (PROTOCOL, "The call", "Codes")."""

from operator import attrgetter
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict

from unbet.core.fields import Currency, ProviderId, Reference, UserId, text
from unbet.core.outcomes import Outcome
from unbet.dialects.port import Answer, AnswerContext, Dialect, Field


class Request(BaseModel):
    """The provider's fields, valid."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    user_id: UserId
    provider_id: ProviderId
    game_name: Annotated[str, text(32)]
    game_id: Annotated[str, text(32)]
    currency: Currency
    reference: Reference
    uuid: Annotated[str, text(36)]
    session_id: Annotated[str, text(256)]


class RoundRequest(Request):
    """Later dialects name the round."""

    round_id: Annotated[str, text(256)]


_CODE: Final[Field] = attrgetter("answer.code")
_DESCRIPTION: Final[Field] = attrgetter("answer.description")
_REFERENCE: Final[Field] = attrgetter("reference")


def _decided(name: str, form: str = "") -> Field:
    """A field of the decision as text; None where there is none."""

    def field(context: AnswerContext) -> str | None:
        value = getattr(context.decision, name, None)
        return None if value is None else format(value, form)

    return field


_SUCCESS: Final = dict.fromkeys(
    (Outcome.REVERSED, Outcome.NO_BET, Outcome.BET_REFUSED), Answer(0, "Success")
)

_FIELDS: Final = {
    "userId": "user_id",
    "providerId": "provider_id",
    "gameName": "game_name",
    "gameId": "game_id",
    "currency": "currency",
    "reference": "reference",
    "uuid": "uuid",
    "sessionId": "session_id",
}

OTHER_SPELLING: Final = "gamename"
"""The seed's table says `gamename`, its example `gameName`."""

_SPELLINGS: Final = {OTHER_SPELLING: "gameName"}

V4: Final = Dialect(
    name="lucky-monaco-v4",
    path="/V4/Cancel",
    request=Request,
    fields=_FIELDS,
    shape={"error": _CODE, "description": _DESCRIPTION, "reference": _REFERENCE},
    outcomes={
        **_SUCCESS,
        Outcome.SETTLED: Answer(120, "The bet is settled"),
        Outcome.MISMATCH: Answer(7, "userId is not the bet's"),
        Outcome.CURRENCY_MISMATCH: Answer(2, "currency is not the bet's"),
        Outcome.CLOSED: Answer(120, "Closed by the operator"),
        Outcome.PARKED: Answer(100, "Not decided yet, please retry"),
    },
    bad_parameters=7,
    not_allowed=Answer(4, "Wrong credentials"),
    spellings=_SPELLINGS,
)

V1: Final = Dialect(
    name="lucky-monaco-v1",
    path="/v1/Cancel",
    request=RoundRequest,
    fields=_FIELDS | {"roundId": "round_id"},
    shape={
        "error": _CODE,
        "description": _DESCRIPTION,
        "currency": _decided("currency"),
        "cash": _decided("cash", "f"),
        "transactionId": _decided("transfer_id"),
    },
    outcomes={
        **_SUCCESS,
        Outcome.SETTLED: Answer(999, "The bet is settled"),
        Outcome.MISMATCH: Answer(57, "userId is not the bet's"),
        Outcome.CURRENCY_MISMATCH: Answer(52, "currency is not the bet's"),
        Outcome.CLOSED: Answer(999, "Closed by the operator"),
        Outcome.PARKED: Answer(998, "Not decided yet, please retry"),
    },
    bad_parameters=57,
    not_allowed=Answer(54, "Wrong credentials"),
    spellings=_SPELLINGS,
)

EXAMPLE: Final = {
    "providerId": "LuckyMonaco",
    "userId": "123456",
    "sessionId": "<sessionId>",
    "currency": "USD",
    "gameId": "Im_60_tumblefortune",
    "gameName": "tumblefortune",
    "reference": "585c1306f89c56f5ecfc2f5d",
    "uuid": "4a5d375ac1311b04fba2ea66d067b8e5",
}
"""The provider's own example, as its page has it."""
