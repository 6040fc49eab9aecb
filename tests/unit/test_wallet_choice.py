"""Which wallet is whose: each provider has one, and each wallet is named once."""

import json

import pytest

from unbet.core.providers import ALL, Providers
from unbet.runtime.endpoints import read_endpoints
from unbet.runtime.wallet_choice import Route, WalletChoice


def choice_of(*endpoints: dict[str, str], default: str = "ledger") -> WalletChoice:
    document = {f"{number:016}": fields for number, fields in enumerate(endpoints)}
    return WalletChoice(default, read_endpoints(json.dumps(document)).values())


def test_without_endpoints_one_wallet_decides_for_everybody() -> None:
    choice = choice_of(default="sql")
    assert choice.wallet_of("anybody") == "sql"
    assert choice.routes() == ()
    assert choice.distinct_routes() == {"sql": ALL}


def test_each_provider_has_the_wallet_that_its_endpoints_name_or_the_default() -> None:
    choice = choice_of(
        {"provider": "A"},
        {"provider": "B", "wallet": "http"},
        {"provider": "B", "wallet": "http", "dialect": "lucky-monaco-v1"},
        {"provider": "C", "wallet": "my.module:make"},
        {"provider": "D", "wallet": "ledger"},
        {"provider": "E", "wallet": "http"},
    )
    assert [choice.wallet_of(name) for name in "ABCDEF"] == [
        *("ledger", "http", "my.module:make", "ledger", "http", "ledger"),
    ]
    assert choice.routes()[1:3] == (Route(2, "B", "http"), Route(3, "B", "http"))
    assert choice.distinct_routes() == {
        "ledger": Providers(("B", "C", "E"), all_but=True),
        "http": Providers(("B", "E"), all_but=False),
        "my.module:make": Providers(("C",), all_but=False),
    }


@pytest.mark.parametrize("second", [{}, {"wallet": "http"}])
def test_two_wallets_of_one_provider_are_refused_and_both_are_named(second: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="endpoints 1 and 3 are both of 'B'") as refused:
        choice_of({"provider": "B", "wallet": "sql"}, {"provider": "C"}, {"provider": "B"} | second)
    assert "'sql'" in str(refused.value)
    assert second.get("wallet", "UNBET_WALLET") in str(refused.value)


@pytest.mark.parametrize("wallet", ["", 5, ["sql"]])
def test_a_wallet_that_is_no_name_is_refused(wallet: object) -> None:
    with pytest.raises(ValueError, match="endpoint 1: wallet"):
        read_endpoints({"0" * 16: {"provider": "A", "wallet": wallet}})
