"""`UNBET_ENDPOINTS_FILE` on real processes: secrets where they are needed only, and the examples of
`unbet endpoints sign` pasted into a shell."""

import json
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.operating import Operator
from tests.system.processes import System
from tests.system.provider_requests import RSA
from tests.system.watching import PLAYER

CANCELLED: Final[dict[str, dict[str, object]]] = {
    "lucky-monaco-v4": {"error": 0},
    "lucky-monaco-v1": {"error": 0, "cash": "100.000000000000000000"},
    "bgaming": {"balance": 10_000},
    "evolution": {"status": "OK", "balance": 100},
    "hub88": {"status": "RS_OK", "balance": 10_000_000, "currency": "USD"},
    "caleta": {"status": "RS_OK", "balance": 10_000_000, "currency": "USD"},
    "pragmatic": {"error": 0},
    "gitslotpark": {"result": 0, "balance": 100},
    "groove": {"code": 200, "balance": 100},
}
"""What each answers to the cancel of a bet that was there."""
SIGNED_BY_RSA: Final = frozenset({"hub88", "caleta"})
WITH_KEYS: Final = CANCELLED.keys() - {"lucky-monaco-v4", "lucky-monaco-v1"}
SECRETS: Final = {
    f"SECRET_{number}": f"the-secret-of-endpoint-{number}"
    for number in range(1, len(CANCELLED) + 1)
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """One endpoint of each dialect; the provider is called as the dialect is."""
    (tmp_path / "a key").write_text("the-key-of-all")
    (tmp_path / "a public key").write_bytes(
        RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    (tmp_path / "the provider's").write_bytes(
        RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    lines = []
    for number, dialect in enumerate(CANCELLED, 1):
        keys = f'keys = [{{ file = "a {"public " if dialect in SIGNED_BY_RSA else ""}key" }}]'
        lines += [
            "[[endpoints]]",
            f'secret = {{ env = "SECRET_{number}" }}',
            f'provider = "{dialect}"',
            f'dialect = "{dialect}"',
            keys if dialect in WITH_KEYS else "",
        ]
    file = tmp_path / "endpoints.toml"
    file.write_text("\n".join(lines))
    return file


def test_each_example_is_decided_when_it_is_pasted(
    idle_system: System, operator: Operator, file: Path
) -> None:
    del idle_system.environment["UNBET_URL_SECRET"]
    idle_system.environment["UNBET_ENDPOINTS_FILE"] = str(file)
    idle_system.start_worker()  # which has no secrets
    idle_system.environment |= SECRETS
    idle_system.start_receiver()
    operator.deposit("100.00", **PLAYER)
    private_key = str(file.parent / "the provider's")
    for number, (dialect, expected) in enumerate(CANCELLED.items(), 1):
        operator.bet("r1", "10.00", provider=dialect, **PLAYER)
        signed = idle_system.unbet(
            *("endpoints", "sign", str(number), "--reference", "r1"),
            *("--player", PLAYER["user_id"], "--currency", PLAYER["currency"]),
            *(("--private-key", private_key) if dialect in SIGNED_BY_RSA else ()),
        )
        assert (signed.returncode, signed.stderr) == (0, "")
        ran = subprocess.run(
            ["sh", "-c", signed.stdout],
            env=idle_system.environment | {"no_proxy": "*"},
            capture_output=True,
            check=True,
            timeout=20,
        )
        answer = json.loads(ran.stdout)
        assert {name: answer.get(name) for name in expected} == expected, dialect
        assert operator.balance(**PLAYER).cash == Decimal(100), dialect
    said = idle_system.said("receiver") + idle_system.said("worker")
    assert not any(secret in said for secret in (*SECRETS.values(), "the-key-of-all"))


def test_a_receiver_does_not_start_without_a_secret_and_names_it(
    idle_system: System, file: Path
) -> None:
    idle_system.environment["UNBET_ENDPOINTS_FILE"] = str(file)
    idle_system.environment |= SECRETS
    del idle_system.environment["SECRET_3"]
    idle_system.start("receiver", "python", "-m", "api")
    assert idle_system.processes["receiver"].wait(20) != 0
    expected = f"UNBET_ENDPOINTS_FILE: {file}: endpoint 3: secret: env SECRET_3: it is not set."
    assert expected in idle_system.said("receiver")
    assert "the-secret-of" not in idle_system.said("receiver")


def test_a_key_that_cannot_be_read_stops_a_receiver_in_the_same_way(
    idle_system: System, file: Path
) -> None:
    idle_system.environment["UNBET_ENDPOINTS_FILE"] = str(file)
    idle_system.environment |= SECRETS
    (file.parent / "a key").write_text(" \n")
    idle_system.start("receiver", "python", "-m", "api")
    assert idle_system.processes["receiver"].wait(20) != 0
    expected = f"UNBET_ENDPOINTS_FILE: {file}: endpoint 3: keys: file {file.parent}/a key: it is em"
    assert expected in idle_system.said("receiver")
