"""Lucky Monaco (PROTOCOL, "The call", "Codes", "Later dialect"): neither signature nor amount."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from testbed.provider.answers import Code
from testbed.provider.dialects.port import SUCCESS, Alter, Case, Dialect, Fields, Request, unaltered
from testbed.provider.messages import Cancel

AMOUNT: Final = re.compile(r"\d+(\.\d{1,18})?", re.ASCII)

_IS_RIGHT: Final[Mapping[str, Callable[[object], bool]]] = {
    "reference": lambda value: isinstance(value, str),
    "currency": lambda value: isinstance(value, str),
    "cash": lambda value: isinstance(value, str) and bool(AMOUNT.fullmatch(value)),
    "transactionId": lambda value: isinstance(value, str) and value != "",
}
"""The form of the fields besides `error` and `description`."""

_OWN: Final[Mapping[str, str]] = {
    "userId": "user_id",
    "providerId": "provider_id",
    "gameName": "game_name",
    "gameId": "game_id",
    "currency": "currency",
    "reference": "reference",
    "uuid": "uuid",
    "sessionId": "session_id",
    "roundId": "round_id",
}
"""The fields of a Cancel by the provider's names."""


@dataclass(frozen=True, kw_only=True)
class LuckyMonaco(Dialect):
    """What is sent where, and what the answers mean."""

    name: str
    path: str
    limits: Mapping[str, int | None]
    """The required fields and how many characters of each are tolerated; None where the documents
    do not say."""
    answer: frozenset[str]
    """The fields of the answer to a cancelled bet."""
    repeats: frozenset[str]
    """Those of them that every success has, as they were sent."""
    funds: int
    parameters: frozenset[int]
    """The codes for bad parameters."""
    mismatch: int
    """The code for another currency than the bet's."""
    credentials: int
    """The code for a caller who may not call."""
    frozen: int
    retry: int
    """Never wrong, only late: the call is to be made again."""
    refused: int

    title = "Lucky Monaco"
    reference = "reference"
    player = "userId"
    currency = "currency"
    session = "sessionId"
    needs_key = False
    any_case = True
    alike = True

    @property
    def allowed(self) -> Mapping[Case, frozenset[Code]]:  # type: ignore[override]
        """Every case but these does not happen."""
        success = frozenset({SUCCESS})
        return {
            Case.FIRST: success,
            Case.REPEATED: success,
            Case.UNKNOWN: success,
            Case.BET_REFUSED: success,
            Case.SETTLED: frozenset({self.refused}),
            Case.OTHER_PLAYER: self.parameters,
            Case.OTHER_CURRENCY: frozenset({self.mismatch}),
            Case.MALFORMED: self.parameters,
            Case.TEMPORARY: frozenset({self.retry}),
        }

    @property
    def stops(self) -> frozenset[Code]:  # type: ignore[override]
        """Two codes besides success."""
        return self.bet_stops

    @property
    def names_rounds(self) -> bool:  # type: ignore[override]
        """Only later versions do."""
        return "roundId" in self.limits

    def fields(self, cancel: Cancel) -> dict[str, Any]:
        """All are text."""
        named = {name: getattr(cancel, own) for name, own in _OWN.items()}
        return {name: value for name, value in named.items() if value is not None}

    def request(self, fields: Fields, key: str, alter: Alter = unaltered) -> Request:  # noqa: ARG002
        """Unsigned."""
        return Request(self.encode(fields))

    def raw(self, body: bytes, key: str) -> Request:  # noqa: ARG002
        """Unsigned."""
        return Request(body)

    def code_of(self, status: int, document: Fields) -> Code | None:
        """Any status but 200 is a temporary error (PROTOCOL, "How the provider behaves")."""
        match document:
            # True is an int to Python, and no code.
            case {"error": bool()}:
                return None
            case {"error": int(code), "description": str()} if status == 200:
                return code
        return None

    def text_of(self, document: Fields) -> str:
        return str(document["description"])

    def lasting(self, document: Fields) -> Sequence[object]:
        """All of it."""
        return [document]

    def fault_in(
        self, document: Fields, code: Code, asked: Fields, *, gives_back: bool
    ) -> str | None:
        """What is wrong with the fields besides `error` and `description`."""
        succeeded = code == SUCCESS
        # What was not understood cannot be repeated, and a refusal may name the bet's own currency.
        needed = self.answer if gives_back else self.repeats & asked.keys()
        repeated = self.repeats - (set() if succeeded else {"currency"})
        for name in sorted(self.answer & _IS_RIGHT.keys()):
            if name not in document:
                if succeeded and name in needed:
                    return f"{name} is missing"
            elif not _IS_RIGHT[name](document[name]):
                return f"{name} is of another form"
            elif name in repeated and document[name] != asked.get(name, document[name]):
                return f"{name} is not the one that was sent"
        return None


_LIMITS: Final = {
    "userId": 32,
    "providerId": 32,
    "gameName": 32,
    "gameId": 32,
    "currency": 4,
    "reference": 36,
    "uuid": 36,
    "sessionId": 256,
}

V4: Final = LuckyMonaco(
    name="lucky-monaco-v4",
    path="/V4/Cancel",
    limits=_LIMITS,
    answer=frozenset({"error", "description", "reference"}),
    repeats=frozenset({"reference"}),
    funds=1,
    parameters=frozenset({7}),
    mismatch=2,
    credentials=4,
    frozen=6,
    retry=100,
    refused=120,
)

V1: Final = LuckyMonaco(
    name="lucky-monaco-v1",
    path="/v1/Cancel",
    limits=_LIMITS | {"roundId": None},
    answer=frozenset({"error", "description", "currency", "cash", "transactionId"}),
    repeats=frozenset({"currency"}),
    funds=15,
    parameters=frozenset({21, 57}),
    mismatch=52,
    credentials=54,
    frozen=56,
    retry=998,
    refused=999,
)
