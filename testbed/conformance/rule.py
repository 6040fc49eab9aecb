"""A rule of the protocol: where it comes from, and its exchanges with the endpoint."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from testbed import rules
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

MAX_SHOWN: Final = 300
"""Characters of a body; some are made to be long."""

Rule: TypeAlias = rules.Rule["Play", Awaitable[None]]


class Rules(rules.Rules["Play", Awaitable[None]]):
    """Those of this kit."""


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
