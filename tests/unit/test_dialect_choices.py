"""What an endpoint may have answered otherwise than its dialect does."""

import pytest

from unbet.core.outcomes import Outcome
from unbet.dialects import DIALECTS
from unbet.dialects.port import Dialect

EACH_DIALECT = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)


@EACH_DIALECT
def test_a_refused_bet_may_be_answered_as_an_unknown_one(dialect: Dialect) -> None:
    assert dialect.answer_of(Outcome.BET_REFUSED) == dialect.answer_of(Outcome.NO_BET)
    choices = dialect.choices.get(Outcome.NO_BET, ())
    assert dialect.choices.get(Outcome.BET_REFUSED, ()) == choices
    for choice in choices:
        chosen = dialect.choosing({Outcome.BET_REFUSED: str(choice.code)})
        assert chosen.answer_of(Outcome.BET_REFUSED) == choice


@EACH_DIALECT
def test_the_first_choice_is_the_dialects_own_answer(dialect: Dialect) -> None:
    own = dialect.answers()
    assert {name: ones[0] for name, ones in dialect.choices.items()} == {
        name: own[name] for name in dialect.choices
    }
