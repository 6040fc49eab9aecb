"""The provider's messages (PROTOCOL, "The call")."""

import json
from decimal import Decimal
from typing import Literal, NamedTuple, cast

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


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
    """One Cancel; its `uuid` stays the same when it is retransmitted."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)

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
        dumped = self.model_dump(exclude={"kind"}, exclude_none=True, by_alias=True)
        return cast(dict[str, str], dumped)

    def body(self) -> bytes:
        """The JSON that travels."""
        return json.dumps(self.fields()).encode()
