"""Which bet's answer is that of a request for several: the provider takes it for all of them."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

import pytest

from tests.path_dialect import PATH
from unbet.core.message import Decision
from unbet.core.outcomes import Outcome
from unbet.dialects.answers import Answer
from unbet.dialects.body import Reading, answer_to

SUCCESS, UNKNOWN, SETTLED, LATER, OTHER, LEFT = (Answer(code, "") for code in range(6))
AGAIN = OTHER._replace(resent=True)
DIALECT = replace(
    PATH,
    outcomes={
        **dict.fromkeys((Outcome.NO_BET, Outcome.BET_REFUSED), UNKNOWN),
        **dict.fromkeys((Outcome.MISMATCH, Outcome.CURRENCY_MISMATCH), AGAIN),
        Outcome.REVERSED: SUCCESS,
        Outcome.SETTLED: SETTLED,
        Outcome.CLOSED: SETTLED,
        Outcome.PARKED: LATER._replace(resent=True),
    },
)
OWN_WORD = replace(DIALECT, outcomes={**DIALECT.outcomes, Outcome.BATCH_REFUSED: LEFT})
SAYS_SUCCESS = replace(
    OWN_WORD,
    outcomes={**OWN_WORD.outcomes, Outcome.SETTLED: SUCCESS._replace(description="It is settled")},
)


def code(dialect: object, outcomes: Sequence[Outcome]) -> int | str:
    decisions = [Decision(request_id=uuid4(), outcome=outcome) for outcome in outcomes]
    answers = {
        answer_to(dialect, Reading({}, None, None, SUCCESS), order)[0].code  # type: ignore[arg-type]
        for order in (decisions, decisions[::-1])
    }
    (only,) = answers
    return only


@pytest.mark.parametrize(
    ("outcomes", "answer"),
    [
        ((Outcome.REVERSED, Outcome.NO_BET), SUCCESS),
        ((Outcome.REVERSED, Outcome.BET_REFUSED, Outcome.NO_BET), SUCCESS),
        ((Outcome.NO_BET, Outcome.BET_REFUSED), UNKNOWN),
        ((Outcome.NO_BET, Outcome.SETTLED), SETTLED),
        ((Outcome.NO_BET, Outcome.MISMATCH), AGAIN),
        ((Outcome.NO_BET, Outcome.PARKED), LATER),
        ((Outcome.SETTLED, Outcome.BATCH_REFUSED), SETTLED),
        ((Outcome.SETTLED, Outcome.MISMATCH, Outcome.BATCH_REFUSED), AGAIN),
        ((Outcome.PARKED, Outcome.SETTLED, Outcome.BATCH_REFUSED), LATER),
    ],
)
def test_it_is_that_of_the_bet_which_decides_what_the_provider_may_assume(
    outcomes: Sequence[Outcome], answer: Answer
) -> None:
    assert code(DIALECT, outcomes) == answer.code
    assert code(OWN_WORD, outcomes) == answer.code


def test_no_success_is_told_where_bets_were_left_as_they_are() -> None:
    assert code(SAYS_SUCCESS, (Outcome.SETTLED, Outcome.BATCH_REFUSED)) == LEFT.code
    assert code(SAYS_SUCCESS, (Outcome.SETTLED, Outcome.REVERSED)) == SUCCESS.code
