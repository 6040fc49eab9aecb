"""What is no `UNBET_ENDPOINTS_FILE` is refused with the place where it is wrong, and nothing of its
content."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.unit.endpoints_files import ONE, SECRET, Write, listed
from unbet.runtime.endpoints_file import MAX_FILE_BYTES
from unbet.runtime.settings import SettingsError, WalletNameSettings, load

pytestmark = pytest.mark.usefixtures("endpoint_variables")


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
    write_endpoints: Write, content: str | bytes, problem: str
) -> None:
    file = write_endpoints(content, "endpoints.json")
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
    write_endpoints: Write, content: str, problem: str
) -> None:
    file = write_endpoints(content)
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
