"""`UNBET_ENDPOINTS_FILE`: the same endpoints as in a variable, and secrets by reference only."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.unit.endpoints_files import KEY, ONE, OTHER, SECRET, Write, listed
from unbet.dialects.port import LateBet
from unbet.runtime.endpoint_registry import endpoints_of
from unbet.runtime.key_source import MAX_KEY_BYTES, KeySource
from unbet.runtime.settings import (
    CelerySettings,
    EndpointSettings,
    ReceiverSettings,
    SettingsError,
    SweepSettings,
    WalletNameSettings,
    WorkerSettings,
    load,
)

WHOLE = """
[[endpoints]]
secret = { env = "FIRST_SECRET" }
provider = "BGaming"
dialect = "bgaming"
wallet = "sql"
dry_run_url = "http://old.example/bgaming"
until = 2027-01-31T00:00:00Z
keys = [{ file = "bgaming.key" }, { env = "SECOND_KEY" }]
late_bet = "refuse"
answers = { settled = 200 }

[[endpoints]]
secret = { file = "second" }
provider = "LuckyMonaco"
"""

pytestmark = pytest.mark.usefixtures("endpoint_variables")


def test_every_field_is_read_and_paths_begin_beside_the_file(
    write_endpoints: Write, tmp_path: Path
) -> None:
    write_endpoints(WHOLE)
    chosen = load(ReceiverSettings)
    first, second = chosen.by_secret().items()

    assert (first[0], second[0]) == (SECRET, OTHER)
    config = first[1]
    assert (config.provider, config.dialect, config.wallet) == ("BGaming", "bgaming", "sql")
    assert config.until == datetime(2027, 1, 31, tzinfo=UTC)
    assert config.keys == (
        KeySource(file=str(tmp_path / "bgaming.key")),
        KeySource(env="SECOND_KEY"),
    )
    assert config.read_keys() == (KEY.encode(), f"{KEY}-2".encode())
    assert (config.late_bet, config.answers) == (LateBet.REFUSE, {"settled": "200"})
    assert (second[1].provider, second[1].keys) == ("LuckyMonaco", ())
    assert chosen.wallet_choice().wallet_of("BGaming") == "sql"
    assert KEY not in repr(chosen)
    assert SECRET not in repr(chosen)


def test_json_says_the_same_as_toml(write_endpoints: Write) -> None:
    write_endpoints(WHOLE)
    as_toml = load(EndpointSettings).by_secret()
    first = {
        "secret": {"env": "FIRST_SECRET"},
        "provider": "BGaming",
        "dialect": "bgaming",
        "wallet": "sql",
        "dry_run_url": "http://old.example/bgaming",
        "until": "2027-01-31T00:00:00Z",
        "keys": [{"file": "bgaming.key"}, {"env": "SECOND_KEY"}],
        "late_bet": "refuse",
        "answers": {"settled": "200"},
    }
    second = {"secret": {"file": "second"}, "provider": "LuckyMonaco"}
    write_endpoints({"endpoints": [first, second]}, "endpoints.json")
    assert load(EndpointSettings).by_secret() == as_toml


@pytest.mark.parametrize(
    "kind", [WorkerSettings, SweepSettings, CelerySettings, WalletNameSettings]
)
def test_who_decides_needs_neither_secrets_nor_keys(
    write_endpoints: Write,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    kind: type[WalletNameSettings],
) -> None:
    write_endpoints(WHOLE)
    monkeypatch.delenv("FIRST_SECRET")
    monkeypatch.delenv("SECOND_KEY")
    (tmp_path / "second").unlink()
    (tmp_path / "bgaming.key").unlink()

    chosen = load(kind)

    assert chosen.named_wallets() == {"BGaming": "sql"}
    assert chosen.wallets() == ("ledger", "sql")
    assert [route.provider for route in chosen.wallet_choice().routes()] == [
        "BGaming",
        "LuckyMonaco",
    ]


def test_two_ways_to_name_endpoints_are_one_too_many(
    write_endpoints: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_endpoints(WHOLE)
    monkeypatch.setenv("UNBET_ENDPOINTS", json.dumps({SECRET: {"provider": "P"}}))
    with pytest.raises(SettingsError, match=r"_FILE.*UNBET_ENDPOINTS is set") as told:
        load(EndpointSettings)
    assert SECRET not in str(told.value)


def test_the_file_wins_over_the_one_secret(
    write_endpoints: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_endpoints(WHOLE)
    monkeypatch.setenv("UNBET_URL_SECRET", "the-secret-of-the-one-endpoint")
    assert list(load(EndpointSettings).by_secret()) == [SECRET, OTHER]


def _pem(path: Path) -> None:
    path.write_bytes(b"x" * (MAX_KEY_BYTES + 1))


SOURCES = [
    ({"env": "NOT_SET"}, None, "env NOT_SET: it is not set"),
    ({"file": "source"}, None, "/source: No such file or directory"),
    ({"file": "source"}, lambda path: path.mkdir(), "/source: it is not a regular file"),
    ({"file": "source"}, _pem, "/source: it is longer than 64 KiB"),
    ({"file": "source"}, lambda path: path.write_bytes(b"\xff"), "/source: it is not UTF-8"),
    ({"file": "source"}, os.mkfifo, "/source: it is not a regular file"),
]


@pytest.mark.parametrize(("source", "make", "problem"), SOURCES)
def test_a_secret_that_cannot_be_read_stops_a_receiver_only(
    write_endpoints: Write, tmp_path: Path, source: dict[str, str], make: Any, problem: str
) -> None:
    if make is not None:
        make(tmp_path / "source")
    file = write_endpoints(listed(ONE, ONE | {"secret": source}), "endpoints.json")
    assert load(WorkerSettings).wallets() == ("ledger",)
    with pytest.raises(SettingsError) as told:
        load(ReceiverSettings).by_secret()
    assert str(told.value).startswith(f"UNBET_ENDPOINTS_FILE: {file}: endpoint 2: secret: ")
    assert problem in str(told.value)


@pytest.mark.parametrize("secret", ["", " \n", "too-short", f"{SECRET}/x", f"{SECRET}\nsecond"])
def test_what_is_no_secret_is_not_shown(
    write_endpoints: Write, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("FIRST_SECRET", secret)
    write_endpoints(listed(ONE), "endpoints.json")
    expected = "endpoint 1: secret: env FIRST_SECRET: expected at least 16 characters"
    with pytest.raises(SettingsError, match=expected) as told:
        load(EndpointSettings).by_secret()
    assert SECRET not in str(told.value)
    assert "too-short" not in str(told.value)


def test_a_secret_that_two_endpoints_have_is_refused(
    write_endpoints: Write, tmp_path: Path
) -> None:
    (tmp_path / "second").write_text(f" {SECRET}\n")
    write_endpoints(listed(ONE, {"secret": {"file": "second"}, "provider": "Q"}), "endpoints.json")
    with pytest.raises(SettingsError, match="endpoint 2: secret: it is that of endpoint 1") as told:
        load(EndpointSettings).by_secret()
    assert SECRET not in str(told.value)


@pytest.mark.parametrize(("source", "make", "problem"), SOURCES)
def test_a_key_that_cannot_be_read_is_told_with_the_file(
    write_endpoints: Write, tmp_path: Path, source: dict[str, str], make: Any, problem: str
) -> None:
    if make is not None:
        make(tmp_path / "source")
    file = write_endpoints(listed(ONE | {"dialect": "bgaming", "keys": [source]}), "endpoints.json")
    chosen = load(ReceiverSettings)
    with pytest.raises(SettingsError) as told:
        endpoints_of(chosen.by_secret(), variable=chosen.endpoints_origin)
    assert str(told.value).startswith(f"UNBET_ENDPOINTS_FILE: {file}: endpoint 1: keys: ")
    assert problem in str(told.value)


def test_a_dialect_with_keys_needs_an_endpoint_that_has_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UNBET_URL_SECRET", SECRET)
    monkeypatch.setenv("UNBET_DIALECT", "hub88")
    with pytest.raises(SettingsError, match=r"UNBET_DIALECT needs an .*keys is missing"):
        load(EndpointSettings).by_secret()
