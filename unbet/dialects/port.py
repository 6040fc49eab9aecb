"""What a provider's protocol is made of: how a request is read, and how an outcome is answered."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel

from unbet.core.outcomes import Outcome
from unbet.dialects import body
from unbet.dialects.answers import Answer, AnswerContext, CancelRequest, Field
from unbet.dialects.auth import URL_SECRET, Auth
from unbet.dialects.body import JSON, Codec, request_of_one_bet

REPEATED: Final = "repeated"
MALFORMED: Final = "malformed"
WRONG_SIGNATURE: Final = "wrong_signature"
NOT_ALLOWED: Final = "not_allowed"
UNPERSISTED: Final = "unpersisted"
"""Names of answers beside the outcomes'."""

OPTIONAL: Final = frozenset({Outcome.AMOUNT_MISMATCH, Outcome.BATCH_REFUSED})
"""Outcomes of which most dialects need no answer of their own."""


PLACEHOLDERS: Final = frozenset(
    {"{reference}", "{player}", "{currency}", "{provider}", "{amount}", "{request}"}
)
"""What an example may have for what differs."""

_NAME: Final = re.compile(r"\{\w+\}")


class LateBet(StrEnum):
    """What the operator's Bet answers to a bet after its cancel; none is ever debited (PROVIDERS,
    0.9 and 10)."""

    REFUSE = "refuse"
    ACCEPT = "accept"
    """As a bet that was taken: the provider counts on it."""


class TemporaryAnswerError(ValueError):
    """A dialect's answer to a cancel that is not decided yet would make the provider stop."""


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """A form of requests and answers. Raises `TemporaryAnswerError` for a final answer to a passing
    fault, and `ValueError` for an outcome without an answer, or a codec that does not fit the
    method."""

    name: str
    path: str
    """After the secret; it begins with `/` and has no query. A segment `{name}` is a value of the
    request."""
    request: type[BaseModel]
    """The request's fields by the provider's names, and their limits. What else there is is kept
    with the request and not looked at."""
    outcomes: Mapping[Outcome, Answer]
    """Each outcome's; that of `PARKED` has the provider send again. Those in `OPTIONAL` may be
    left out: they have the answer of `MISMATCH` then."""
    document: Mapping[str, Field] | Callable[[AnswerContext], Any]
    """A function for each field of the answer, or one function for the whole document."""
    malformed: Answer
    """To a request of the wrong form; its description is what was wrong."""
    not_allowed: Answer
    """For a sender whose address is not the provider's."""
    example: Mapping[str, Any]
    """What a request says, but for its signature. Texts stand for what differs: `{reference}`,
    `{player}`, `{currency}`, `{provider}`, `{amount}`, and `{request}`, the request's own name."""
    read_request: Callable[[Any], CancelRequest] = request_of_one_bet
    """What a valid `request` asks for. If it is about one bet and its fields have our names, none
    is needed."""
    wrong_signature: Answer | None = None
    """For a request that its provider has not signed; `not_allowed` if there is no other."""
    repeated: Answer | None = None
    """For a reversal that an earlier request got, if that has an answer of its own."""
    unpersisted: Answer | None = None
    """For a cancel that is stored nowhere; if there is none, HTTP 503 without a body."""
    choices: Mapping[str, Sequence[Answer]] = field(default_factory=dict)
    """By outcome, `REPEATED` or `WRONG_SIGNATURE`: the answers that an endpoint may choose from,
    each named by `str(code)`; the default first."""
    method: str = "POST"
    codec: Codec = JSON
    auth: Auth = URL_SECRET
    late_bet: LateBet = LateBet.REFUSE
    answers_each: bool = False
    """Whether the answer says of each of several bets if it was given back."""
    needs_cash: bool = False
    """Whether a success must have the player's balance."""
    spellings: Mapping[str, str] = field(default_factory=dict)
    """Other spellings that are taken for a name of the request."""
    code_field: str = "error"
    """The answer's field that has the code, at its top level."""

    def __post_init__(self) -> None:
        missing = frozenset(Outcome) - OPTIONAL - self.outcomes.keys()
        if missing:
            raise ValueError(f"{self.name}: no answer to {', '.join(sorted(missing))}")
        if self.codec.in_query is not (self.method == "GET"):
            raise ValueError(f"{self.name}: a GET has all in the query, and nothing else has")
        self._check_path()
        self._check_example()
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

    def _check_path(self) -> None:
        names = [segment for segment in self.path.split("/") if {*"{}"} & {*segment}]
        if not self.path.startswith("/"):
            raise ValueError(f"{self.name}: its path does not begin with /")
        if not all(_NAME.fullmatch(name) for name in names) or len({*names}) < len(names):
            problem = "a name in its path is a whole segment, and is there once"
            raise ValueError(f"{self.name}: {problem}")
        if missing := [name for name in names if name[1:-1] not in self.example]:
            raise ValueError(f"{self.name}: its `example` has no {missing[0][1:-1]}")

    def _check_example(self) -> None:
        if unknown := {*_placeholders(self.example)} - PLACEHOLDERS:
            raise ValueError(f"{self.name}: its `example` has an unknown {min(unknown)}")
        if self.read_request is request_of_one_bet and "reference" not in self.request.model_fields:
            raise ValueError(
                f"{self.name}: its request has no field `reference`, and it has no `read_request`"
            )

    answer_of = body.answer_of  # there: it is on the way of every Cancel

    def answers(self) -> dict[str, Answer]:
        """Every answer by its name: each outcome's, then those beside them that there are."""
        beside = {
            REPEATED: self.repeated,
            MALFORMED: self.malformed,
            WRONG_SIGNATURE: self.unsigned if self.auth.takes_keys else None,
            NOT_ALLOWED: self.not_allowed,
            UNPERSISTED: self.unpersisted,
        }
        decided = {outcome.value: self.answer_of(outcome) for outcome in Outcome}
        return decided | {name: one for name, one in beside.items() if one is not None}

    @property
    def unsigned(self) -> Answer:
        """To a request that its provider has not signed."""
        return self.wrong_signature or self.not_allowed

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


def _placeholders(example: Any) -> Iterator[str]:
    match example:
        case Mapping():
            for inner in example.values():
                yield from _placeholders(inner)
        case list() | tuple():
            for inner in example:
                yield from _placeholders(inner)
        case str() if _NAME.fullmatch(example):
            yield example
