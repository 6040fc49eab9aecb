"""`unbet endpoints`: what is wrong is said before a provider calls, and no secret is ever shown."""

import json
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.ops.conftest import Ran, Unbet

SECRETS = {
    "HUB88_SECRET": "hub88-secret-not-to-be-shown",
    "BGAMING_SECRET": "bgaming-secret-not-to-be-shown",
    "EVOLUTION_SECRET": "evolution-secret-not-to-be-shown",
    "BGAMING_KEY": "bgaming-key-not-to-be-shown",
    "EVOLUTION_KEY": "evolution-key-not-to-be-shown",
}
HUB88 = {
    "secret": {"env": "HUB88_SECRET"},
    "provider": "Hub88",
    "dialect": "hub88",
    "keys": [{"file": "hub88.pem"}],
    "answers": {"settled": "RS_OK", "no_bet": "RS_OK"},
}
BGAMING = {
    "secret": {"env": "BGAMING_SECRET"},
    "provider": "BGaming",
    "dialect": "bgaming",
    "keys": [{"env": "BGAMING_KEY"}],
    "late_bet": "refuse",
    "until": "2999-01-01T00:00:00Z",
}
EVOLUTION = {
    "secret": {"env": "EVOLUTION_SECRET"},
    "provider": "Evolution",
    "dialect": "evolution",
    "keys": [{"env": "EVOLUTION_KEY"}, {"env": "EVOLUTION_KEY"}],
}
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes the file of endpoints, and names it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "private.pem").write_bytes(private)
    (tmp_path / "hub88.pem").write_bytes(public)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)

    def write(*endpoints: dict[str, Any]) -> Path:
        file = tmp_path / "endpoints.json"
        file.write_text(json.dumps({"endpoints": endpoints}))
        monkeypatch.setenv("UNBET_ENDPOINTS_FILE", str(file))
        return file

    return write


def shows_no_secret(ran: Ran) -> bool:
    return not any(secret in ran.out + ran.err for secret in SECRETS.values())


def test_endpoints_that_are_right_are_shown_with_their_secrets_hidden(
    unbet: Unbet, write: Write
) -> None:
    write(HUB88, BGAMING, EVOLUTION)
    ran = unbet("endpoints", "check")
    assert (ran.status, ran.err) == (0, "")
    assert shows_no_secret(ran)
    for shown in ("/…/transaction/rollback", "RSA-SHA256 of the body", "settled: RS_OK", "2999-01"):
        assert shown in ran.out
    assert "no_bet" not in ran.out, "it is the dialect's own answer"

    ran = unbet("endpoints", "check", "--json")
    assert shows_no_secret(ran)
    document = ran.document
    assert (document["ok"], document["problems"]) == (True, [])
    assert document["endpoints"][1] == {
        "number": 2,
        "path": "/…/rollback",
        "provider": "BGaming",
        "dialect": "bgaming",
        "wallet": "ledger",
        "authentication": "HMAC-SHA256 of the body in the header X-REQUEST-SIGN",
        "secret": "env BGAMING_SECRET",
        "keys": ["env BGAMING_KEY"],
        "late_bet": "refuse",
        "answers": {},
        "until": "2999-01-01T00:00:00+00:00",
    }


def test_every_problem_is_told_on_a_line_of_its_own(
    unbet: Unbet, write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "hub88.pem").write_text(SECRETS["BGAMING_KEY"])
    monkeypatch.delenv("EVOLUTION_SECRET")
    monkeypatch.setenv("BGAMING_SECRET", "too short")
    keys = [{"file": "nowhere"}, {"env": "NOT_SET"}, {"env": "BGAMING_KEY"}]
    old = {"secret": {"env": "HUB88_SECRET"}, "provider": "Old", "until": "2020-01-01T00:00:00Z"}
    write(
        HUB88,
        BGAMING | {"wallet": "http"},
        EVOLUTION | {"keys": keys},
        old,
        {"secret": {"env": "HUB88_KEY"}, "provider": "P", "wallet": "leger"},
    )
    ran = unbet("endpoints", "check")
    assert ran.status == 1
    assert shows_no_secret(ran)
    assert [line for line in ran.out.splitlines() if line.startswith(("error", "warning"))] == [
        f"error: endpoint 1 (Hub88, hub88): keys: file {tmp_path}/hub88.pem: it is no RSA key in "
        "PEM",
        "error: endpoint 2 (BGaming, bgaming): secret: env BGAMING_SECRET: expected at least 16 "
        "characters out of A-Z a-z 0-9 - . _ ~",
        "warning: endpoint 2 (BGaming, bgaming): wallet: bgaming answers with the player's "
        "balance, and 'http' may tell none: it is to tell `cash` with each decision",
        "error: endpoint 3 (Evolution, evolution): secret: env EVOLUTION_SECRET: it is not set",
        f"error: endpoint 3 (Evolution, evolution): keys: file {tmp_path}/nowhere: No such file "
        "or directory",
        "error: endpoint 3 (Evolution, evolution): keys: env NOT_SET: it is not set",
        "error: endpoint 3 (Evolution, evolution): keys: env BGAMING_KEY: it is a key of endpoint "
        "2 as well: BGaming can sign what cancels Evolution's bets",
        "error: endpoint 4 (Old, lucky-monaco-v4): secret: it is that of endpoint 1",
        "warning: endpoint 4 (Old, lucky-monaco-v4): until: its secret has expired",
        "error: endpoint 5 (P, lucky-monaco-v4): secret: env HUB88_KEY: it is not set",
        "error: endpoint 5 (P, lucky-monaco-v4): wallet: 'leger' is none: it may be ledger, http, "
        "sql or package.module:factory",
    ]
    document = unbet("endpoints", "check", "--json").document
    assert document["ok"] is False
    assert document["problems"][-1] == {
        "endpoint": 5,
        "severity": "error",
        "problem": "wallet: 'leger' is none: it may be ledger, http, sql or package.module:factory",
    }


