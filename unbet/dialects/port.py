"""What a provider's protocol is made of: how a request is read, and how an outcome is answered."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, NamedTuple

from pydantic import BaseModel

from unbet.core.message import Decision
from unbet.core.outcomes import MISMATCHES, Outcome
from unbet.dialects.auth import URL_SECRET, Auth
from unbet.dialects.codecs import JSON, Codec
from unbet.dialects.raw import Document

MAX_ITEMS: Final = 100
"""Bets in one request."""

MAX_ECHO_LENGTH: Final = 255
"""Characters of a value that an answer repeats."""

_SURROGATE: Final = re.compile("[\ud800-\udfff]")

REPEATED: Final = "repeated"
WRONG_SIGNATURE: Final = "wrong_signature"
"""Names of answers beside the outcomes'."""


class LateBet(StrEnum):
    """What the operator's Bet answers to a bet after its cancel; none is ever debited."""

    REFUSE = "refuse"
    ACCEPT = "accept"
    """As a bet that was taken: the provider counts on it."""


class Item(NamedTuple):
    """One bet that a request asks to cancel."""

    reference: str
    uuid: str | None = None
    """The provider's name for this; None if it has none."""


class Asked(NamedTuple):
    """What a valid request says, in our words. What it does not say is None."""

    items: Sequence[Item]
    """At least one; several are decided in one transaction."""
    player: str | None
    currency: str | None = None
    amount: Decimal | None = None
    """The bet's stake in units of the currency, if that is what the request means."""
    of_round: bool = False
    """The reference is that of a round: all its bets are asked for."""


class Answer(NamedTuple):
    """A code, its description, and what the provider does with it."""

    code: int | str
    description: str
    resent: bool = False
    """Whether the provider sends the request again after it."""
    status: int = 200
    """HTTP's."""


@dataclass(frozen=True)
class AnswerContext:
    """What an answer can be made of."""

    answer: Answer
    reference: str | None = None
    """As it was sent, and only if it was a valid one."""
    decision: Decision | None = None
    """The first one; None for a request that was refused."""
    decisions: Sequence[Decision] = ()
    """One for each of the request's bets, in their order; empty unless it asks for several."""
    document: Document = field(default_factory=dict)
    """What was sent, of whatever form, for what the answer repeats."""
    knows_players: bool = False
    """Whether the wallet is the one that has all players: one of whom it tells no cash has none."""

    @property
    def cash(self) -> Decimal | None:
        """The player's balance after the last of the decisions, in units of the currency; None if
        it is not known."""
        told = [each for each in self.decisions or (self.decision,) if each is not None]
        known = [(each.transfer_id or 0, each.cash) for each in told if each.cash is not None]
        if known:
            return max(known)[1]
        is_told = any(each.outcome not in MISMATCHES | {Outcome.PARKED} for each in told)
        return Decimal(0) if is_told and self.knows_players else None

    @property
    def own_reference(self) -> str | None:
        """Ours of the reversal, the same for each repetition; None if nothing was reversed."""
        number = None if self.decision is None else self.decision.transfer_id
        return None if number is None else str(number)

    def echo(self, name: str) -> str | None:
        """The text that was sent under `name`, if it was one: half a surrogate pair is none."""
        value = self.document.get(name)
        if not isinstance(value, str) or len(value) > MAX_ECHO_LENGTH:
            return None
        return None if _SURROGATE.search(value) else value


