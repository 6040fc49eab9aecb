"""Lucky Monaco: its dialects, V4 and V1 (PROTOCOL, "The call", "Codes")."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from unbet.core.fields import Currency, ProviderId, text
from unbet.core.outcomes import Outcome
from unbet.dialects.answers import CODE, DESCRIPTION, REFERENCE, Answer, AnswerContext
from unbet.dialects.answers import Field as AnswerField
from unbet.dialects.port import Dialect


class Request(BaseModel):
    """The provider's fields, valid."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    user_id: Annotated[str, text(32), Field(alias="userId")]
    provider_id: Annotated[ProviderId, Field(alias="providerId")]
    game_name: Annotated[str, text(32), Field(alias="gameName")]
    game_id: Annotated[str, text(32), Field(alias="gameId")]
    currency: Currency
    reference: Annotated[str, text(36)]
    uuid: Annotated[str, text(36)]
    session_id: Annotated[str, text(256), Field(alias="sessionId")]


class RoundRequest(Request):
    """Later dialects name the round."""

    round_id: Annotated[str, text(256), Field(alias="roundId")]


def _decided(name: str, form: str = "") -> AnswerField:
    """A field of the decision as text; None where there is none."""

    def field(context: AnswerContext) -> str | None:
        value = getattr(context.decision, name, None)
        return None if value is None else format(value, form)

    return field


_SUCCESS: Final = dict.fromkeys(
    (Outcome.REVERSED, Outcome.NO_BET, Outcome.BET_REFUSED), Answer(0, "Success")
)

OTHER_SPELLING: Final = "gamename"
"""The seed's table says `gamename`, its example `gameName`."""

_SPELLINGS: Final = {OTHER_SPELLING: "gameName"}

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

_TEMPLATE: Final = EXAMPLE | {
    "providerId": "{provider}",
    "userId": "{player}",
    "currency": "{currency}",
    "reference": "{reference}",
    "uuid": "{request}",
}

V4: Final = Dialect(
    name="lucky-monaco-v4",
    path="/V4/Cancel",
    request=Request,
    document={"error": CODE, "description": DESCRIPTION, "reference": REFERENCE},
    outcomes={
        **_SUCCESS,
        Outcome.SETTLED: Answer(120, "The bet is settled"),
        Outcome.MISMATCH: Answer(7, "userId is not the bet's", resent=True),
        Outcome.CURRENCY_MISMATCH: Answer(2, "currency is not the bet's", resent=True),
        Outcome.CLOSED: Answer(120, "Closed by the operator"),
        Outcome.PARKED: Answer(100, "Not decided yet, please retry", resent=True),
    },
    malformed=Answer(7, "Bad parameters", resent=True),
    not_allowed=Answer(4, "Wrong credentials", resent=True, status=403),
    spellings=_SPELLINGS,
    example=_TEMPLATE,
)

V1: Final = Dialect(
    name="lucky-monaco-v1",
    path="/v1/Cancel",
    request=RoundRequest,
    document={
        "error": CODE,
        "description": DESCRIPTION,
        "currency": _decided("currency"),
        "cash": _decided("cash", "f"),
        "transactionId": _decided("transfer_id"),
    },
    outcomes={
        **_SUCCESS,
        Outcome.SETTLED: Answer(999, "The bet is settled"),
        Outcome.MISMATCH: Answer(57, "userId is not the bet's", resent=True),
        Outcome.CURRENCY_MISMATCH: Answer(52, "currency is not the bet's", resent=True),
        Outcome.CLOSED: Answer(999, "Closed by the operator"),
        Outcome.PARKED: Answer(998, "Not decided yet, please retry", resent=True),
    },
    malformed=Answer(57, "Bad parameters", resent=True),
    not_allowed=Answer(54, "Wrong credentials", resent=True, status=403),
    spellings=_SPELLINGS,
    example=_TEMPLATE | {"roundId": "round-1"},
)
