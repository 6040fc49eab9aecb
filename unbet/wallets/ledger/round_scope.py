"""Which bets a cancel of a round is about. The operator's Bet imports it: nothing here needs more
than the package without its extras."""

from typing import Any, NamedTuple, Self

from sqlalchemy import Row

from unbet.core.message import Cancel
from unbet.core.older import fields_in


class Scope(NamedTuple):
    """Bets of a round, in the same words for a cancel and for what it has left."""

    provider: str
    round_id: str
    user_id: str
    """'': of all players."""
    currency: str
    """'': in all currencies."""

    @classmethod
    def of(cls, cancel: Cancel) -> Self:
        return cls(cancel.provider, cancel.reference, cancel.player or "", cancel.currency or "")

    @classmethod
    def of_closed(cls, provider: str, round_id: str, cancel: str) -> Self:
        """Of a parked `cancel` that a person has closed, also of one that cannot be read as a
        whole."""
        fields = fields_in(cancel)
        return cls(provider, round_id, fields.get("player") or "", fields.get("currency") or "")

    def has_round_of(self, other: Any) -> bool:
        return (other.provider, other.round_id) == self[:2]

    def has(self, bet: Row[Any]) -> bool:
        return self.has_round_of(bet) and self._fits(bet.user_id, bet.currency)

    def covers(self, other: "Scope") -> bool:
        """Whether it is about all that `other` is about."""
        return self.has_round_of(other) and self._fits(other.user_id, other.currency)

    def _fits(self, user_id: str, currency: str) -> bool:
        return self.user_id in ("", user_id) and self.currency in ("", currency)