class TemporaryAnswerError(ValueError):
    """A dialect's answer to a cancel that is not decided yet would make the provider stop."""


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """A form of requests and answers. Raises `TemporaryAnswerError` for a final answer to a passing
    fault, and `ValueError` for an outcome without an answer."""

    name: str
    path: str
    """After the secret. A segment `{name}` is a value of the request."""
    request: type[BaseModel]
    """The request's fields by the provider's names, and their limits. What else there is is kept
    with the request and not looked at."""
    asks: Callable[[Any], Asked]
    """What a valid `request` asks for."""
    document: Callable[[AnswerContext], Any]
    """The answer, as `codec` writes it."""
    outcomes: Mapping[Outcome, Answer]
    """Each outcome's; that of `PARKED` has the provider send again. `AMOUNT_MISMATCH` may be left
    out: it has the answer of `MISMATCH` then."""
    malformed: Answer
    """To a request of the wrong form; its description is what was wrong."""
    not_allowed: Answer
    """For a sender whose address is not the provider's."""
    wrong_signature: Answer | None = None
    """For a request that its provider has not signed; `not_allowed` if there is no other."""
    repeated: Answer | None = None
    """For a reversal that an earlier request got, if that has an answer of its own."""
    unpersisted: Answer | None = None
    """For a cancel that is stored nowhere; if there is none, HTTP 503 without a body."""
    choices: Mapping[str, Sequence[Answer]] = field(default_factory=dict)
    """By outcome, `REPEATED` or `WRONG_SIGNATURE`: other answers that an endpoint may choose, by
    their codes."""
    method: str = "POST"
    codec: Codec = JSON
    auth: Auth = URL_SECRET
    late_bet: LateBet = LateBet.REFUSE
    needs_cash: bool = False
    """Whether a success without the player's balance is none."""
    spellings: Mapping[str, str] = field(default_factory=dict)
    """Other spellings that are taken for a name of the request."""
    code_field: str = "error"
    """The answer's field that has the code."""
    example: Mapping[str, Any] = field(default_factory=dict)
    """What a request says, but for its signature. Texts stand for what differs: `{reference}`,
    `{player}`, `{currency}`, `{provider}`, and `{request}`, the request's own name."""

    def __post_init__(self) -> None:
        missing = frozenset(Outcome) - {Outcome.AMOUNT_MISMATCH} - self.outcomes.keys()
        if missing:
            raise ValueError(f"{self.name}: no answer to {', '.join(sorted(missing))}")
        for what, answer in (
            ("parked", self.outcomes[Outcome.PARKED]),
            ("stored nowhere", self.unpersisted),
            *(("parked", answer) for answer in self.choices.get(Outcome.PARKED, ())),
        ):
            if answer is not None and not answer.resent:
                raise TemporaryAnswerError(
                    f"{self.name}: a cancel that is {what} is answered {answer.code}, and the "
                    "provider sends it no more"
                )

    def answer_of(self, outcome: Outcome, *, replayed: bool = False) -> Answer:
        """The answer for an outcome, or for one that an earlier request had."""
        if replayed and self.repeated is not None and outcome is Outcome.REVERSED:
            return self.repeated
        return self.outcomes.get(outcome) or self.outcomes[Outcome.MISMATCH]

    def answer_to(self, decisions: Sequence[Decision]) -> Answer:
        """The one answer for several bets: send again if that holds for one of them, else the first
        that is no success, else success."""
        answers = [self.answer_of(one.outcome, replayed=one.replayed) for one in decisions]
        done = (self.outcomes[Outcome.REVERSED], self.repeated)
        return min(answers, key=lambda answer: (not answer.resent, answer in done))

    def refusal(self, problem: str) -> Answer:
        """The answer for a request that is no valid Cancel."""
        return self.malformed._replace(description=problem)

    def choosing(self, chosen: Mapping[str, str]) -> "Dialect":
        """The dialect with other answers among its `choices`, each named by its code. Raises
        `ValueError` for what is none."""
        if not chosen:
            return self
        outcomes, repeated, wrong = dict(self.outcomes), self.repeated, self.wrong_signature
        for name, code in chosen.items():
            found = [each for each in self.choices.get(name, ()) if str(each.code) == code]
            if not found:
                known = ", ".join(str(each.code) for each in self.choices.get(name, ()))
                raise ValueError(
                    f"{self.name} answers {name} by no {code!r}; "
                    + (f"it may be {known}" if known else "there is no choice")
                )
            if name == REPEATED:
                repeated = found[0]
            elif name == WRONG_SIGNATURE:
                wrong = found[0]
            else:
                outcomes[Outcome(name)] = found[0]
        return replace(self, outcomes=outcomes, repeated=repeated, wrong_signature=wrong)
