"""The dialects of the provider's protocol: each is data (PROTOCOL, "The call", "Codes")."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, NamedTuple

import orjson

from unbet.core.fields import text
from unbet.core.message import CancelRequest, Decision
from unbet.core.outcomes import Outcome
from unbet.runtime.endpoints import DialectName


class Answer(NamedTuple):
    """A code and its description."""

    code: int
    description: str


@dataclass(frozen=True)
class Said:
    """What an answer can be made of."""

    answer: Answer
    reference: str | None = None
    """As it was sent, and only if it was a valid one."""
    decision: Decision | None = None
    """None for a request that was refused."""


Field = Callable[[Said], object]
"""One field of the answer; None leaves it out."""


@dataclass(frozen=True)
class Dialect:
    """A form of requests and answers."""

    name: DialectName
    path: str
    """After the secret."""
    request: type[CancelRequest]
    """The required fields and their limits."""
    fields: Mapping[str, str]
    """The names of the request's fields: theirs to ours."""
    shape: Mapping[str, Field]
    """The answer's fields, in order."""
    outcomes: Mapping[Outcome, Answer]
    bad_parameters: int
    """The code for a request of the wrong form."""
    not_allowed: Answer
    """For a sender whose address is not the provider's."""

    def answer_of(self, outcome: Outcome) -> Answer:
        """The answer for an outcome."""
        return self.outcomes[outcome]

    def refusal(self, problem: str) -> Answer:
        """The answer for a body that is no valid Cancel."""
        return Answer(self.bad_parameters, problem)

    def body(self, said: Said) -> bytes:
        """The answer as the provider reads it."""
        values = {name: field(said) for name, field in self.shape.items()}
        return orjson.dumps({name: value for name, value in values.items() if value is not None})


class RoundRequest(CancelRequest):
    """Later dialects name the round."""

    round_id: Annotated[str, text(256)]


def _code(said: Said) -> object:
    return said.answer.code


def _description(said: Said) -> object:
    return said.answer.description


def _reference(said: Said) -> object:
    return said.reference


def _currency(said: Said) -> object:
    return said.decision and said.decision.currency


def _cash(said: Said) -> object:
    if said.decision is None or said.decision.cash is None:
        return None
    return format(said.decision.cash, "f")


def _transaction(said: Said) -> object:
    if said.decision is None or said.decision.transfer_id is None:
        return None
    return str(said.decision.transfer_id)


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

V4: Final = Dialect(
    name="lucky-monaco-v4",
    path="/V4/Cancel",
    request=CancelRequest,
    fields=_FIELDS,
    shape={"error": _code, "description": _description, "reference": _reference},
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
)

V1: Final = Dialect(
    name="lucky-monaco-v1",
    path="/v1/Cancel",
    request=RoundRequest,
    fields=_FIELDS | {"roundId": "round_id"},
    shape={
        "error": _code,
        "description": _description,
        "currency": _currency,
        "cash": _cash,
        "transactionId": _transaction,
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
)

DIALECTS: Final[Mapping[str, Dialect]] = {dialect.name: dialect for dialect in (V4, V1)}
