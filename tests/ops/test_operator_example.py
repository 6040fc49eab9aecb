"""The example of an operator's own endpoints, on a real ledger, with an operator's rights."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from examples.operator import build
from tests.databases import url_as
from tests.making import PROVIDER, Operator, cancel_of
from unbet import Bet, connect_to
from unbet.database.roles import Role

INTEGRATION = Path(__file__).parents[2] / "docs" / "integration.md"

Post = Callable[..., dict[str, Any]]


@pytest.fixture
def post(database_url: str) -> Iterator[Post]:
    """Sends to the example, which has the rights that docs/roles.md gives it."""
    engine = connect_to(url_as(Role.OPERATOR, database_url), name="example")
    yield lambda path, body=None, **fields: asyncio.run(sent(engine, path, body, **fields))
    engine.dispose()


async def sent(engine: Engine, path: str, body: str | None, **fields: Any) -> dict[str, Any]:
    """The example's answer to a body, or to these fields of alice's."""
    transport = httpx.ASGITransport(build(engine, PROVIDER))
    asked = {"content": body} if body else {"json": {"userId": "alice", "currency": "EUR"} | fields}
    async with httpx.AsyncClient(transport=transport, base_url="http://casino") as client:
        response = await client.post(path, **asked)
    assert response.status_code == 200
    return dict(response.json())


def test_a_bet_is_taken_once_however_often_it_comes(operator: Operator, post: Post) -> None:
    operator.deposit("100.00")
    for _ in range(3):
        answer = post("/bet", reference="r1", amount="10.00")
        assert (answer["error"], answer["cash"]) == (0, "90.000000000000000000")
    assert operator.balance().cash == 90


def test_a_bet_that_comes_after_its_cancel_is_refused_for_good(
    operator: Operator, post: Post
) -> None:
    operator.deposit("100.00")
    operator.cancel(cancel_of("late"))
    for _ in range(2):
        assert post("/bet", reference="late", amount="10.00")["error"] == 120
    assert operator.balance().cash == 100


def test_a_cancelled_bet_has_its_stake_back_and_no_result(operator: Operator, post: Post) -> None:
    operator.deposit("100.00")
    assert post("/bet", reference="r1", amount="10.00")["error"] == 0
    operator.cancel(cancel_of("r1"))
    assert post("/result", betReference="r1", reference="w1", amount="50.00")["error"] == 120
    assert operator.balance().cash == 100


def test_a_win_is_paid_once_and_may_have_the_bets_reference(operator: Operator, post: Post) -> None:
    operator.deposit("100.00")
    post("/bet", reference="r1", amount="10.00")
    for _ in range(2):
        answer = post("/result", betReference="r1", reference="r1", amount="25.00")
        assert answer["error"] == 0
        assert operator.balance().cash == 115


def test_each_refusal_has_the_providers_code(operator: Operator, post: Post) -> None:
    operator.deposit("5.00")
    assert post("/bet", reference="r1", amount="10.00")["error"] == 1
    assert post("/bet", reference="r1", amount="11.00")["error"] == 120  # other details
    assert post("/result", betReference="r1", reference="w1", amount="1")["error"] == 120
    assert post("/result", betReference="none", reference="w2", amount="1")["error"] == 120
    operator.freeze()
    assert post("/bet", reference="r2", amount="1.00")["error"] == 6


@pytest.mark.parametrize(
    ("number", "left"),
    [
        ("0.100000000000000001", "9.899999999999999999"),
        ("10", "0.000000000000000000"),
        ("10.00", "0.000000000000000000"),
        ("1e1", "0.000000000000000000"),
        ("1E-18", "9.999999999999999999"),
        ('"2.50"', "7.500000000000000000"),
        ("0", "10.000000000000000000"),
    ],
)
def test_an_amount_is_taken_exactly_as_it_is_written(
    operator: Operator, post: Post, number: str, left: str
) -> None:
    operator.deposit("10.00")
    body = f'{{"userId": "alice", "currency": "EUR", "reference": "r1", "amount": {number}}}'
    assert post("/bet", body)["cash"] == left
    assert post("/bet", body)["cash"] == left  # the same bet: no second stake
    operator.deposit("10.00", reference="d2")
    won = f'{{"userId": "alice", "currency": "EUR", "reference": "w", "amount": {number}}}'
    won = won.replace("{", '{"betReference": "r1", ', 1)
    assert post("/result", won)["cash"] == "20.000000000000000000"


@pytest.mark.parametrize("number", ["10", "10.00", "1e1"])
def test_json_read_as_the_documentation_says_makes_a_bet(number: str) -> None:
    (reading,) = re.findall(r"`(json\.loads\(.*?\))`", INTEGRATION.read_text())
    body = f'{{"amount": {number}}}'
    sent = eval(reading, {"json": json, "Decimal": Decimal, "body": body})  # noqa: S307 - our own
    bet = Bet(user_id="a", currency="EUR", provider="p", reference="r", **sent)
    assert bet.amount == Decimal(10)


@pytest.mark.parametrize(
    "number",
    [
        *("-1", "-0.01", "NaN", "Infinity", "-Infinity", "true", "null", "[10]", '""', '"1e1"'),
        *("1e20", "1e-19", "1e999999", "1e99999999999999999999", "1" * 21, "1" * 5000),
    ],
)
def test_what_is_no_amount_is_refused_with_the_reason(post: Post, number: str) -> None:
    body = f'{{"userId": "alice", "currency": "EUR", "reference": "r1", "amount": {number}}}'
    answer = post("/bet", body)
    assert answer["error"] == 7
    assert "amount" in answer["description"] or answer["description"] == "expected JSON"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{", "expected JSON"),
        ("[" * 100_000, "expected JSON"),
        ("[]", "expected a JSON object"),
        ('{"userId": "alice", "currency": "EUR", "reference": "r1"}', "amount"),
        ('{"userId": 1, "currency": "EUR", "reference": "r", "amount": 1}', "user_id"),
        ('{"userId": "a", "currency": "EUR", "reference": "r", "amount": -1}', "amount"),
        ('{"userId": "a", "currency": "EUR", "reference": "r", "amount": NaN}', "amount"),
    ],
)
def test_a_body_that_is_no_bet_is_refused_by_the_field(post: Post, body: str, said: str) -> None:
    answer = post("/bet", body)
    assert answer["error"] == 7
    assert said in answer["description"]


async def test_without_a_ledger_the_provider_is_told_to_try_again() -> None:
    engine = connect_to("postgresql://nobody:none@127.0.0.1:1/unbet", name="example")
    answer = await sent(engine, "/bet", None, reference="r1", amount="1.00")
    assert answer["error"] == 100
