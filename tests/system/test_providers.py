"""Each provider's rollback, end to end on real processes."""

import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests.operating import Operator, Player
from tests.system.processes import System
from tests.system.provider_requests import CURRENCY, KEY, USER, BGaming, Provider
from tests.system.providers import PROVIDERS
from tests.waiting import until

ENDPOINTS = pytest.mark.parametrize("provider", PROVIDERS, ids=[one.name for one in PROVIDERS])
PLAYER = Player(user_id=USER, currency=CURRENCY)
ANOTHER = Player(user_id="another", currency=CURRENCY)


def all_endpoints(system: System, operator: Operator, keys: Path) -> System:
    """All endpoints on one deployment, in which nothing runs yet; both players have 100."""
    configs = {one.secret: one.config(keys) for one in PROVIDERS}
    system.environment["UNBET_ENDPOINTS"] = json.dumps(configs)
    operator.deposit("100.00", **PLAYER)
    operator.deposit("100.00", **ANOTHER)
    return system


@pytest.fixture
def providers(idle_system: System, operator: Operator, tmp_path: Path) -> System:
    system = all_endpoints(idle_system, operator, tmp_path)
    system.start_both()
    return system


def heard(provider: Provider, case: str, response: httpx.Response) -> dict[str, Any]:
    status, fields = provider.heard[case]
    answer = dict(response.json())
    assert response.status_code == status, f"{case}: {answer}"
    assert {name: answer.get(name) for name in fields} == fields, case
    return answer


def own_ids(answer: dict[str, Any]) -> list[Any]:
    """Our own references, in whatever place."""
    named = answer.get("transactionId", answer.get("accounttransactionid"))
    return [one["tx_id"] for one in answer.get("transactions", ())] or [named]


@ENDPOINTS
def test_a_rollback_is_answered_as_the_provider_documents_it(
    provider: Provider, providers: System, operator: Operator
) -> None:
    def send(*references: str, key: str = KEY) -> httpx.Response:
        return provider.send(providers.http, *references, key=key)

    def cash(player: Player = PLAYER) -> Decimal:
        return operator.balance(**player).cash

    def bet(reference: str, player: Player = PLAYER) -> str:
        made = operator.bet(reference, "10.00", provider=provider.id, **player)
        return made.status.value

    assert bet("bet-1") == "done"
    heard(provider, "wrong signature", send("bet-1", key="another key"))
    assert cash() == 90
    first = heard(provider, "first", send("bet-1"))
    assert cash() == 100
    again = heard(provider, "repeated", send("bet-1"))
    assert cash() == 100
    assert own_ids(first) == own_ids(again)

    heard(provider, "unknown", send("bet-2"))
    assert bet("bet-2") == "refused", "the bet comes after its cancel"
    assert cash() == 100

    bet("bet-3")
    operator.settle("bet-3", "0.00", provider=provider.id)
    heard(provider, "settled", send("bet-3"))
    bet("bet-4", ANOTHER)
    heard(provider, "another player's", send("bet-4"))
    assert cash() == cash(ANOTHER) == 90

    heard(provider, "malformed", provider.send(providers.http, "bet-1", body=b"{"))
    log = providers.said("receiver")
    assert "not signed by the provider" in log
    assert provider.secret not in log
    assert provider.key().splitlines()[0] not in log


def test_what_is_not_decided_in_time_is_asked_for_again_and_done_meanwhile(
    idle_system: System, operator: Operator, tmp_path: Path
) -> None:
    system = all_endpoints(idle_system, operator, tmp_path)
    for one in PROVIDERS:
        operator.bet("bet-1", "10.00", provider=one.id, **PLAYER)
    before = operator.balance(**PLAYER).cash
    system.start_receiver()
    with ThreadPoolExecutor(len(PROVIDERS)) as threads:
        answers = threads.map(lambda one: (one, one.send(system.http, "bet-1")), PROVIDERS)
        for provider, answer in answers:
            heard(provider, "away", answer)
    assert operator.balance(**PLAYER).cash == before
    system.start_sweep()
    until(lambda: operator.balance(**PLAYER).cash == 100, "they are not given back")
    system.start_worker()
    for provider in PROVIDERS:
        status, fields = provider.heard["repeated"]
        again = provider.send(system.http, "bet-1")
        assert again.status_code == status
        # The balance is the one right after that bet was given back, before others were.
        told = {name: again.json().get(name) for name in fields.keys() - {"balance"}}
        assert told.items() <= fields.items()
    assert operator.balance(**PLAYER).cash == 100


