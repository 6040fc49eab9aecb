"""A receiver of Hub88's rollbacks, and of Caleta's."""
# ruff: noqa: ARG002 - each takes what any of them needs

import base64
import binascii
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, ClassVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.ops.conformance.reference_receivers.keys import PRIVATE_KEY, SECOND_PRIVATE_KEY
from tests.ops.conformance.reference_receivers.receiver import (
    Asked,
    Decided,
    ReferenceReceiver,
    answered,
)
from tests.ops.conformance.wire import Request, Response


@lru_cache
def _public(key: str) -> rsa.RSAPublicKey:
    own = serialization.load_pem_private_key(key.encode(), None)
    assert isinstance(own, rsa.RSAPrivateKey)
    return own.public_key()


class Hub88(ReferenceReceiver):
    path = "/transaction/rollback"
    header = "x-hub88-signature"
    cases: ClassVar = {
        "first": "RS_OK",
        "repeated": "RS_OK",
        "unknown": "RS_OK",
        "refused": "RS_OK",
        "settled": "RS_ERROR_TRANSACTION_ROLLED_BACK",
        "player": "RS_ERROR_UNKNOWN",
        "malformed": "RS_ERROR_WRONG_SYNTAX",
        "signature": "RS_ERROR_INVALID_SIGNATURE",
    }

    def __init__(self, keys: Sequence[str] = (PRIVATE_KEY, SECOND_PRIVATE_KEY)) -> None:
        super().__init__(keys)

    def given(self, request: Request, fields: Mapping[str, Any]) -> str:
        return request.headers.get(self.header, "")

    def verifies(self, given: str, request: Request, fields: Mapping[str, Any], key: str) -> bool:
        try:
            signature = base64.b64decode(given, validate=True)
            _public(key).verify(signature, request.body, padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, binascii.Error):
            return False
        return True

    def asked(self, fields: Mapping[str, Any]) -> list[Asked]:
        player = self.text(fields["user"]) if "user" in fields else None
        reference = self.text(fields["reference_transaction_uuid"])
        return [Asked(reference, self.text(fields["transaction_uuid"]), player)]

    def balance(self, cash: Decimal) -> object:
        return int(cash * 100_000)

    def success(
        self, fields: Mapping[str, Any], done: Sequence[Decided], cash: Decimal
    ) -> Response:
        [one] = done
        code = self.cases[one.case]
        if code != "RS_OK":
            return self.refusal(one.case, fields)
        player = one.stake.player if one.stake else None
        return answered(
            {
                "user": player.user_id if player else fields.get("user", ""),
                "status": code,
                "request_uuid": fields["request_uuid"],
                "currency": player.currency if player else "EUR",
                "balance": self.balance(cash),
            }
        )

    def refusal(self, case: str, fields: Mapping[str, Any]) -> Response:
        echo = {name: fields[name] for name in ("user", "request_uuid") if name in fields}
        return answered({**echo, "status": self.cases[case]})


class Caleta(Hub88):
    path = "/wallet/rollback"
    header = "x-auth-signature"
