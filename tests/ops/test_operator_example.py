"""The example of an operator's own endpoints, on a real ledger, with an operator's rights."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from examples.operator import build
from ledger import connect_to
from ledger.roles import Role
from tests.databases import url_as
from tests.making import PROVIDER, Operator, cancel_of

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
        assert (answer["error"], operator.balance().cash) == (0, 115)


def test_each_refusal_has_the_providers_code(operator: Operator, post: Post) -> None:
    operator.deposit("5.00")
    assert post("/bet", reference="r1", amount="10.00")["error"] == 1
    assert post("/bet", reference="r1", amount="11.00")["error"] == 120  # other details
    assert post("/result", betReference="r1", reference="w1", amount="1")["error"] == 120
    assert post("/result", betReference="none", reference="w2", amount="1")["error"] == 120
    operator.freeze()
    assert post("/bet", reference="r2", amount="1.00")["error"] == 6


def test_an_amount_that_is_a_json_number_is_not_rounded(operator: Operator, post: Post) -> None:
    operator.deposit("1.00")
    number = "0.100000000000000001"
    body = f'{{"userId": "alice", "currency": "EUR", "reference": "r1", "amount": {number}}}'
    assert post("/bet", body)["cash"] == "0.899999999999999999"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{", ""),
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
