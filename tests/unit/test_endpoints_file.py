"""`UNBET_ENDPOINTS_FILE`: the same endpoints as in a variable, and secrets by reference only."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from unbet.dialects.port import LateBet
from unbet.runtime.endpoint_registry import endpoints_of
from unbet.runtime.endpoints_file import MAX_FILE_BYTES
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

SECRET = "a-secret-not-to-be-shown"  # noqa: S105
OTHER = "other-secret-not-to-be-shown"
KEY = "a-key-not-to-be-shown"

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


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNBET_DATABASE_URL", "postgresql://unbet:pw@db/unbet")
    monkeypatch.setenv("UNBET_BROKER_URL", "redis://queue:6379/0")
    monkeypatch.setenv("FIRST_SECRET", SECRET)
    monkeypatch.setenv("SECOND_KEY", f"{KEY}-2")


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Writes the file, and names it."""
    (tmp_path / "second").write_text(f"{OTHER}\n")
    (tmp_path / "bgaming.key").write_text(f"{KEY}\n")

    def write(content: Any, name: str = "endpoints.toml") -> Path:
        file = tmp_path / name
        if isinstance(content, bytes):
            file.write_bytes(content)
        else:
            file.write_text(content if isinstance(content, str) else json.dumps(content))
        monkeypatch.setenv("UNBET_ENDPOINTS_FILE", str(file))
        return file

    return write


def test_every_field_is_read_and_paths_begin_beside_the_file(write: Any, tmp_path: Path) -> None:
    write(WHOLE)
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


def test_json_says_the_same_as_toml(write: Any) -> None:
    write(WHOLE)
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
    write({"endpoints": [first, second]}, "endpoints.json")
    assert load(EndpointSettings).by_secret() == as_toml


@pytest.mark.parametrize(
    "kind", [WorkerSettings, SweepSettings, CelerySettings, WalletNameSettings]
)
def test_who_decides_needs_neither_secrets_nor_keys(
    write: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: type[WalletNameSettings]
) -> None:
    write(WHOLE)
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
    write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(WHOLE)
    monkeypatch.setenv("UNBET_ENDPOINTS", json.dumps({SECRET: {"provider": "P"}}))
    with pytest.raises(SettingsError, match=r"_FILE.*UNBET_ENDPOINTS is set") as told:
        load(EndpointSettings)
    assert SECRET not in str(told.value)


def test_the_file_wins_over_the_one_secret(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    write(WHOLE)
    monkeypatch.setenv("UNBET_URL_SECRET", "the-secret-of-the-one-endpoint")
    assert list(load(EndpointSettings).by_secret()) == [SECRET, OTHER]


ONE: dict[str, Any] = {"secret": {"env": "FIRST_SECRET"}, "provider": "P"}


def listed(*endpoints: dict[str, Any]) -> str:
    return json.dumps({"endpoints": endpoints})


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("[", "it is not JSON (line 1, column 2)"),
        ("[" * 100_000, "it is not JSON"),
        (b"\xff\xfe", "it is not UTF-8"),
        (b"x" * (10 * 1024 * 1024), f"it is longer than {MAX_FILE_BYTES // 1024} KiB"),
        ("[]", "expected nothing but the list endpoints"),
        (json.dumps({SECRET: {"provider": "P"}}), "expected nothing but the list endpoints"),
        ('{"endpoints": [], "x": 1}', "expected nothing but the list endpoints"),
        ('{"endpoints": []}', "endpoints: expected a list of at least one"),
        (json.dumps({"endpoints": {SECRET: {"provider": "P"}}}), "endpoints: expected a list"),
        (json.dumps({"endpoints": [SECRET]}), "endpoint 1: expected its fields by name"),
        ('{"endpoints": 1, "endpoints": 2}', "a secret or a field is given more than once"),
        (listed(ONE, {"secret": {"env": "S"}}), "endpoint 2: provider: Field required"),
        (listed(ONE, {"provider": "P"}), "endpoint 2: secret: Field required"),
        (listed(ONE | {"walet": "sql"}), "endpoint 1: walet: Extra inputs"),
        (listed(ONE | {SECRET: "sql"}), "endpoint 1: a field: Extra inputs"),
        (listed(ONE | {"dialect": "esperanto"}), "endpoint 1: dialect: Input should be"),
        (listed(ONE | {"secret": SECRET}), "endpoint 1: secret: expected"),
        (listed(ONE | {"secret": {"env": f"{SECRET}!"}}), "endpoint 1: secret.env: String should"),
        (listed(ONE | {"secret": {"file": f"{SECRET}\n"}}), "endpoint 1: secret.file: String"),
        (listed(ONE | {"secret": {"env": "", "file": ""}}), "endpoint 1: secret.env: String"),
        (listed(ONE | {"secret": {"env": "A", "file": "b"}}), "endpoint 1: secret: expected"),
        (listed(ONE | {"secret": {}}), "endpoint 1: secret: expected"),
        (listed(ONE | {"secret": {"value": SECRET}}), "endpoint 1: secret: expected"),
        (
            listed(ONE | {"dialect": "bgaming", "keys": [SECRET]}),
            "endpoint 1: keys.0: expected",
        ),
        (listed(ONE | {"dialect": "bgaming"}), "endpoint 1: keys is missing: bgaming is known"),
        (listed(ONE | {"keys": [{"env": "K"}]}), "endpoint 1: keys: lucky-monaco-v4 has none"),
        (listed(ONE | {"until": "2027-01-01T00:00:00"}), "endpoint 1: until: Input should have"),
        (listed(ONE | {"late_bet": "maybe"}), "endpoint 1: late_bet: Input should be"),
        (listed(ONE | {"answers": {"settled": "1"}}), "endpoint 1: answers: lucky-monaco-v4"),
        (listed(ONE | {"answers": {"settled": True}}), "endpoint 1: answers.settled: Input"),
        (listed(ONE | {"dry_run_url": "old.example"}), "endpoint 1: dry_run_url: expected http"),
        (listed(ONE, ONE | {"provider": "p"}), "endpoint 2: its provider is spelt 'P' elsewhere"),
        (listed(ONE, ONE | {"wallet": "sql"}), "endpoints 1 and 2 are both of 'P'"),
    ],
)
def test_what_is_wrong_is_told_with_file_endpoint_and_field(
    write: Any, content: str | bytes, problem: str
) -> None:
    file = write(content, "endpoints.json")
    with pytest.raises(SettingsError) as told:
        load(WalletNameSettings)
    assert f"UNBET_ENDPOINTS_FILE has a wrong value: {file}: {problem}" in str(told.value)
    assert SECRET not in str(told.value)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (f'[[endpoints]]\nsecret = "{SECRET}', "it is not TOML"),
        (f"[{SECRET}]\n[{SECRET}]", "it is not TOML (line 2, column 26)"),
        ("a = " + "[" * 100_000, "it is not TOML"),
        (
            '[[endpoints]]\nprovider = "P"\nsecret = { env = "S" }\nuntil = 2027-01-31',
            "endpoint 1: until: ",
        ),
    ],
)
def test_toml_that_is_none_is_told_without_its_content(
    write: Any, content: str, problem: str
) -> None:
    file = write(content)
    with pytest.raises(SettingsError) as told:
        load(WalletNameSettings)
    assert f"{file}: {problem}" in str(told.value)
    assert SECRET not in str(told.value)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (Path.exists, "No such file or directory"),
        (lambda path: path.mkdir(), "it is not a regular file"),
        (os.mkfifo, "it is not a regular file"),
        (lambda path: path.symlink_to(path), "Too many levels of symbolic links"),
    ],
)
def test_what_is_no_file_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Any, problem: str
) -> None:
    file = tmp_path / "endpoints.toml"
    make(file)
    monkeypatch.setenv("UNBET_ENDPOINTS_FILE", str(file))
    with pytest.raises(SettingsError, match="UNBET_ENDPOINTS_FILE has a wrong value") as told:
        load(WalletNameSettings)
    assert f"{file}: {problem}" in str(told.value)


