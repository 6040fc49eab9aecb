"""One thing that happened to a reference."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class EventKind(StrEnum):
    """What kind of thing; of several at the same moment, the earlier here comes first."""

    BET = "bet"
    """The stake was taken, or the bet refused."""
    REQUEST = "request"
    """A cancel came."""
    PARKED = "parked"
    """It was kept, to be decided later."""
    INTERVENTION = "intervention"
    """A person had it tried again, closed or reopened it."""
    DECISION = "decision"
    """It got its outcome."""
    MONEY = "money"
    """The stake was returned."""
    ANSWER = "answer"
    """The provider was answered."""
    LATE_BET = "late_bet"
    """The bet came after its cancel, and was refused."""
    WIN = "win"
    """A win was paid, or refused."""


class Event(NamedTuple):
    """What happened, in words."""

    at: datetime
    kind: EventKind
    title: str
    """A few words."""
    detail: str
    """The rest of what is known."""
