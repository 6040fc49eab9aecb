"""A rule that a kit tries, what it sends for it, and its result."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

Play = TypeVar("Play")
"""What a rule is played with."""
Played = TypeVar("Played", covariant=True)
"""None, or an awaitable of it."""
Made = TypeVar("Made")


class NotTriedError(Exception):
    """The rule cannot be played; the text says what is missing."""


class RuleStatus(StrEnum):
    """On one rule."""

    KEPT = "kept"
    BROKEN = "broken"
    NOT_TRIED = "not tried"


@dataclass(frozen=True)
class Rule(Generic[Play, Played]):
    """One rule; `play` sends what tries it and says what it finds wrong."""

    name: str
    source: str
    """Where it comes from."""
    sent: str
    """What is sent, in few words."""
    play: Callable[[Play], Played] = field(compare=False)
    needs_money: bool = False
    """It places bets between cancels, or its answers show nothing without the money."""


class Rules(list[Rule[Play, Played]]):
    """Rules in the order in which they are defined."""

    def __init__(self, *, needs_money: bool = False) -> None:
        super().__init__()
        self._needs_money = needs_money

    def rule(
        self, name: str, source: str, sent: str
    ) -> Callable[[Callable[[Play], Played]], Callable[[Play], Played]]:
        """Makes a rule of what tries it."""

        def add(play: Callable[[Play], Played]) -> Callable[[Play], Played]:
            self.append(Rule(name, source, sent, play, self._needs_money))
            return play

        return add

    def made(
        self, play: Callable[[Made, Play], Played], name: str, source: str, sent: str
    ) -> Callable[[Made], Made]:
        """Makes a rule of what `play` tries it with."""

        def add(make: Made) -> Made:
            self.rule(name, source, sent)(partial(play, make))
            return make

        return add


class Exchange(Protocol):
    """One request, and what came back."""

    @property
    def label(self) -> str:
        """What came back, in a word."""

    def as_document(self) -> dict[str, object]:
        """For JSON."""


@dataclass(frozen=True)
class Result:
    """What became of one rule."""

    rule: Rule[Any, Any]
    exchanges: Sequence[Exchange]
    faults: Sequence[str]
    """What was wrong, a sentence for each."""
    missing: str | None = None
    """Why it was not tried."""

    @property
    def status(self) -> RuleStatus:
        """A fault that was found counts, though the rule could not be played to its end."""
        if self.faults:
            return RuleStatus.BROKEN
        return RuleStatus.KEPT if self.missing is None else RuleStatus.NOT_TRIED
