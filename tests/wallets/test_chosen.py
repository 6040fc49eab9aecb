"""Which wallet decides is a setting, and a wrong one is refused at the start."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from sqlalchemy import Engine

from unbet import connect_to
from unbet.core.message import Cancel
from unbet.runtime.endpoints import read_endpoints
from unbet.runtime.settings import SettingsError
from unbet.runtime.wallet_choice import WalletChoice
from unbet.wallets.checked import CheckedWallet
from unbet.wallets.chosen import wallet_for, wallets_for
from unbet.wallets.ledger.reversal import LedgerWallet
from unbet.wallets.port import Abilities, Memory, Verdict
from unbet.wallets.recorded import RecordedWallet


class OtherWallet:
    """Decides nothing. It is its own factory."""

    abilities: Abilities = LedgerWallet.abilities

    def __init__(self, engine: Engine, *, hold_unknown: bool, parked: bool) -> None:
        self.made_of = engine, hold_unknown, parked

    def cancel(self, cancels: Sequence[Cancel], deadline: float) -> Iterator[Sequence[Verdict]]:
        raise NotImplementedError


class ElsewhereWallet(OtherWallet):
    """Is not in the journal's database."""

    abilities = replace(LedgerWallet.abilities, keeps_journal=False)


class ForgetfulWallet(OtherWallet):
    """Nor does it remember anything."""

    abilities = replace(ElsewhereWallet.abilities, remembers=Memory.NOT)


class SometimesForgetfulWallet(OtherWallet):
    """Nor does it say for how long it remembers."""

    abilities = replace(ElsewhereWallet.abilities, remembers=Memory.FOR_A_TIME)


def no_wallet(_engine: Engine, **_: bool) -> object:
    return object()


def broken(_engine: Engine, **_: bool) -> object:
    raise RuntimeError("no configuration")


@pytest.fixture
def nowhere() -> Iterator[Engine]:
    made = connect_to("postgresql://unbet@127.0.0.1:1/unbet", name="test")
    yield made
    made.dispose()


@pytest.mark.parametrize("parked", [False, True])
def test_the_ledger_and_a_wallet_of_the_operators_are_found(nowhere: Engine, parked: bool) -> None:
    ours = wallet_for("ledger", nowhere, hold_unknown=False, parked=parked)
    theirs = wallet_for(f"{__name__}:OtherWallet", nowhere, hold_unknown=True, parked=parked)
    assert isinstance(ours, LedgerWallet)
    assert isinstance(theirs, CheckedWallet)
    assert isinstance(theirs.guarded, OtherWallet)
    assert theirs.guarded.made_of == (nowhere, True, parked)


def test_a_wallet_that_is_elsewhere_gets_a_record(nowhere: Engine) -> None:
    theirs = wallet_for(f"{__name__}:ElsewhereWallet", nowhere, hold_unknown=False)
    assert isinstance(theirs, RecordedWallet)
    assert theirs.abilities == ElsewhereWallet.abilities


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "Empty module name"),
        ("leger", "No module named 'leger'"),
        (f"{__name__}:NoWallet", "NoWallet"),
        (f"{__name__}:pytest", "'module' object is not callable"),
        (f"{__name__}:no_wallet", "has no attribute 'abilities'"),
        (f"{__name__}:broken", "RuntimeError: no configuration"),
        (f"{__name__}:ForgetfulWallet", "does not remember what it has decided"),
        (f"{__name__}:SometimesForgetfulWallet", "does not say how long"),
    ],
)
def test_what_is_no_wallet_or_forgets_is_refused(nowhere: Engine, name: str, said: str) -> None:
    with pytest.raises(SettingsError, match=f"UNBET_WALLET has a wrong value: .*{said}"):
        wallet_for(name, nowhere, hold_unknown=False)


def test_a_wallet_that_does_not_remember_is_taken_if_a_person_decides_each_doubt(
    nowhere: Engine,
) -> None:
    name = f"{__name__}:ForgetfulWallet"
    assert isinstance(
        wallet_for(name, nowhere, hold_unknown=False, person_decides=True), RecordedWallet
    )


def test_a_wrong_wallet_of_an_endpoint_is_blamed_on_the_endpoints(nowhere: Engine) -> None:
    endpoints = read_endpoints({"0" * 16: {"provider": "Other", "wallet": "leger"}})
    with pytest.raises(SettingsError, match="UNBET_ENDPOINTS has a wrong value: 'leger'"):
        wallets_for(WalletChoice("ledger", endpoints.values()), nowhere, hold_unknown=False)
