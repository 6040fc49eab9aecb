"""Other providers as their documents have them: what each sends, signed."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

import httpx
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

USER: Final = "u-1001"
CURRENCY: Final = "EUR"
KEY: Final = "a-key-for-tests"
RSA: Final = rsa.generate_private_key(public_exponent=65537, key_size=2048)

Heard = tuple[int, Mapping[str, Any]]
"""An HTTP status, and fields that the answer must have."""


@dataclass(frozen=True)
class Provider:
    """One endpoint, and the provider's side of it."""

    name: str
    path: str
    heard: Mapping[str, Heard]
    """By case."""
    method: str = "POST"
    secret: str = field(default_factory=lambda: f"secret-{uuid4().hex}")

    def config(self, keys: Path) -> dict[str, Any]:
        """Of `UNBET_ENDPOINTS`; the keys lie in that folder."""
        file = keys / self.name
        file.write_text(self.key())
        return {"provider": self.id, "dialect": self.name, "keys": [{"file": str(file)}]}

    @property
    def id(self) -> str:
        return self.name.title()

    def key(self) -> str:
        return KEY

    def send(
        self,
        http: httpx.Client,
        *references: str,
        user: str = USER,
        key: str = KEY,
        body: bytes | None = None,
    ) -> httpx.Response:
        """One cancel, of one bet or of several."""
        document = self.document(references, user)
        query, headers, content = self.signed(document, key, body)
        target = f"/{self.secret}{self.path}{query}"
        return http.request(self.method, target, content=content, headers=headers)

    def document(self, references: tuple[str, ...], user: str) -> dict[str, Any]:
        raise NotImplementedError

    def signed(
        self, document: dict[str, Any], key: str, body: bytes | None
    ) -> tuple[str, dict[str, str], bytes]:
        """Query, headers and body."""
        raise NotImplementedError


class BGaming(Provider):
    def document(self, references: tuple[str, ...], user: str) -> dict[str, Any]:
        actions = [
            {"action": "rollback", "action_id": f"rb-{one}", "original_action_id": one}
            for one in references
        ]
        game = {"game": "demo:Pearls", "game_id": "rd-55", "finished": True}
        return {"user_id": user, "currency": CURRENCY, **game, "actions": actions}

    def signed(
        self, document: dict[str, Any], key: str, body: bytes | None
    ) -> tuple[str, dict[str, str], bytes]:
        content = body if body is not None else json.dumps(document).encode()
        mac = hmac.digest(key.encode(), content, "sha256").hex()
        return "", {"X-REQUEST-SIGN": mac}, content


class Hub88(Provider):
    header = "X-Hub88-Signature"

    def key(self) -> str:
        public = RSA.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def document(self, references: tuple[str, ...], user: str) -> dict[str, Any]:
        (reference,) = references
        return {
            "user": user,
            "token": "tk",
            "transaction_uuid": f"rb-{reference}",
            "reference_transaction_uuid": reference,
            "request_uuid": "q-1",
            "round": "r5",
            "round_closed": True,
            "game_code": "demo",
        }

    def signed(
        self, document: dict[str, Any], key: str, body: bytes | None
    ) -> tuple[str, dict[str, str], bytes]:
        content = body if body is not None else json.dumps(document).encode()
        of = content if key == KEY else b"another body"
        signature = RSA.sign(of, padding.PKCS1v15(), SHA256())
        return "", {self.header: base64.b64encode(signature).decode()}, content


class Caleta(Hub88):
    header = "X-Auth-Signature"


class Pragmatic(Provider):
    @property
    def id(self) -> str:
        return "PragmaticPlay"

    def document(self, references: tuple[str, ...], user: str) -> dict[str, Any]:
        (reference,) = references
        named = {"providerId": "pragmaticplay", "reference": reference, "timestamp": "1"}
        return {"amount": "10.00", **named, "userId": user}

    def signed(
        self, document: dict[str, Any], key: str, body: bytes | None
    ) -> tuple[str, dict[str, str], bytes]:
        joined = "&".join(f"{name}={value}" for name, value in sorted(document.items()))
        digest = hashlib.md5(f"{joined}{key}".encode()).hexdigest()  # noqa: S324 - the provider asks for it
        content = urlencode(document | {"hash": digest}).encode() if body is None else body
        return "", {}, content


class Evolution(Provider):
    def document(self, references: tuple[str, ...], user: str) -> dict[str, Any]:
        (reference,) = references
        return {
            "sid": "s1",
            "userId": user,
            "uuid": "q-1",
            "currency": CURRENCY,
            "game": {"id": "g5", "type": "roulette"},
            "transaction": {"id": f"c-{reference}", "refId": reference, "amount": 10.0},
        }

    def signed(
        self, document: dict[str, Any], key: str, body: bytes | None
    ) -> tuple[str, dict[str, str], bytes]:
        content = body if body is not None else json.dumps(document).encode()
        return f"?authToken={key}", {}, content


class GitSlotPark(Provider):
    def document(self, references: tuple[str, ...], user: str) -> dict[str, Any]:
        (reference,) = references
        return {"agentID": "AG7", "userID": user, "transactionID": reference}

    def signed(
        self, document: dict[str, Any], key: str, body: bytes | None
    ) -> tuple[str, dict[str, str], bytes]:
        text = "".join(document.values())
        sign = hmac.digest(key.encode(), text.encode(), "sha256").hex().upper()
        content = json.dumps(document | {"sign": sign}).encode() if body is None else body
        return "", {}, content


class Groove(Provider):
    def document(self, references: tuple[str, ...], user: str) -> dict[str, Any]:
        (reference,) = references
        session = {"gamesessionid": "gs-3", "device": "desktop", "gameid": "80102"}
        bet = {"transactionid": reference, "rollbackAmount": "10.0"}
        return {"request": "rollback", "accountid": user, **session, "apiversion": "1.2", **bet}

    def signed(
        self, document: dict[str, Any], key: str, body: bytes | None
    ) -> tuple[str, dict[str, str], bytes]:
        if body is not None:  # another of its requests, which is no rollback
            document |= {"request": "wager"}
        text = "".join(document[name] for name in sorted(document) if name != "request")
        mac = hmac.digest(key.encode(), text.encode(), "sha256").hex()
        return f"?{urlencode(document)}", {"X-Groove-Signature": mac}, b""
