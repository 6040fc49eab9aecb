"""What a request asks and what an answer is made of, in our words."""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from unbet.core.message import Decision
from unbet.core.outcomes import MISMATCHES, Outcome
from unbet.dialects.raw import Document

MAX_ECHO_LENGTH: Final = 255
"""Characters, or digits, of a value that an answer repeats."""

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class Item(NamedTuple):
    """One bet, or one round, that a request asks to cancel."""

    reference: str
    uuid: str | None = None
    """The provider's name for this; None if it has none."""
    of_round: bool = False
    """The reference is that of a round: all its bets are asked for."""


class CancelRequest(NamedTuple):
    """What a valid request says, in our words. What it does not say is None."""

    items: Sequence[Item]
    """At least one; several are decided in one transaction."""
    player: str | None
    currency: str | None = None
    amount: Decimal | None = None
    """The bet's stake in units of the currency, if that is what the request means."""


class Answer(NamedTuple):
    """A code, its description, and what the provider does with it."""

    code: int | str
    description: str
    resent: bool = False
    """Whether the provider sends the request again after it."""
    status: int = 200
    """The HTTP status."""


class AnswerContext(NamedTuple):
    """What an answer can be made of."""

    answer: Answer
    reference: str | None = None
    """As it was sent, and only if it was a valid one."""
    decision: Decision | None = None
    """The first one; None for a request that was refused."""
    decisions: Sequence[Decision] = ()
    """One for each of the request's bets, in their order."""
    document: Document = MappingProxyType({})
    """What was sent, of whatever form, for what the answer repeats."""
    knows_players: bool = False
    """Whether the wallet is the one that has all players: a player without a known balance has 0 in
    the decision's currency."""

    @property
    def cash(self) -> Decimal | None:
        """The player's balance after the last of the decisions, in units of the currency; None if
        it is not known."""
        decisions = [each for each in self.decisions or (self.decision,) if each is not None]
        known = [(each.transfer_id or 0, each.cash) for each in decisions if each.cash is not None]
        if known:
            return max(known)[1]
        # Who has several currencies has no balance, unless it is known which is meant.
        has_none = any(
            each.currency is not None and each.outcome not in MISMATCHES | {Outcome.PARKED}
            for each in decisions
        )
        return Decimal(0) if has_none and self.knows_players else None

    @property
    def own_reference(self) -> str | None:
        """Ours of the reversal, the same for each repetition; None if nothing was reversed."""
        return None if self.decision is None else own_reference_of(self.decision)

    def echo(self, name: str) -> str | int | None:
        """What was sent under `name`, as `repeatable` has it."""
        return repeatable(self.document.get(name))


def repeatable(value: Any) -> str | int | None:
    """`value` if it is a text or a whole number that an answer can repeat. Half a surrogate pair is
    no text: no answer has bytes for it."""
    if not isinstance(value, str | int) or len(str(value)) > MAX_ECHO_LENGTH:
        return None
    return None if isinstance(value, str) and _SURROGATE.search(value) else value


def own_reference_of(decision: Decision) -> str | None:
    """Ours of the reversal; None if nothing was reversed, whatever a wallet calls that."""
    if decision.outcome is not Outcome.REVERSED or decision.transfer_id is None:
        return None
    return str(decision.transfer_id)


Field = Callable[[AnswerContext], Any]
"""One field of an answer; None leaves it out."""

CODE: Final[Field] = attrgetter("answer.code")
DESCRIPTION: Final[Field] = attrgetter("answer.description")
REFERENCE: Final[Field] = attrgetter("reference")
OWN_REFERENCE: Final[Field] = attrgetter("own_reference")
