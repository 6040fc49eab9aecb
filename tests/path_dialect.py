"""A provider that names the player in the URL's path, and signs time, path and body."""

from typing import Annotated, Final

from pydantic import BaseModel, Field

from unbet.core.fields import Currency, Reference, UserId
from unbet.core.outcomes import Outcome
from unbet.dialects.answers import Answer, CancelRequest, Item
from unbet.dialects.auth import Auth, Header, Stamped
from unbet.dialects.port import Dialect
from unbet.dialects.schemes import Hmac


class Request(BaseModel):
    """`player` comes from the path."""

    player: UserId
    currency: Currency
    reference: Annotated[Reference, Field(alias="bet")]


def _read_request(request: Request) -> CancelRequest:
    return CancelRequest((Item(request.reference),), request.player, request.currency)


_DONE: Final = Answer(0, "")
_OTHER: Final = Answer(1, "")

PATH: Final = Dialect(
    name="path",
    path="/players/{player}/undo",
    request=Request,
    read_request=_read_request,
    document={"code": lambda context: context.answer.code},
    outcomes={
        Outcome.REVERSED: _DONE,
        Outcome.NO_BET: _DONE,
        Outcome.BET_REFUSED: _DONE,
        Outcome.SETTLED: _OTHER,
        Outcome.MISMATCH: _OTHER,
        Outcome.CURRENCY_MISMATCH: _OTHER,
        Outcome.CLOSED: _OTHER,
        Outcome.PARKED: Answer(2, "", resent=True),
    },
    malformed=Answer(3, ""),
    not_allowed=Answer(4, "", status=403),
    wrong_signature=Answer(5, "", status=401),
    auth=Auth(Header("X-Signature"), Hmac(), Stamped("X-Time")),
    code_field="code",
    example={"player": "{player}", "currency": "{currency}", "bet": "{reference}"},
)
