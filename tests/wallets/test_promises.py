"""Which promises hold follows from what a wallet can do, and is told as it is."""

from dataclasses import replace

import pytest

from unbet.runtime.endpoints import read_endpoints
from unbet.runtime.wallet_choice import WalletChoice
from unbet.wallets.ledger.reversal import LedgerWallet
from unbet.wallets.notice import Notice, notice_of, read_notice
from unbet.wallets.port import Abilities, Memory
from unbet.wallets.promises import promises_of, why_refused
from unbet.wallets.sql.wallet import SqlWallet

ALL = LedgerWallet.abilities
NO_MEMORY = replace(ALL, remembers=Memory.NOT)


def for_a_time(seconds: float) -> Abilities:
    return replace(ALL, remembers=Memory.FOR_A_TIME, remembers_s=seconds)


def holding(abilities: Abilities) -> list[str]:
    return [promise.name for promise in promises_of(abilities) if promise.holds]


def says(abilities: Abilities, name: str) -> str:
    (found,) = (promise.says for promise in promises_of(abilities) if promise.name == name)
    return found


@pytest.mark.parametrize("abilities", [LedgerWallet.abilities, SqlWallet.abilities])
def test_all_hold_on_the_ledger_and_on_a_good_function(abilities: Abilities) -> None:
    assert holding(abilities) == ["P1", "P2", "P3", "P4"]
    assert why_refused(abilities, person_decides=False) is None


def test_a_wallet_that_cannot_close_an_unknown_bet_is_not_said_to_refuse_it() -> None:
    unclosed = replace(ALL, closes_unknown=False)
    assert holding(unclosed) == ["P1", "P2", "P3"]
    assert says(unclosed, "P4").endswith("One that has its result by then waits for a person.")


@pytest.mark.parametrize(
    ("seconds", "span"),
    [(86400, "24 hours"), (172800, "2 days"), (1800, "30 minutes"), (60, "60 seconds"), (90.5, "")],
)
def test_a_wallet_that_forgets_is_told_with_how_long_it_is_asked(seconds: float, span: str) -> None:
    abilities = for_a_time(seconds)
    assert holding(abilities) == ["P1", "P3", "P4"]
    for name in ("P1", "P2"):
        assert f"within {span or '90.5 seconds'}" in says(abilities, name)
    assert "waits for a person" in says(abilities, "P2")
    assert why_refused(abilities, person_decides=False) is None


def test_a_wallet_that_does_not_remember_is_refused_unless_a_person_decides() -> None:
    problem = why_refused(NO_MEMORY, person_decides=False)
    assert problem is not None
    assert "UNBET_WALLET_AMBIGUOUS=person" in problem
    assert why_refused(NO_MEMORY, person_decides=True) is None
    assert says(NO_MEMORY, "P1").endswith("once, and never again.")
    assert "not asked again" in says(NO_MEMORY, "P2")


@pytest.mark.parametrize("seconds", [float("inf"), 0, -1])
def test_a_wallet_that_remembers_for_a_time_has_to_say_how_long(seconds: float) -> None:
    assert why_refused(for_a_time(seconds), person_decides=True) is not None


def test_a_notice_says_which_wallet_is_whose_and_is_read_as_it_was_written() -> None:
    class Wallet(LedgerWallet):
        def __init__(self, abilities: Abilities) -> None:
            self.abilities = abilities

    endpoints = read_endpoints({"0" * 16: {"provider": "Other", "wallet": "http"}})
    unclosed = Wallet(replace(ALL, closes_unknown=False))
    wallets = {"ledger": Wallet(ALL), "http": unclosed}
    notice = notice_of(WalletChoice("ledger", endpoints.values()), wallets)
    assert notice.of("LuckyMonaco").wallet == "ledger"
    assert notice.of("Other").wallet == "http"
    assert notice.of("Other").promises == promises_of(unclosed.abilities)
    assert read_notice(notice.model_dump_json()) == notice


@pytest.mark.parametrize("document", ["", "{}", "[1]", b"\xff", '{"default": {"wallet": 1}}'])
def test_what_is_no_notice_is_none(document: str | bytes) -> None:
    found: Notice | None = read_notice(document)
    assert found is None
