"""The built-in ledger over HTTP is as its OpenAPI document says: requests made from it."""

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from tests.long.exploring import Exchange, Explored, explore
from tests.system.ledger_http import ALL, LedgerHttp, serving
from tests.system.processes import ROOT, System

FILE: Path = ROOT / "docs" / "ledger-openapi.json"
DOCUMENT: dict[str, Any] = json.loads(FILE.read_bytes())
KEY = "Idempotency-Key"


@pytest.fixture
def ledger(idle_system: System) -> Iterator[LedgerHttp]:
    with serving(idle_system) as started:
        yield started


@cache
def validator_of(path: str) -> Any:
    content = DOCUMENT["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    return jsonschema_rs.validator_for(
        content["schema"] | {"components": DOCUMENT["components"]}, validate_formats=True
    )


def is_valid(exchange: Exchange) -> bool:
    """By the schema, and with a key that is the reference."""
    try:
        body = json.loads(exchange.sent)
    except ValueError:
        return False
    keys = [unquote(key) for key in exchange.headers.get(KEY, ())]
    return bool(validator_of(exchange.path).is_valid(body)) and keys == [body["reference"]]


def give_fitting_key(_context: Any, case: Any) -> Any:
    reference = case.body.get("reference") if isinstance(case.body, dict) else None
    if isinstance(reference, str):
        case.headers[KEY] = quote(reference, safe="", errors="replace")
    return case


def test_it_is_valid_openapi() -> None:
    validate(DOCUMENT, cls=OpenAPIV31SpecValidator)


@pytest.mark.timeout(300)
def test_what_the_document_calls_an_operation_is_one_and_nothing_else(ledger: LedgerHttp) -> None:
    explored = Explored()
    for mode, examples in {"positive": 12, "negative": 12}.items():
        explored += explore(
            DOCUMENT,
            str(ledger.http.base_url),
            mode=mode,
            examples=examples,
            seed=6,
            headers={"Authorization": f"Bearer {ALL}"},
            map_case=give_fitting_key,
        )
    assert explored.faults == []
    statuses: Counter[int] = Counter()
    for exchange in explored.exchanges:
        # Some are sent without the token, or with another one; and some by another method.
        if exchange.status not in (401, 405) and exchange.path != "/balances":
            expected = (200, 422) if is_valid(exchange) else (400,)
            assert exchange.status in expected, exchange
            statuses[exchange.status] += 1
    assert min(statuses[200], statuses[400]) > 100, statuses
    assert ledger.http.get("/openapi.json").content == FILE.read_bytes()