def test_a_public_key_that_two_providers_have_is_warned_of(
    unbet: Unbet, write: Write, tmp_path: Path
) -> None:
    other = HUB88 | {"provider": "Other", "secret": {"env": "BGAMING_SECRET"}}
    write(HUB88, other | {"keys": [{"file": "private.pem"}]})
    ran = unbet("endpoints", "check")
    assert ran.status == 0
    assert f"keys: file {tmp_path}/private.pem: it is a key of endpoint 1 as well" in ran.out


def test_a_provider_may_have_one_key_at_two_endpoints(unbet: Unbet, write: Write) -> None:
    write(BGAMING, BGAMING | {"secret": {"env": "HUB88_SECRET"}})
    assert unbet("endpoints", "check", "--json").document["problems"] == []


def test_the_other_variables_are_checked_in_the_same_way(
    unbet: Unbet, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = unbet("endpoints", "check")
    assert (ran.status, ran.out) == (1, "")
    assert "There is no endpoint" in ran.err

    monkeypatch.setenv("UNBET_URL_SECRET", SECRETS["HUB88_SECRET"])
    monkeypatch.setenv("UNBET_PROVIDER_ID", "Only")
    monkeypatch.setenv("UNBET_DIALECT", "lucky-monaco-v1")
    ran = unbet("endpoints", "check", "--json")
    (only,) = ran.document["endpoints"]
    assert (only["path"], only["provider"]) == ("/…/v1/Cancel", "Only")
    assert only["secret"] == "env UNBET_URL_SECRET"  # noqa: S105
    assert shows_no_secret(ran)

    endpoints = {SECRETS["BGAMING_SECRET"]: {"provider": "P"}}
    monkeypatch.setenv("UNBET_ENDPOINTS", json.dumps(endpoints))
    ran = unbet("endpoints", "check", "--json")
    assert [one["secret"] for one in ran.document["endpoints"]] == [None]
    assert shows_no_secret(ran)

    monkeypatch.delenv("UNBET_ENDPOINTS")
    monkeypatch.setenv("UNBET_DIALECT", "hub88")
    assert "UNBET_DIALECT needs an endpoint" in unbet("endpoints", "check").err


def test_a_file_that_is_wrong_is_told_in_one_sentence(unbet: Unbet, write: Write) -> None:
    file = write(HUB88, BGAMING | {"walet": "sql"})
    ran = unbet("endpoints", "check")
    assert (ran.status, ran.out) == (1, "")
    assert f"UNBET_ENDPOINTS_FILE has a wrong value: {file}: endpoint 2: walet" in ran.err


def expanded(command: str, variables: dict[str, str]) -> list[str]:
    """The arguments that a shell makes of a command of curl."""
    script = f"curl() {{ for each; do printf '%s\\0' \"$each\"; done; }}\n{command}"
    ran = subprocess.run(["sh", "-c", script], env=variables, capture_output=True, check=True)
    return ran.stdout.decode().split("\0")[:-1]


def test_each_endpoint_has_an_example_in_which_the_shell_puts_the_secrets(
    unbet: Unbet, write: Write, tmp_path: Path
) -> None:
    write(HUB88, BGAMING, EVOLUTION)
    arguments = ("--reference", "r'1", "--player", "alice", "--currency", "USD")
    ran = unbet(
        *("endpoints", "sign", "--private-key", tmp_path / "private.pem", *arguments),
        *("--url", "https://casino.example/"),
    )
    assert (ran.status, ran.err) == (0, "")
    assert shows_no_secret(ran)
    titles, commands = ran.out.splitlines()[::2], ran.out.splitlines()[1::2]
    assert titles[1] == "# endpoint 2 (BGaming, bgaming)"
    for command in commands:
        seen = expanded(command, SECRETS)
        body = json.loads(seen[seen.index("--data-raw") + 1])
        assert "r'1" in json.dumps(body)
    assert seen[-1] == (
        "https://casino.example/evolution-secret-not-to-be-shown/cancel"
        "?authToken=evolution-key-not-to-be-shown"
    )
    assert expanded(commands[0], SECRETS)[-1] == (
        "https://casino.example/hub88-secret-not-to-be-shown/transaction/rollback"
    )


def test_without_its_variable_the_command_does_not_call(unbet: Unbet, write: Write) -> None:
    write(BGAMING)
    command = unbet("endpoints", "sign").out
    ran = subprocess.run(["sh", "-c", command], env={}, capture_output=True, check=False)
    assert ran.returncode != 0
    assert b"BGAMING_SECRET" in ran.stderr


def test_a_secret_in_a_file_is_read_by_the_shell(
    unbet: Unbet, write: Write, tmp_path: Path
) -> None:
    (tmp_path / "a secret").write_text(SECRETS["BGAMING_SECRET"] + "\n")
    write(BGAMING | {"secret": {"file": "a secret"}})
    ran = unbet("endpoints", "sign", "BGaming", "--url", "http://localhost:1")
    assert shows_no_secret(ran)
    url = expanded(ran.out, {"PATH": "/usr/bin:/bin"})[-1]
    assert url == f"http://localhost:1/{SECRETS['BGAMING_SECRET']}/rollback"


def test_a_secret_that_no_variable_has_is_asked_of_the_person(
    unbet: Unbet, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoints = {SECRETS["BGAMING_SECRET"]: {"provider": "P"}}
    monkeypatch.setenv("UNBET_ENDPOINTS", json.dumps(endpoints))
    monkeypatch.setenv("UNBET_PORT", "8123")
    ran = unbet("endpoints", "sign", "1")
    assert shows_no_secret(ran)
    given = {"URL_SECRET_1": SECRETS["BGAMING_SECRET"]}
    url = f"http://127.0.0.1:8123/{SECRETS['BGAMING_SECRET']}/V4/Cancel"
    assert expanded(ran.out, given)[-1] == url
    assert shlex.split(unbet("endpoints", "sign", "1", "--show-secret").out)[-1] == url


def test_an_endpoint_with_a_public_key_needs_the_private_one(
    unbet: Unbet, write: Write, tmp_path: Path
) -> None:
    write(HUB88, BGAMING)
    ran = unbet("endpoints", "sign")
    assert ran.status == 1
    assert ran.out.startswith("# endpoint 2"), "the others are shown"
    assert "endpoint 1 (Hub88, hub88): it is signed with the provider's private key" in ran.err
    assert "--private-key" in ran.err

    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    wrong = tmp_path / "wrong.pem"
    wrong.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    ran = unbet("endpoints", "sign", "Hub88", "--private-key", wrong)
    assert (ran.status, ran.out) == (1, "")
    assert "--private-key: it is of none of the endpoint's keys" in ran.err
    wrong.write_text("no key")
    assert "it is no RSA key" in unbet("endpoints", "sign", "1", "--private-key", wrong).err
    assert unbet("endpoints", "sign", "1", "--private-key", tmp_path).status == 2


@pytest.mark.parametrize(
    ("arguments", "status", "problem"),
    [
        (("3",), 2, "no endpoint has the number or the provider '3'"),
        (("--url", "casino.example"), 2, "--url: expected http"),
        (("2", "--player", " "), 1, "endpoint 2 (Evolution, evolution): userId is blank"),
        (("2", "--currency", "euros"), 1, "currency is not 3 or 4 letters"),
    ],
)
def test_what_is_wrong_with_an_example_is_told(
    unbet: Unbet, write: Write, arguments: tuple[str, ...], status: int, problem: str
) -> None:
    write(BGAMING, EVOLUTION)
    ran = unbet("endpoints", "sign", *arguments)
    assert ran.status == status
    assert problem in ran.err


def test_a_shared_secret_that_a_shell_cannot_encode_is_not_put_anywhere(
    unbet: Unbet, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVOLUTION_KEY", "a&b=cdefgh")
    write(EVOLUTION)
    ran = unbet("endpoints", "sign")
    assert "characters that a shell cannot put into the URL's parameter authToken" in ran.err
    assert "authToken=a%26b%3Dcdefgh" in unbet("endpoints", "sign", "--show-secret").out


def test_an_endpoint_that_has_ended_has_no_example(unbet: Unbet, write: Write) -> None:
    write(BGAMING | {"until": "2020-01-01T00:00:00Z"})
    ran = unbet("endpoints", "sign")
    assert (ran.status, ran.out) == (1, "")
    assert "its secret has expired" in ran.err
