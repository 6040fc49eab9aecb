"""A receiver of GitSlotPark's rollbacks."""
# ruff: noqa: ARG002 - each takes what any of them needs

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from tests.ops.conformance.reference_receivers.receiver import (
    Asked,
    Decided,
    ReferenceReceiver,
    answered,
    with_numbers,
)
from tests.ops.conformance.wire import Request, Response


class GitSlotPark(ReferenceReceiver):
    path = "/RollbackTransaction"
    cases: ClassVar = {
        "first": 0,
        "repeated": 9,
        "unknown": 8,
        "refused": 8,
        "settled": 1,
        "player": 5,
        "malformed": 2,
        "signature": 3,
    }

    def given(self, request: Request, fields: Mapping[str, Any]) -> str:
        return str(fields.get("sign", ""))

    def signature(self, request: Request, fields: Mapping[str, Any], key: str) -> str:
        names = ("agentID", "userID", "transactionID")
        signed = "".join(str(fields.get(name, "")) for name in names).encode()
        return hmac.new(key.encode(), signed, hashlib.sha256).hexdigest().upper()

    def asked(self, fields: Mapping[str, Any]) -> list[Asked]:
        reference = self.text(fields["transactionID"])
        self.text(fields["agentID"])
        return [Asked(reference, reference, self.text(fields["userID"]))]

    def success(
        self, fields: Mapping[str, Any], done: Sequence[Decided], cash: Decimal
    ) -> Response:
        [one] = done
        code = self.cases[one.case]
        balance = {"balance": self.balance(cash)} if code == 0 else {}
        return with_numbers(answered({"result": code, "message": one.case, **balance}))

    def refusal(self, case: str, fields: Mapping[str, Any]) -> Response:
        return answered({"result": self.cases[case], "message": case})
