"""A dialect of another package, on real processes: the example, which speaks XML."""

from decimal import Decimal
from pathlib import Path

from defusedxml import ElementTree

from tests.operating import Operator
from tests.own_dialects import install_for
from tests.system.processes import System

URL_PART = "the-secret-of-playngo"
ACCESS = "the-token-of-playngo"
REQUEST = """<?xml version="1.0" encoding="utf-8"?>
<cancelReserve><externalId>alice</externalId><productId>1</productId>
<transactionId>{reference}</transactionId><real>{amount}</real><currency>EUR</currency>
<accessToken>{token}</accessToken><roundId>r5</roundId><gameId>77</gameId></cancelReserve>"""


def test_the_example_s_provider_has_its_bets_cancelled(
    idle_system: System, operator: Operator, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_text(ACCESS)
    endpoint = {"provider": "PlayNGo", "dialect": "playngo", "keys": [{"file": str(key)}]}
    folder = tmp_path / "installed"
    install_for(idle_system, folder, "own_dialect.playngo:PLAYNGO", URL_PART, **endpoint)
    idle_system.start_both()

    def cancel(reference: str, amount: str = "10.00", said: str = ACCESS) -> dict[str, str | None]:
        body = REQUEST.format(reference=reference, amount=amount, token=said)
        answer = idle_system.http.post(f"/{URL_PART}/cancelReserve", content=body.encode())
        assert answer.headers["content-type"] == "application/xml"
        root = ElementTree.fromstring(answer.content)
        assert root.tag == "cancelReserve"
        return {"http": str(answer.status_code)} | {one.tag: one.text for one in root}

    operator.deposit("100.00")
    operator.bet("bet-1", "10.00", provider="PlayNGo")
    assert cancel("bet-1", said="another") == {"http": "200", "statusCode": "1"}
    assert cancel("bet-1", amount="9.99") == {"http": "503", "statusCode": "12"}
    assert operator.balance().cash == Decimal(90)
    first = cancel("bet-1")
    assert first["statusCode"] == "0"
    assert first["externalTransactionId"]
    assert cancel("bet-1") == first
    assert operator.balance().cash == Decimal(100)
    unknown = {"http": "200", "externalTransactionId": None, "statusCode": "0"}
    assert cancel("bet-2") == unknown
    assert operator.bet("bet-2", "10.00", provider="PlayNGo").status.value == "refused"
    with operator.engine.connect() as connection:
        bodies = connection.exec_driver_sql("SELECT body FROM unbet.requests").scalars().all()
    assert bodies
    assert not any(ACCESS in body for body in bodies), "the secret is stored"
    assert ACCESS not in idle_system.said("receiver")
