"""Our own endpoints of each provider keep every rule that the conformance kit knows, and are what
the played provider expects."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.system.processes import System

DIALECTS = ["bgaming", "hub88", "caleta", "pragmatic", "evolution", "gitslotpark", "groove"]
SIGNED_BY_RSA = {"hub88", "caleta"}
SECRET = "a-secret-of-this-provider"  # noqa: S105


def pair(folder: Path, name: str, dialect: str) -> tuple[Path, Path]:
    """The provider's key, and the endpoint's."""
    own, theirs = folder / f"{name}-own", folder / f"{name}-theirs"
    if dialect not in SIGNED_BY_RSA:
        own.write_text(f"the {name} key")
        return own, own
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    own.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    theirs.write_bytes(public)
    return own, theirs


def started(system: System, dialect: str, folder: Path) -> tuple[str, list[str], list[str]]:
    """The URL of an endpoint with two keys, and the options for one of them and for both."""
    first, second = (pair(folder, name, dialect) for name in ("first", "second"))
    keys = [{"file": str(theirs)} for _, theirs in (first, second)]
    endpoint = {"provider": "LuckyMonaco", "dialect": dialect, "keys": keys}
    system.environment |= {
        "UNBET_ENDPOINTS": json.dumps({SECRET: endpoint}),
        "UNBET_ALLOWED_IPS": "127.0.0.1/32",
    }
    system.start_both()
    one = ["--dialect", dialect, "--key", f"file:{first[0]}"]
    return f"{system.http.base_url}/{SECRET}", one, [*one, "--second-key", f"file:{second[0]}"]


@pytest.mark.long
@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_endpoint_keeps_every_rule_of_its_provider(
    idle_system: System, dialect: str, tmp_path: Path
) -> None:
    url, _, both = started(idle_system, dialect, tmp_path)

    judged = idle_system.unbet("conformance", url, *both, "--refused-from", "127.0.0.2", "--json")

    assert judged.stdout, judged.stderr
    rules = json.loads(judged.stdout)["rules"]
    assert [(one["rule"], one["faults"]) for one in rules if one["verdict"] != "kept"] == []
    audit = idle_system.unbet("audit", "--json")
    assert json.loads(audit.stdout)["ok"] is True


@pytest.mark.long
@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_endpoint_answers_its_provider_as_the_documents_have_it(
    idle_system: System, dialect: str, tmp_path: Path
) -> None:
    url, one, _ = started(idle_system, dialect, tmp_path)

    played = idle_system.unbet("provider", "play", url, *one, "--cancels", "60", "--json")

    assert played.stdout, played.stderr
    assert json.loads(played.stdout)["unexpected"] == []
    assert played.returncode == 0
