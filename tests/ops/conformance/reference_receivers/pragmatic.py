"""A receiver of Pragmatic Play's refunds."""
# ruff: noqa: ARG002 - each takes what any of them needs

import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from tests.ops.conformance.reference_receivers.receiver import (
    Asked,
    Decided,
    ReferenceReceiver,
    answered,
)
from tests.ops.conformance.wire import Request, Response


class Pragmatic(ReferenceReceiver):
    path = "/refund"
    cases: ClassVar = {
        "first": 0,
        "repeated": 0,
        "unknown": 0,
        "refused": 0,
        "settled": 120,
        "player": 100,
        "amount": 100,
        "malformed": 7,
        "signature": 5,
    }

    def fields(self, request: Request) -> dict[str, Any]:
        return dict(parse_qsl(request.body.decode(), keep_blank_values=True))

    def given(self, request: Request, fields: Mapping[str, Any]) -> str:
        return str(fields.get("hash", ""))

    def signature(self, request: Request, fields: Mapping[str, Any], key: str) -> str:
        names = sorted(name for name in fields if name != "hash")
        joined = "&".join(f"{name}={fields[name]}" for name in names)
        return hashlib.md5(f"{joined}{key}".encode()).hexdigest()  # noqa: S324

    def asked(self, fields: Mapping[str, Any]) -> list[Asked]:
        reference, amount = self.text(fields["reference"]), fields.get("amount")
        stake = Decimal(amount) if amount else None
        return [Asked(reference, reference, self.text(fields["userId"]), amount=stake)]

    def success(
        self, fields: Mapping[str, Any], done: Sequence[Decided], cash: Decimal
    ) -> Response:
        [one] = done
        own = {"transactionId": self.own_id(one)} if self.own_id(one) else {}
        return answered({**own, "error": self.cases[one.case], "description": one.case})

    def refusal(self, case: str, fields: Mapping[str, Any]) -> Response:
        return answered({"error": self.cases[case], "description": case})