@pytest.mark.parametrize("value", ["", "/etc/unbet", json.dumps({SECRET: {"provider": "P"}})])
def test_a_value_that_names_no_such_file_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("UNBET_ENDPOINTS_FILE", value)
    with pytest.raises(SettingsError, match=r"a file whose name ends in \.toml or \.json") as told:
        load(WalletNameSettings)
    assert SECRET not in str(told.value)


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
    write: Any, tmp_path: Path, source: dict[str, str], make: Any, problem: str
) -> None:
    if make is not None:
        make(tmp_path / "source")
    file = write(listed(ONE, ONE | {"secret": source}), "endpoints.json")
    assert load(WorkerSettings).wallets() == ("ledger",)
    with pytest.raises(SettingsError) as told:
        load(ReceiverSettings).by_secret()
    assert str(told.value).startswith(f"UNBET_ENDPOINTS_FILE: {file}: endpoint 2: secret: ")
    assert problem in str(told.value)


@pytest.mark.parametrize("secret", ["", " \n", "too-short", f"{SECRET}/x", f"{SECRET}\nsecond"])
def test_what_is_no_secret_is_not_shown(
    write: Any, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("FIRST_SECRET", secret)
    write(listed(ONE), "endpoints.json")
    expected = "endpoint 1: secret: env FIRST_SECRET: expected at least 16 characters"
    with pytest.raises(SettingsError, match=expected) as told:
        load(EndpointSettings).by_secret()
    assert SECRET not in str(told.value)
    assert "too-short" not in str(told.value)


def test_a_secret_that_two_endpoints_have_is_refused(write: Any, tmp_path: Path) -> None:
    (tmp_path / "second").write_text(f" {SECRET}\n")
    write(listed(ONE, {"secret": {"file": "second"}, "provider": "Q"}), "endpoints.json")
    with pytest.raises(SettingsError, match="endpoint 2: secret: it is that of endpoint 1") as told:
        load(EndpointSettings).by_secret()
    assert SECRET not in str(told.value)


@pytest.mark.parametrize(("source", "make", "problem"), SOURCES)
def test_a_key_that_cannot_be_read_is_told_with_the_file(
    write: Any, tmp_path: Path, source: dict[str, str], make: Any, problem: str
) -> None:
    if make is not None:
        make(tmp_path / "source")
    file = write(listed(ONE | {"dialect": "bgaming", "keys": [source]}), "endpoints.json")
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
