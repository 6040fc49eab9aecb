"""A rule of the protocol: where it comes from, and its exchanges with the endpoint."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from testbed import rules
from testbed.provider import Attempt, Dialect, LuckyMonaco

if TYPE_CHECKING:
    from testbed.conformance.play import Play

# Where rules come from: the chapters of PROTOCOL and DESIGN; in other dialects than Lucky Monaco's
# a chapter of PROVIDERS takes the place of PROTOCOL's.
CALL: Final = "PROTOCOL, The call"
BEHAVES: Final = "PROTOCOL, How the provider behaves"
CODES: Final = "PROTOCOL, Codes"
FIELD: Final = "PROTOCOL, What goes wrong in the field"
PATH: Final = "DESIGN, The path of one Cancel"
OUTCOMES: Final = "DESIGN, Outcomes and answers"

DOCUMENTED: Final = "PROTOCOL"
"""Replaced by the dialect's own."""

MAX_SHOWN: Final = 300
"""Characters of a body; some are made to be long."""

Fits = Callable[[Dialect], bool]
"""Whether a rule can be broken in a dialect."""


def everywhere(_dialect: Dialect) -> bool:
    """A rule of all dialects."""
    return True


def lucky_monaco(dialect: Dialect) -> bool:
    """A rule of that provider."""
    return isinstance(dialect, LuckyMonaco)


def elsewhere(dialect: Dialect) -> bool:
    """A rule of the other providers."""
    return not lucky_monaco(dialect)


@dataclass(frozen=True)
class Rule(rules.Rule["Play", Awaitable[None]]):
    """One of this kit."""

    fits: Fits = field(compare=False, default=everywhere)

    def of(self, dialect: Dialect) -> "Rule":
        """The same, from the dialect's own documents."""
        if lucky_monaco(dialect) or not self.source.startswith("PROTOCOL"):
            return self
        return replace(self, source=f"PROVIDERS, {dialect.title}")


class Rules(rules.Rules["Play", Awaitable[None]]):
    """Those of this kit; they fit all dialects if nothing else is said."""

    def __init__(self, fits: Fits = everywhere, *, needs_money: bool = False) -> None:
        super().__init__(needs_money=needs_money)
        self._fits = fits

    def rule(
        self, name: str, source: str, sent: str, fits: Fits | None = None
    ) -> Callable[["RulePlay"], "RulePlay"]:
        """As `rules.Rules`."""

        def add(play: "RulePlay") -> "RulePlay":
            self.append(Rule(name, source, sent, play, self._needs_money, fits or self._fits))
            return play

        return add

    def of(self, dialect: Dialect) -> list[Rule]:
        """Those that fit."""
        fitting = (rule for rule in self if isinstance(rule, Rule) and rule.fits(dialect))
        return [rule.of(dialect) for rule in fitting]


RulePlay = Callable[["Play"], Awaitable[None]]


@dataclass(frozen=True)
class Exchange:
    """One request, in words and as it went, and what came back."""

    sent: str
    body: bytes
    attempt: Attempt
    document: Mapping[str, object] | None
    """What the answer says, if it has the dialect's form."""

    @property
    def summary(self) -> str:
        """The answer, or what came instead of one."""
        code, text = self.attempt.code, self.attempt.text
        return text if code is None else f"{code} ({text})"

    @property
    def label(self) -> str:
        """As `rules.Exchange`."""
        return self.attempt.label

    def as_document(self) -> dict[str, object]:
        """As `rules.Exchange`."""
        return {
            "sent": self.sent,
            "body": self.body[:MAX_SHOWN].decode(errors="replace"),
            **self.attempt.model_dump(include={"status", "code", "text", "seconds"}),
        }