def test_the_same_reference_of_two_providers_is_two_bets_and_no_key_is_good_for_another_s(
    providers: System, operator: Operator
) -> None:
    for one in PROVIDERS:
        operator.bet("bet-1", "10.00", provider=one.id, **PLAYER)
    for others, one in enumerate(PROVIDERS, 1):
        for another in PROVIDERS:
            if another.path != one.path:
                target = f"/{another.secret}{one.path}"
                assert providers.http.post(target, content=b"{}").status_code == 404
        heard(one, "wrong signature", one.send(providers.http, "bet-1", key=f"of {others}"))
        assert one.send(providers.http, "bet-1").status_code == 200
        assert operator.balance(**PLAYER).cash == 100 - 10 * (len(PROVIDERS) - others)


def test_groove_need_not_sign_where_its_endpoint_has_no_key(
    idle_system: System, operator: Operator, tmp_path: Path
) -> None:
    system = all_endpoints(idle_system, operator, tmp_path)
    configs = json.loads(system.environment["UNBET_ENDPOINTS"])
    configs["secret-without-a-key"] = {"provider": "Groove", "dialect": "groove"}
    system.environment["UNBET_ENDPOINTS"] = json.dumps(configs)
    system.start_both()
    operator.bet("bet-1", "10.00", provider="Groove", **PLAYER)
    query = {"request": "rollback", "accountid": USER, "transactionid": "bet-1"}
    (signing,) = (one for one in PROVIDERS if one.name == "groove")
    refused, taken = (
        system.http.get(f"/{secret}/groove", params=query).json()
        for secret in (signing.secret, "secret-without-a-key")
    )
    assert (refused["code"], taken["code"], taken["balance"]) == (1, 200, 100)


def test_several_bets_of_one_request_are_one_transaction_and_each_has_its_outcome(
    providers: System, operator: Operator
) -> None:
    provider = next(one for one in PROVIDERS if isinstance(one, BGaming))
    placed = [f"bet-{number}" for number in range(5)]
    for reference in placed:
        operator.bet(reference, "10.00", provider=provider.id, **PLAYER)
    answer = provider.send(providers.http, *placed, "unknown")
    assert answer.status_code == 200
    done = answer.json()
    assert done["balance"] == 10000
    sent = [f"rb-{reference}" for reference in (*placed, "unknown")]
    assert [one["action_id"] for one in done["transactions"]] == sent, "in their order"
    assert [bool(one["tx_id"]) for one in done["transactions"]] == [True] * 5 + [False]
    with operator.engine.connect() as connection:
        query = "SELECT count(DISTINCT xmin::text), count(*) FROM unbet.requests"
        assert connection.execute(text(query)).one() == (1, 6)
    late = operator.bet("unknown", "10.00", provider=provider.id, **PLAYER)
    assert late.status.value == "refused"
    again = provider.send(providers.http, *placed, "unknown").json()
    assert own_ids(again) == own_ids(done)
    assert operator.balance(**PLAYER).cash == 100


def test_a_request_with_a_settled_bet_is_an_error_and_gives_nothing_back(
    providers: System, operator: Operator
) -> None:
    provider = next(one for one in PROVIDERS if isinstance(one, BGaming))
    for reference in ("settled", "placed"):
        operator.bet(reference, "10.00", provider=provider.id, **PLAYER)
    operator.settle("settled", "1.00", provider=provider.id)
    for _ in range(2):
        answer = provider.send(providers.http, "placed", "settled")
        assert (answer.status_code, answer.json()["code"]) == (400, 400)
        assert operator.balance(**PLAYER).cash == 81
    assert provider.send(providers.http, "placed").status_code == 200
    assert operator.balance(**PLAYER).cash == 91
