"""No dialect tells a provider something final of a cancel that is not decided. After which answers
each stops is said here once more, from what is known of the providers, not from the dialects."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Final
from uuid import uuid4

import pytest

from unbet.core.message import Decision
from unbet.core.outcomes import Outcome
from unbet.dialects import DIALECTS
from unbet.dialects.answers import Answer
from unbet.dialects.body import Reading, answer_to
from unbet.dialects.codecs import FORM, QUERY
from unbet.dialects.lucky_monaco import V4
from unbet.dialects.port import OPTIONAL, Dialect, TemporaryAnswerError

Stops = Callable[[Answer], bool]


def _after_codes(*codes: int | str) -> Stops:
    return lambda answer: answer.code in codes


def _but_after_codes(*codes: int | str) -> Stops:
    return lambda answer: answer.code not in codes


_CALETA: Final = _after_codes(
    "RS_OK",
    "RS_ERROR_INVALID_TOKEN",
    "RS_ERROR_INVALID_GAME",
    "RS_ERROR_WRONG_CURRENCY",
    "RS_ERROR_USER_DISABLED",
    "RS_ERROR_INVALID_SIGNATURE",
    "RS_ERROR_DUPLICATE_TRANSACTION",
    "RS_ERROR_TRANSACTION_DOES_NOT_EXIST",
    "RS_ERROR_TRANSACTION_ROLLED_BACK",
)

STOPS: Final[dict[str, Stops]] = {
    "lucky-monaco-v4": _after_codes(0, 1, 120),
    "lucky-monaco-v1": _after_codes(0, 15, 999),
    # Its own errors are 500 and 502 to 504.
    "bgaming": lambda answer: answer.status < 500,
    "hub88": _CALETA,
    "caleta": _CALETA,
    # 100 is for what is to be sent again, 120 for what is not.
    "pragmatic": _but_after_codes(100),
    "evolution": _but_after_codes("TEMPORARY_ERROR", "OPERATION_IN_PROCESS"),
    # Whatever is not HTTP 200 is a fault of the server.
    "gitslotpark": lambda answer: answer.status == 200,
    # Every other code is sent again.
    "groove": _after_codes(200, 0),
}
"""Where nothing is known of an answer, it is one after which the provider stops."""

EACH_DIALECT = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)


def answers_of(dialect: Dialect) -> Iterator[Answer]:
    yield from dialect.outcomes.values()
    yield from (one for ones in dialect.choices.values() for one in ones)
    yield dialect.malformed
    yield dialect.not_allowed
    for answer in (dialect.wrong_signature, dialect.repeated, dialect.unpersisted):
        if answer is not None:
            yield answer


def temporary_answers_of(dialect: Dialect) -> Iterator[Answer]:
    yield dialect.outcomes[Outcome.PARKED]
    yield from dialect.choices.get(Outcome.PARKED, ())
    if dialect.unpersisted is not None:
        yield dialect.unpersisted


@EACH_DIALECT
def test_a_cancel_that_is_not_decided_is_sent_again(dialect: Dialect) -> None:
    assert dialect.name in STOPS, "say in this file when this provider stops"
    for answer in temporary_answers_of(dialect):
        assert not STOPS[dialect.name](answer), answer


@EACH_DIALECT
def test_each_answer_says_rightly_whether_it_is_sent_again(dialect: Dialect) -> None:
    for answer in answers_of(dialect):
        assert answer.resent is not STOPS[dialect.name](answer), answer


@EACH_DIALECT
def test_a_dialect_with_a_final_answer_to_a_passing_fault_cannot_be_made(dialect: Dialect) -> None:
    final = Answer("final", "")
    for answer in (final, with_resent(dialect.outcomes[Outcome.PARKED], resent=False)):
        with pytest.raises(TemporaryAnswerError, match=f"{dialect.name}: a cancel that is parked"):
            replace(dialect, outcomes={**dialect.outcomes, Outcome.PARKED: answer})
        with pytest.raises(TemporaryAnswerError, match="stored nowhere"):
            replace(dialect, unpersisted=answer)
        with pytest.raises(TemporaryAnswerError, match="parked"):
            replace(dialect, choices={**dialect.choices, Outcome.PARKED: (answer,)})


def with_resent(answer: Answer, *, resent: bool) -> Answer:
    return answer._replace(resent=resent)


def test_several_bets_of_which_one_is_not_decided_have_the_temporary_answer() -> None:
    decided = [
        Decision(request_id=uuid4(), outcome=outcome)
        for outcome in (Outcome.REVERSED, Outcome.SETTLED, Outcome.PARKED, Outcome.REVERSED)
    ]
    for dialect in DIALECTS.values():
        actions = [{"action_id": "rb"}] * len(decided)
        parked = dialect.outcomes[Outcome.PARKED]
        request = Reading({"actions": actions}, None, None, parked)
        settled = with_resent(dialect.outcomes[Outcome.SETTLED], resent=True)
        others_too = replace(dialect, outcomes={**dialect.outcomes, Outcome.SETTLED: settled})
        for each in (dialect, others_too):
            assert answer_to(each, request, decided)[0] == parked


def test_a_refused_request_is_no_success_though_its_settled_bet_alone_would_be() -> None:
    dialect = DIALECTS["bgaming"].choosing({Outcome.SETTLED: "200"})
    decided = [
        Decision(request_id=uuid4(), outcome=outcome)
        for outcome in (Outcome.SETTLED, Outcome.BATCH_REFUSED)
    ]
    request = Reading({}, None, None, dialect.outcomes[Outcome.PARKED])
    answer, _ = answer_to(dialect, request, decided)
    assert (answer.status, answer.code) == (400, 400)
    assert "Another bet" in answer.description


@pytest.mark.parametrize(
    ("second", "status"),
    [
        (Outcome.REVERSED, 200),
        (Outcome.SETTLED, 200),
        (Outcome.MISMATCH, 200),
        (Outcome.BATCH_REFUSED, 400),
        (Outcome.PARKED, 500),
    ],
)
def test_where_a_part_is_done_the_answer_says_which_part(second: Outcome, status: int) -> None:
    decided = [
        Decision(request_id=uuid4(), outcome=Outcome.REVERSED, transfer_id=7, cash=Decimal(1)),
        Decision(request_id=uuid4(), outcome=second, transfer_id=8, cash=Decimal(1)),
    ]
    bgaming = DIALECTS["bgaming"]
    document = {"currency": "EUR", "actions": [{"action_id": "rb-1"}, {"action_id": "rb-2"}]}
    request = Reading(document, None, None, bgaming.outcomes[Outcome.PARKED])
    for first in (decided, [one.model_copy(update={"replayed": True}) for one in decided]):
        answer, body = answer_to(bgaming, request, first)
        assert answer.status == status
        if status == 200:
            ids = [entry["tx_id"] for entry in json.loads(body)["transactions"]]
            assert ids == ["7", "8" if second is Outcome.REVERSED else ""]
    nothing = [one.model_copy(update={"outcome": Outcome.NO_BET}) for one in decided[:1]]
    if second in (Outcome.SETTLED, Outcome.MISMATCH):
        assert answer_to(bgaming, request, nothing + decided[1:])[0].status == 400
    silent = replace(bgaming, answers_each=False)
    whole = (Outcome.REVERSED, Outcome.BATCH_REFUSED, Outcome.PARKED)
    status = status if second in whole else 400
    assert answer_to(silent, request, decided)[0].status == status


def test_a_dialect_has_an_answer_to_each_outcome() -> None:
    for outcome in frozenset(Outcome) - OPTIONAL:
        left = {one: answer for one, answer in V4.outcomes.items() if one is not outcome}
        with pytest.raises(ValueError, match=f"no answer to {outcome}"):
            replace(V4, outcomes=left)


def test_a_get_has_all_in_its_query_and_nothing_else_has() -> None:
    for dialect, method in ((V4, "GET"), (DIALECTS["groove"], "POST")):
        with pytest.raises(ValueError, match="a GET has all in the query"):
            replace(dialect, method=method)
    for dialect, codec in ((V4, QUERY), (DIALECTS["groove"], FORM)):
        with pytest.raises(ValueError, match="a GET has all in the query"):
            replace(dialect, codec=codec)
