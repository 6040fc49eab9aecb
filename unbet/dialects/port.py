"""What a provider's protocol is made of: each dialect is data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pydantic import BaseModel

from unbet.core.message import Decision
from unbet.core.outcomes import Outcome


class ParsedRequest(NamedTuple):
    """What every dialect's request says, valid: the fields of a `Cancel` that are its sender's."""

    reference: str
    player: str
    currency: str
    uuid: str
    body: str
    """As it was sent."""


class Answer(NamedTuple):
    """A code and its description."""

    code: int
    description: str


@dataclass(frozen=True)
class AnswerContext:
    """What an answer can be made of."""

    answer: Answer
    reference: str | None = None
    """As it was sent, and only if it was a valid one."""
    decision: Decision | None = None
    """None for a request that was refused."""


Field = Callable[[AnswerContext], object]
"""One field of the answer; None leaves it out. `body.render` puts them together."""


@dataclass(frozen=True)
class Dialect:
    """A form of requests and answers."""

    name: str
    path: str
    """After the secret."""
    request: type[BaseModel]
    """The required fields and their limits: `reference`, `user_id`, `currency`, `uuid` and, if the
    body names it, `provider_id`. What else there is only has to be valid."""
    fields: Mapping[str, str]
    """The names of the request's fields: theirs to ours."""
    shape: Mapping[str, Field]
    """The answer's fields, in order."""
    outcomes: Mapping[Outcome, Answer]
    bad_parameters: int
    """The code for a request of the wrong form."""
    not_allowed: Answer
    """For a sender whose address is not the provider's."""
    code_field: str = "error"
    """The answer's field that has the code."""
    spellings: Mapping[str, str] = field(default_factory=dict)
    """Other spellings that are taken for a name among `fields`."""

    def answer_of(self, outcome: Outcome) -> Answer:
        """The answer for an outcome."""
        return self.outcomes[outcome]

    def refusal(self, problem: str) -> Answer:
        """The answer for a body that is no valid Cancel."""
        return Answer(self.bad_parameters, problem)
