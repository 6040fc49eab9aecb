"""How the played provider reads answers in the dialects that have signatures."""

import json
from decimal import Decimal
from typing import Any

import pytest

from testbed.provider import DIALECTS, Case, Dialect
from testbed.provider.connection import Response
from testbed.provider.dialects.documents import object_of
from testbed.provider.dialects.hub88 import Hub88


def read(dialect: Dialect, document: object, status: int = 200, **asked: object) -> Any:
    return dialect.read(Response(status, json.dumps(document).encode()), asked, gives_back=True)


BGAMING_DONE = {
    "balance": 9875,
    "game_id": "rd-55",
    "transactions": [
        {"action_id": "rb-1", "tx_id": "w-77", "processed_at": "2026-01-05T10:00:00Z"}
    ],
}
HUB88_DONE = {
    "user": "u-1001",
    "status": "RS_OK",
    "request_uuid": "..aa",
    "currency": "EUR",
    "balance": 9875000,
}
DONE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "bgaming": (BGAMING_DONE, {"game_id": "rd-55", "actions": [{"action_id": "rb-1"}]}),
    "hub88": (HUB88_DONE, {"user": "u-1001", "request_uuid": "..aa"}),
    "pragmatic": ({"transactionId": "w-77", "error": 0, "description": "Success"}, {}),
    "evolution": (
        {"status": "OK", "balance": 98.75, "bonus": 0, "retransmission": False, "uuid": "q-1"},
        {"uuid": "q-1"},
    ),
    "gitslotpark": ({"result": 0, "message": "done", "balance": 98.75}, {}),
    "groove": (
        {
            "code": 200,
            "status": "Success",
            "accounttransactionid": "w-77",
            "balance": 98.75,
            "bonus_balance": 0,
            "apiversion": "1.2",
        },
        {"apiversion": "1.2"},
    ),
}


@pytest.mark.parametrize("dialect", DONE)
def test_the_documents_own_examples_are_read(dialect: str) -> None:
    document, asked = DONE[dialect]
    chosen = DIALECTS[dialect]

    answer = read(chosen, document, **asked)
    [first] = chosen.allowed[Case.FIRST]

    assert answer.code == first, answer.text
    told = chosen.balance_of(object_of(json.dumps(document).encode()) or {})
    assert told == (None if dialect == "pragmatic" else Decimal("98.75"))


@pytest.mark.parametrize(
    ("dialect", "changed", "problem"),
    [
        ("bgaming", {"balance": 98.75}, "balance is no whole number"),
        ("bgaming", {"balance": None}, "balance is missing"),
        ("bgaming", {"game_id": "another"}, "game_id is not the one"),
        ("bgaming", {"transactions": []}, "not one for each action"),
        ("bgaming", {"transactions": [{"action_id": "rb-2"}]}, "not one for each action"),
        ("bgaming", {"transactions": [{"action_id": "rb-1"}]}, "tx_id is no text"),
        ("hub88", {"balance": 98.75}, "balance is no whole number"),
        ("hub88", {"request_uuid": "..bb"}, "request_uuid is not the one"),
        ("hub88", {"request_uuid": None}, "request_uuid is missing"),
        ("hub88", {"user": "another"}, "user is not the one"),
        ("pragmatic", {"transactionId": None}, "transactionId is no text"),
        ("pragmatic", {"transactionId": 7}, "transactionId is no text"),
        ("pragmatic", {"description": None}, "description is no text"),
        ("evolution", {"balance": "98.75"}, "balance is no number"),
        ("evolution", {"balance": None}, "balance is missing"),
        ("evolution", {"uuid": None}, "uuid is missing"),
        ("evolution", {"uuid": "q-2"}, "uuid is not the one"),
        ("evolution", {"retransmission": "no"}, "retransmission is neither"),
        ("gitslotpark", {"balance": None}, "balance is missing"),
        ("gitslotpark", {"balance": "98.75"}, "balance is no number"),
        ("groove", {"accounttransactionid": None}, "accounttransactionid is no text"),
        ("groove", {"balance": "98.75"}, "balance is no number"),
        ("groove", {"bonus_balance": None}, "bonus_balance is missing"),
        ("groove", {"apiversion": "1.1"}, "apiversion is not the one"),
        ("groove", {"status": None}, "status is no text"),
    ],
)
def test_a_success_without_its_fields_is_none(
    dialect: str, changed: dict[str, object], problem: str
) -> None:
    document, asked = DONE[dialect]
    wrong = {name: value for name, value in (document | changed).items() if value is not None}

    answer = read(DIALECTS[dialect], wrong, **asked)

    assert answer.code is None
    assert problem in answer.text


@pytest.mark.parametrize(("dialect", "name"), [("hub88", "request_uuid"), ("evolution", "uuid")])
def test_a_request_without_a_name_is_answered_without_one(dialect: str, name: str) -> None:
    document, _ = DONE[dialect]
    without = {other: value for other, value in document.items() if other != name}
    assert read(DIALECTS[dialect], without, user="u-1001").code == document["status"]


@pytest.mark.parametrize(
    ("dialect", "status", "document", "code"),
    [
        ("bgaming", 400, {"code": 101, "message": "m"}, 101),
        ("bgaming", 200, {"code": 101, "message": "m"}, None),
        ("bgaming", 400, {"code": 403, "message": "m"}, None),
        ("bgaming", 500, {"code": 400, "message": "m"}, None),
        ("hub88", 500, {"status": "RS_OK"}, None),
        ("evolution", 401, {"status": "INVALID_TOKEN_ID"}, "INVALID_TOKEN_ID"),
        ("evolution", 400, {"status": "INVALID_PARAMETER"}, "INVALID_PARAMETER"),
        ("evolution", 400, {"status": "OK"}, None),
        ("gitslotpark", 400, {"result": 0, "balance": 1}, None),
        ("gitslotpark", 500, {"result": 1}, "HTTP 500"),
        ("groove", 200, {"code": 102, "status": "Wager not found"}, 102),
        ("groove", 500, {"code": 102, "status": "Wager not found"}, None),
    ],
)
def test_a_code_belongs_to_its_status(
    dialect: str, status: int, document: object, code: object
) -> None:
    assert read(DIALECTS[dialect], document, status).code == code


class _NoTemporary(Hub88):
    allowed = {case: codes for case, codes in Hub88.allowed.items() if case is not Case.TEMPORARY}  # noqa: RUF012


class _StopsTemporarily(Hub88):
    stops = Hub88.stops | {"RS_ERROR_UNKNOWN"}


@pytest.mark.parametrize(
    ("dialect", "problem"),
    [
        (_NoTemporary(), "hub88: `allowed` has nothing for 'temporary'"),
        (_StopsTemporarily(), "hub88: RS_ERROR_UNKNOWN is temporary, and in `stops`"),
    ],
)
def test_a_provider_s_side_that_contradicts_itself_is_refused(dialect: Hub88, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        dialect.check_codes()
