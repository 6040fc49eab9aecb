"""What an endpoint may have answered otherwise than its dialect does."""

import pytest

from testbed.provider import DIALECTS as PLAYED
from testbed.provider import Case, Response
from unbet.core.outcomes import Outcome
from unbet.dialects import DIALECTS
from unbet.dialects.answers import AnswerContext
from unbet.dialects.body import raw_of, read, render
from unbet.dialects.port import WRONG_SIGNATURE, Dialect

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
def test_a_mix_up_of_keys_need_not_lose_a_cancel(dialect: Dialect) -> None:
    assert dialect.not_allowed.resent
    if not dialect.auth.takes_keys:
        return
    codes = [one.code for one in dialect.choices.get(WRONG_SIGNATURE, ()) if one.resent]
    chosen = dialect.choosing({WRONG_SIGNATURE: str(codes[0])} if codes else {})
    reading = read(raw_of(b"", dialect), {}, "P", chosen, [b"a-key-of-tests"])
    assert reading.reason == "signature"
    assert reading.answer.resent
    render(chosen, AnswerContext(reading.answer, document=reading.document))


@EACH_DIALECT
def test_what_a_wrong_signature_may_be_answered_the_provider_may_hear(dialect: Dialect) -> None:
    if not dialect.auth.takes_keys:
        return
    played = PLAYED[dialect.name]
    for answer in (dialect.unsigned, *dialect.choices.get(WRONG_SIGNATURE, ())):
        body = render(dialect, AnswerContext(answer))
        heard = played.read(Response(answer.status, body), {})
        assert heard.code in played.allowed[Case.SIGNATURE]
        assert (heard.code in played.stops) is not answer.resent


@EACH_DIALECT
def test_the_first_choice_is_the_dialects_own_answer(dialect: Dialect) -> None:
    own = dialect.answers()
    assert {name: ones[0] for name, ones in dialect.choices.items()} == {
        name: own[name] for name in dialect.choices
    }
