"""Endpoints of several providers, and what of them no command may show."""

import json
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

from tests.ops.conftest import Ran

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
"""Writes the file of endpoints, and names it."""


def writer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Into that folder, in which their keys lie then."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / "private.pem").write_bytes(private)
    (folder / "hub88.pem").write_bytes(public)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)

    def write(*endpoints: dict[str, Any]) -> Path:
        file = folder / "endpoints.json"
        file.write_text(json.dumps({"endpoints": endpoints}))
        monkeypatch.setenv("UNBET_ENDPOINTS_FILE", str(file))
        return file

    return write


def shows_no_secret(ran: Ran) -> bool:
    return not any(secret in ran.out + ran.err for secret in SECRETS.values())
