"""The dialects as the provider's documents have them (PROTOCOL, "The call", "Codes", "Later
dialect"). They do not come from the receiver, because they judge it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

DialectName = Literal["lucky-monaco-v4", "lucky-monaco-v1"]

SUCCESS: Final = 0
"""In every dialect."""


@dataclass(frozen=True)
class Dialect:
    """What is sent where, and what the answers mean."""

    name: DialectName
    path: str
    """After the URL that the operator tells."""
    fields: Mapping[str, int | None]
    """The required fields and how many characters of each are tolerated; None where the documents
    do not say."""
    answer: frozenset[str]
    """The fields of the answer to a cancelled bet."""
    repeats: frozenset[str]
    """Those of them that every success has, as they were sent."""
    funds: int
    """The code for a bet of more than there is; nothing is retransmitted after it."""
    parameters: frozenset[int]
    """The codes for bad parameters."""
    currency: int
    """The code for another currency than the bet's."""
    credentials: int
    """The code for a caller who may not call."""
    frozen: int
    """The code for a bet of a frozen player."""
    retry: int
    """Never wrong, only late: the call is to be made again."""
    refused: int
    """The code for a refusal after which nothing is retransmitted."""

    @property
    def stops(self) -> frozenset[int]:
        """Nothing is retransmitted after these."""
        return frozenset({SUCCESS, self.funds, self.refused})

    @property
    def names_rounds(self) -> bool:
        """Whether a Cancel has a `roundId`."""
        return "roundId" in self.fields


_FIELDS: Final = {
    "userId": 32,
    "providerId": 32,
    "gameName": 32,
    "gameId": 32,
    "currency": 4,
    "reference": 36,
    "uuid": 36,
    "sessionId": 256,
}

V4: Final = Dialect(
    name="lucky-monaco-v4",
    path="/V4/Cancel",
    fields=_FIELDS,
    answer=frozenset({"error", "description", "reference"}),
    repeats=frozenset({"reference"}),
    funds=1,
    parameters=frozenset({7}),
    currency=2,
    credentials=4,
    frozen=6,
    retry=100,
    refused=120,
)

V1: Final = Dialect(
    name="lucky-monaco-v1",
    path="/v1/Cancel",
    fields=_FIELDS | {"roundId": None},
    answer=frozenset({"error", "description", "currency", "cash", "transactionId"}),
    repeats=frozenset({"currency"}),
    funds=15,
    parameters=frozenset({21, 57}),
    currency=52,
    credentials=54,
    frozen=56,
    retry=998,
    refused=999,
)

DIALECTS: Final[Mapping[str, Dialect]] = {dialect.name: dialect for dialect in (V4, V1)}
