"""What a provider may write otherwise than its documents' examples, on real processes: the stake is
given back all the same."""

import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.operating import Operator
from tests.system.processes import System
from tests.system.provider_requests import KEY, USER, Provider
from tests.system.providers import PROVIDERS
from tests.system.test_providers import PLAYER, all_endpoints

BY_NAME = {one.name: one for one in PROVIDERS}


@pytest.fixture
def providers(idle_system: System, operator: Operator, tmp_path: Path) -> System:
    system = all_endpoints(idle_system, operator, tmp_path)
    system.start_both()
    return system


def answered(system: System, provider: Provider, query: str, headers: Any, body: bytes) -> Any:
    target = f"/{provider.secret}{provider.path}{query}"
    return system.http.request(provider.method, target, content=body, headers=headers).json()


def placed(operator: Operator, provider: Provider, reference: str = "bet-1") -> None:
    operator.bet(reference, "10.00", provider=provider.id, **PLAYER)
    assert operator.balance(**PLAYER).cash == 90


@pytest.mark.parametrize(
    ("name", "changes", "code"),
    [
        ("bgaming", {"actions.0.action_id": 7}, None),
        ("hub88", {"request_uuid": 7, "user": "", "transaction_uuid": None}, "RS_OK"),
        ("caleta", {"request_uuid": "", "user": ""}, "RS_OK"),
        ("evolution", {"uuid": 7, "transaction.id": None, "transaction.amount": "1e1"}, "OK"),
        ("evolution", {"uuid": "", "transaction.id": 7, "transaction.amount": 0}, "OK"),
        ("gitslotpark", {"agentID": ""}, 0),
        ("groove", {"rollbackAmount": "1E+1"}, 200),
        ("groove", {"rollbackAmount": "0E-10"}, 200),
        ("pragmatic", {"amount": "1.0E1", "providerId": "another"}, 0),
        ("pragmatic", {"amount": " +10. "}, 0),
        ("pragmatic", {"amount": "0", "bonusCode": ""}, 0),
    ],
)
def test_a_stake_is_given_back_whatever_nothing_hangs_on(
    name: str, changes: dict[str, Any], code: object, providers: System, operator: Operator
) -> None:
    provider = BY_NAME[name]
    placed(operator, provider)
    document = provider.document(("bet-1",), USER)
    for path, value in changes.items():
        holder: Any = document
        *outer, last = path.split(".")
        for step in outer:
            holder = holder[int(step) if step.isdigit() else step]
        holder[last] = value
    answer = answered(providers, provider, *provider.signed(document, KEY, None))
    assert operator.balance(**PLAYER).cash == 100, answer
    assert code is None or code in answer.values()


def hashed(pairs: list[tuple[str, bytes]], *, without: str) -> bytes:
    """A form in Latin-1, its hash made without the empty field `without`."""
    text = b"&".join(
        name.encode() + b"=" + value for name, value in sorted(pairs) if name != without
    )
    digest = hashlib.md5(text + KEY.encode(), usedforsecurity=False).hexdigest()
    return urlencode([*pairs, ("hash", digest)]).encode()


@pytest.mark.parametrize("without", ["", "bonusCode"])
def test_a_hash_is_over_the_bytes_that_were_sent(
    without: str, providers: System, operator: Operator
) -> None:
    provider = BY_NAME["pragmatic"]
    placed(operator, provider)
    pairs = [
        *(("userId", USER.encode()), ("reference", b"bet-1"), ("bonusCode", b"")),
        *(("roundDetails", "Käse".encode("latin-1")), ("token", b"t"), ("token", b"t")),
    ]
    body = hashed(pairs, without=without)
    assert b"K%E4se" in body
    assert answered(providers, provider, "", {}, body)["error"] == 0
    assert operator.balance(**PLAYER).cash == 100


def test_what_is_twice_in_a_query_is_signed_twice(providers: System, operator: Operator) -> None:
    provider = BY_NAME["groove"]
    placed(operator, provider)
    query, headers, _ = provider.signed(provider.document(("bet-1",), USER), KEY, None)
    more = f"{query}&request=rollback&request=rollback"  # its value is not signed
    assert answered(providers, provider, more, headers, b"")["code"] == 200
    assert operator.balance(**PLAYER).cash == 100


@pytest.mark.parametrize(
    ("name", "amount", "code"),
    [
        ("pragmatic", "ten", ("error", 100)),
        ("pragmatic", "10.0000000000000000001", ("error", 100)),
        ("evolution", "-1", ("status", "TEMPORARY_ERROR")),
        ("groove", "1e999", ("code", 400)),
    ],
)
def test_an_amount_that_cannot_be_read_is_asked_for_again(
    name: str, amount: str, code: tuple[str, object], providers: System, operator: Operator
) -> None:
    provider = BY_NAME[name]
    placed(operator, provider)
    document = provider.document(("bet-1",), USER)
    holder = document["transaction"] if name == "evolution" else document
    field = "rollbackAmount" if name == "groove" else "amount"
    holder[field] = amount
    wrong = answered(providers, provider, *provider.signed(document, KEY, None))
    assert wrong[code[0]] == code[1], json.dumps(wrong)
    assert operator.balance(**PLAYER).cash == 90
    holder[field] = "10.00"
    answered(providers, provider, *provider.signed(document, KEY, None))
    assert operator.balance(**PLAYER).cash == 100
