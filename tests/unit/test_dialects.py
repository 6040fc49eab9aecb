"""The dialects: codes, shapes and required fields are those of the provider's documents."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Annotated
from uuid import uuid4

import pytest
from pydantic import BaseModel, Field

from tests.system.processes import EXAMPLE
from unbet.core.fields import Currency, Reference, UserId, text
from unbet.core.message import Decision
from unbet.core.outcomes import Outcome
from unbet.dialects import DIALECTS
from unbet.dialects.answers import AnswerContext, CancelRequest, Item
from unbet.dialects.body import ParsedRequest, parse_kept, render
from unbet.dialects.lucky_monaco import V1, V4
from unbet.dialects.port import Dialect
from unbet.dialects.raw import BadRequestError

CODES = {
    "lucky-monaco-v4": {
        Outcome.REVERSED: 0,
        Outcome.NO_BET: 0,
        Outcome.BET_REFUSED: 0,
        Outcome.SETTLED: 120,
        Outcome.MISMATCH: 7,
        Outcome.CURRENCY_MISMATCH: 2,
        Outcome.CLOSED: 120,
        Outcome.PARKED: 100,
    },
    "lucky-monaco-v1": {
        Outcome.REVERSED: 0,
        Outcome.NO_BET: 0,
        Outcome.BET_REFUSED: 0,
        Outcome.SETTLED: 999,
        Outcome.MISMATCH: 57,
        Outcome.CURRENCY_MISMATCH: 52,
        Outcome.CLOSED: 999,
        Outcome.PARKED: 998,
    },
}


def answer(dialect: Dialect, outcome: Outcome, **decided: object) -> dict[str, object]:
    decision = Decision(request_id=uuid4(), outcome=outcome, **decided)
    said = AnswerContext(dialect.answer_of(outcome), 'r"1', decision)
    return dict(json.loads(render(dialect, said)))


@pytest.mark.parametrize("dialect", [V4, V1], ids=CODES)
def test_every_outcome_has_its_code(dialect: Dialect) -> None:
    codes = {outcome: dialect.answer_of(outcome).code for outcome in CODES[dialect.name]}
    assert codes == CODES[dialect.name]


def test_v4_answers_with_a_number_and_the_reference_as_sent() -> None:
    assert answer(V4, Outcome.REVERSED, currency="USD", cash=Decimal(1), transfer_id=7) == {
        "error": 0,
        "description": "Success",
        "reference": 'r"1',
    }
    assert json.loads(render(V4, AnswerContext(V4.refusal("uuid is missing")))) == {
        "error": 7,
        "description": "uuid is missing",
    }


def test_v1_answers_with_the_cash_as_a_string_exact() -> None:
    cash = Decimal("12345678901234567890.000000000000000001")
    assert answer(V1, Outcome.REVERSED, currency="USD", cash=cash, transfer_id=7) == {
        "error": 0,
        "description": "Success",
        "currency": "USD",
        "cash": "12345678901234567890.000000000000000001",
        "transactionId": "7",
    }
    assert answer(V1, Outcome.REVERSED, currency="USD", cash=Decimal("0E-18"))["cash"] == (
        "0.000000000000000000"
    )


def test_v1_leaves_out_what_is_not_known() -> None:
    assert answer(V1, Outcome.PARKED) == {
        "error": 998,
        "description": "Not decided yet, please retry",
    }


def test_v1_asks_for_the_round() -> None:
    body = json.dumps(EXAMPLE).encode()
    with pytest.raises(BadRequestError, match="roundId is missing"):
        parse_kept(body, "LuckyMonaco", V1)
    parsed = parse_kept(json.dumps(EXAMPLE | {"roundId": "r-1"}).encode(), "LuckyMonaco", V1)
    assert parsed.reference == EXAMPLE["reference"]
    with pytest.raises(BadRequestError, match="roundId is not a string"):
        parse_kept(json.dumps(EXAMPLE | {"roundId": 1}).encode(), "LuckyMonaco", V1)


@pytest.mark.parametrize(
    ("dialect", "name", "shown"),
    [
        ("lucky-monaco-v4", "roundId", "roundId"),
        ("lucky-monaco-v4", "gamename", "gamename"),
        ("lucky-monaco-v4", "user", "a field"),
        ("hub88", "user", "user"),
        ("bgaming", "original_action_id", "original_action_id"),
        ("bgaming", "userId", "a field"),
    ],
)
def test_a_field_given_twice_is_named_if_it_is_of_this_provider(
    dialect: str, name: str, shown: str
) -> None:
    body = f'{{"inside": [{{"{name}": "1", "{name}": "2"}}]}}'.encode()
    with pytest.raises(BadRequestError, match=f"^{shown} is given more than once"):
        parse_kept(body, "LuckyMonaco", DIALECTS[dialect])


class Rollback(BaseModel):
    """A provider's request that does not say whose it is."""

    reference: Annotated[Reference, Field(alias="bet")]
    player: UserId
    currency: Annotated[Currency, Field(alias="coin")]
    uuid: Annotated[str, text(36), Field(alias="id")]


def read_rollback(rollback: Rollback) -> CancelRequest:
    return CancelRequest(
        (Item(rollback.reference, rollback.uuid),), rollback.player, rollback.currency
    )


def test_another_providers_fields_have_names_of_its_own() -> None:
    dialect = replace(V4, request=Rollback, read_request=read_rollback, spellings={"betId": "bet"})
    sent = {"betId": "b-1", "player": "p-1", "coin": "EUR", "id": "u-1"}

    parsed = parse_kept(json.dumps(sent).encode(), "Anybody", dialect)
    assert parsed == ParsedRequest(
        CancelRequest((Item("b-1", "u-1"),), "p-1", "EUR"), json.dumps(sent)
    )

    faults: list[tuple[dict[str, object], str]] = [
        ({"coin": "€"}, "coin is not 3 or 4 letters or digits"),
        ({"bet": "b-2"}, "bet and betId differ"),
        ({"player": None}, "player is not a string"),
    ]
    for wrong, said in faults:
        with pytest.raises(BadRequestError, match=said) as refused:
            parse_kept(json.dumps({**sent, **wrong}).encode(), "Anybody", dialect)
        assert refused.value.reference == wrong.get("bet", "b-1")
