"""The provider's messages, in no dialect's words."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict


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
    """A bet's result."""

    kind: Literal["win"] = "win"
    reference: str
    """The bet's."""
    amount: Decimal
    own_reference: str | None = None
    """The provider's own examples give a win the bet's; then this is None."""


class Cancel(_Message):
    """One Cancel; its `uuid` stays the same when it is retransmitted. Each dialect sends what it
    has a field for."""

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
    """Where the dialect names rounds."""
    amount: Decimal | None = None
    """The bet's."""
    others: tuple[str, ...] = ()
    """The further bets that the same request cancels, where it can."""

    def actions(self) -> Iterator[tuple[str, str]]:
        """Each bet's reference, after the provider's own name of its cancel."""
        yield self.uuid, self.reference
        for number, reference in enumerate(self.others, start=2):
            yield f"{self.uuid}-{number}", reference
