"""What the provider is told: the one table of its codes (PROTOCOL, "Codes"; DESIGN, "Outcomes")."""

from typing import Final, NamedTuple

import orjson

from contract.outcomes import Outcome


class Answer(NamedTuple):
    """A code and its description, as the V4 dialect has them."""

    code: int
    description: str


_V4: Final = {
    Outcome.REVERSED: Answer(0, "Success"),
    Outcome.NO_BET: Answer(0, "Success"),
    Outcome.BET_REFUSED: Answer(0, "Success"),
    Outcome.SETTLED: Answer(120, "The bet is settled"),
    Outcome.MISMATCH: Answer(7, "userId is not the bet's"),
    Outcome.CURRENCY_MISMATCH: Answer(2, "currency is not the bet's"),
    Outcome.PARKED: Answer(100, "Not decided yet, please retry"),
}
BAD_PARAMETERS: Final = 7


def of_outcome(outcome: Outcome) -> Answer:
    """The answer for an outcome."""
    return _V4[outcome]


def of_bad_request(problem: str) -> Answer:
    """The answer for a body that is no valid Cancel."""
    return Answer(BAD_PARAMETERS, problem)


def body(answer: Answer, reference: str | None) -> bytes:
    """The answer as the provider reads it; `reference` only as it was sent, and only if valid."""
    document: dict[str, object] = {"error": answer.code, "description": answer.description}
    if reference is not None:
        document["reference"] = reference
    return orjson.dumps(document)
