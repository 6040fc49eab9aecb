"""What the provider sends, and how it reads an answer (PROTOCOL, "The call")."""

import json
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from ops.provider.connection import Response
from ops.provider.dialects import V4, Dialect

SUCCESS: Final = 0
FUNDS: Final = 1
CURRENCY: Final = 2
FROZEN: Final = 6
PARAMETERS: Final = 7
RETRY: Final = 100
"""Never wrong, only late: the call is to be made again."""
REFUSED: Final = 120
STOPS: Final = frozenset({SUCCESS, FUNDS, REFUSED})
"""Nothing is retransmitted after these (PROTOCOL, "Codes")."""


class Player(NamedTuple):
    """A player in the operator's naming, and the one currency in which they play."""

    user_id: str
    currency: str


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Bet(_Message):
    """A stake; sent again it has the same reference."""

    kind: Literal["bet"] = "bet"
    user_id: str
    currency: str
    amount: Decimal
    reference: str


class Win(_Message):
    """A bet's result. The provider's own examples give it the bet's reference."""

    kind: Literal["win"] = "win"
    reference: str
    amount: Decimal


class Cancel(_Message):
    """One Cancel; its `uuid` stays the same when it is retransmitted."""

    kind: Literal["cancel"] = "cancel"
    user_id: str
    provider_id: str
    game_name: str = "tumblefortune"
    game_id: str = "Im_60_tumblefortune"
    currency: str
    reference: str
    uuid: str
    session_id: str
    round_id: str | None = None
    """Only later dialects have it."""

    def fields(self) -> dict[str, str]:
        """What travels, by the provider's names."""
        fields = self.model_dump(exclude={"kind"}, exclude_none=True)
        return {to_camel(name): value for name, value in fields.items()}

    def body(self) -> bytes:
        """The JSON that travels."""
        return json.dumps(self.fields()).encode()


class Answer(NamedTuple):
    """What came back; `code` is None for a temporary error, which `text` describes."""

    code: int | None
    text: str
    status: int | None = None
    """HTTP's; None if nothing came back, or if it did not come by HTTP."""


def read_answer(response: Response, reference: str | None, dialect: Dialect = V4) -> Answer:
    """The answer to a Cancel of `reference`; None if it had none that could be repeated. Any status
    but 200 and any body of another form is a temporary error (PROTOCOL, "How the provider
    behaves")."""
    if response.status != 200:
        return Answer(None, f"HTTP {response.status}", response.status)
    try:
        document = json.loads(response.body)
    except (ValueError, RecursionError):
        document = None
    match document:
        # True is an int to Python, and no code.
        case {"error": bool()}:
            problem = "error is no number"
        case {"error": int(code), "description": str(text)}:
            if reference is None or "reference" not in dialect.answer:
                return Answer(code, text, response.status)
            # Only a request that was not understood is answered without its reference.
            if document.get("reference", reference if code else None) == reference:
                return Answer(code, text, response.status)
            problem = "the reference is not the one that was sent"
        case _:
            problem = "the body is not of the protocol's form"
    return Answer(None, f"{problem}: {_shown(response.body)}", response.status)


def _shown(body: bytes) -> str:
    text = body.decode(errors="replace")
    return repr(text if len(text) <= 100 else f"{text[:100]}…")
