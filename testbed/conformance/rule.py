"""A rule of the protocol, its exchanges with the endpoint, and its result."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from testbed.provider import Attempt

if TYPE_CHECKING:
    from testbed.conformance.play import Play

# Where rules come from: the chapters of PROTOCOL and DESIGN.
CALL: Final = "PROTOCOL, The call"
BEHAVES: Final = "PROTOCOL, How the provider behaves"
CODES: Final = "PROTOCOL, Codes"
FIELD: Final = "PROTOCOL, What goes wrong in the field"
PATH: Final = "DESIGN, The path of one Cancel"
OUTCOMES: Final = "DESIGN, Outcomes and answers"

Tried = TypeVar("Tried", bound="Callable[[Play], Awaitable[None]]")
Made = TypeVar("Made")


class NotTriedError(Exception):
    """The rule cannot be played; the text says what is missing."""


class RuleStatus(StrEnum):
    """On one rule."""

    KEPT = "kept"
    BROKEN = "broken"
    NOT_TRIED = "not tried"


@dataclass(frozen=True)
class Rule:
    """One rule; `play` sends what tries it and says what it finds wrong."""

    name: str
    source: str
    """Where it comes from."""
    sent: str
    """What is sent, in few words."""
    play: Callable[["Play"], Awaitable[None]] = field(compare=False)
    needs_ledger: bool = False
    """It places bets between cancels, or its answers show nothing without the money."""


class Rules(list[Rule]):
    """Rules in the order in which they are defined."""

    def __init__(self, *, needs_ledger: bool = False) -> None:
        super().__init__()
        self._needs_ledger = needs_ledger

    def rule(self, name: str, source: str, sent: str) -> Callable[[Tried], Tried]:
        """Makes a rule of what tries it."""

        def add(play: Tried) -> Tried:
            self.append(Rule(name, source, sent, play, self._needs_ledger))
            return play

        return add

    def made(
        self, play: "Callable[[Made, Play], Awaitable[None]]", name: str, source: str, sent: str
    ) -> Callable[[Made], Made]:
        """Makes a rule of what `play` tries it with."""

        def add(make: Made) -> Made:
            self.rule(name, source, sent)(partial(play, make))
            return make

        return add


@dataclass(frozen=True)
class Exchange:
    """One request, in words and as it went, and what came back."""

    sent: str
    body: bytes
    attempt: Attempt
    document: Mapping[str, object] | None
    """The answer's JSON object, if that is what it was."""

    @property
    def summary(self) -> str:
        """The answer, or what came instead of one."""
        code, text = self.attempt.code, self.attempt.text
        return text if code is None else f"{code} ({text})"


@dataclass(frozen=True)
class Result:
    """What became of one rule."""

    rule: Rule
    exchanges: tuple[Exchange, ...]
    faults: tuple[str, ...]
    """What was wrong, a sentence for each."""
    missing: str | None = None
    """Why it was not tried."""

    @property
    def status(self) -> RuleStatus:
        """A fault that was found counts, though the rule could not be played to its end."""
        if self.faults:
            return RuleStatus.BROKEN
        return RuleStatus.KEPT if self.missing is None else RuleStatus.NOT_TRIED
