"""A running receiver is as its OpenAPI document says: thousands of requests made from it."""

import json
from collections import Counter
from functools import cache
from typing import Any, NamedTuple

import jsonschema_rs
import pytest
from sqlalchemy import Engine

from tests.long.exploring import Exchange, Explored, described, explore
from tests.openapi import DOCUMENT, FILE
from tests.operating import Operator
from tests.system.processes import System
from tests.system.watching import PLAYER, metric

PAGES = [path for path in DOCUMENT["paths"] if "{secret}" not in path]


MAX_WRONG = 20
"""Wrong secrets of one caller in a while, after which no other is looked at."""


class Dialect(NamedTuple):
    """What the document calls it, where it is asked, and its code for a body that is no Cancel."""

    name: str
    path: str
    bad_parameters: int


V4 = Dialect("lucky-monaco-v4", "/V4/Cancel", 7)
V1 = Dialect("lucky-monaco-v1", "/v1/Cancel", 57)


def cancel_path(dialect: Dialect) -> str:
    return f"/{{secret}}{dialect.path}"


@cache
def validator_of(dialect_name: str) -> Any:
    reference = {"$ref": f"#/components/schemas/{dialect_name}-cancel"}
    return jsonschema_rs.validator_for(reference | {"components": DOCUMENT["components"]})


def is_a_cancel(body: bytes, dialect: Dialect) -> bool:
    """Whether it is one by the document: by its schema, and by what the descriptions add."""
    try:
        cancel = json.loads(body)
    except ValueError:
        return False
    if not validator_of(dialect.name).is_valid(cancel):
        return False
    names = {cancel[name] for name in ("gameName", "gamename") if name in cancel}
    return len(names) == 1 and cancel["providerId"].casefold() == "luckymonaco"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("dialect", [V4, V1], ids=lambda dialect: dialect.name)
def test_what_the_document_calls_a_cancel_is_one_and_nothing_else(
    idle_system: System, engine: Engine, dialect: Dialect
) -> None:
    idle_system.environment["UNBET_DIALECT"] = dialect.name
    idle_system.start_both()
    Operator(engine).deposit("100.00", **PLAYER)  # so that there is cash to be told
    requests = described([cancel_path(dialect)])
    explored = Explored()
    for mode, examples in {"positive": 260, "negative": 140}.items():
        for seed, content_type in enumerate(("application/json", "text/plain; charset=latin-1")):
            explored += explore(
                requests,
                str(idle_system.http.base_url),
                mode=mode,
                examples=examples,
                seed=seed,
                secret=idle_system.environment["UNBET_URL_SECRET"],
                content_type=content_type,
            )
    assert explored.faults == []
    assert len(explored.exchanges) >= 1000
    answers = [exchange for exchange in explored.exchanges if exchange.method == "POST"]
    others = {exchange.status for exchange in explored.exchanges if exchange.method != "POST"}
    assert ({exchange.status for exchange in answers}, others) == ({200}, {405})

    codes: Counter[int] = Counter()
    for exchange in answers:
        code = json.loads(exchange.received)["error"]
        expected = 0 if is_a_cancel(exchange.sent, dialect) else dialect.bad_parameters
        assert code == expected, exchange
        codes[code] += 1
    assert min(codes[0], codes[dialect.bad_parameters]) > 300
    # No two of them were about one bet: each left its tombstone.
    labels = f'code="0",dialect="{dialect.name}",outcome="no_bet",provider="LuckyMonaco"'
    assert metric(idle_system, f"unbet_answers_total{{{labels}}}") == codes[0], "all were decided"


def test_made_up_secrets_and_the_pages_are_as_documented(system: System) -> None:
    url = str(system.http.base_url)
    guesses = explore(described([cancel_path(V4)]), url, mode="positive", examples=30, seed=4)
    assert guesses.faults == []
    assert Counter(exchange.status for exchange in guesses.exchanges)[404] == MAX_WRONG
    assert {exchange.status for exchange in guesses.exchanges} == {404, 429}
    assert {exchange.received for exchange in guesses.exchanges} == {b""}

    pages = explore(described(PAGES), url, mode="all", examples=5, seed=5)
    assert pages.faults == []

    def is_fetched(exchange: Exchange) -> bool:
        return exchange.method == "GET"

    assert {exchange.path for exchange in filter(is_fetched, pages.exchanges)} == set(PAGES)
    assert {exchange.status for exchange in filter(is_fetched, pages.exchanges)} == {200}
    assert system.http.get("/openapi.json").content == FILE.read_bytes()
