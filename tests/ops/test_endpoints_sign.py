"""`unbet endpoints sign`: an example of each endpoint's cancel, into which the shell puts the
secrets."""

import json
import shlex
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.curl import expanded
from tests.ops.conftest import Unbet
from tests.ops.endpoints import (
    BGAMING,
    EVOLUTION,
    HUB88,
    SECRETS,
    Write,
    shows_no_secret,
    writer,
)


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    return writer(tmp_path, monkeypatch)


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
