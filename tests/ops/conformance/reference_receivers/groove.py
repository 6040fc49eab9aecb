"""A receiver of Groove's rollbacks."""
# ruff: noqa: ARG002 - each takes what any of them needs

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from tests.ops.conformance.reference_receivers.receiver import (
    Asked,
    Decided,
    MalformedError,
    ReferenceReceiver,
    answered,
    with_numbers,
)
from tests.ops.conformance.wire import Request, Response


class Groove(ReferenceReceiver):
    path = "/groove"
    method = "GET"
    cases: ClassVar = {
        "first": 200,
        "repeated": 200,
        "unknown": 102,
        "refused": 102,
        "settled": 110,
        "player": 400,
        "amount": 400,
        "malformed": 400,
        "signature": 1,
    }

    def fields(self, request: Request) -> dict[str, Any]:
        return dict(parse_qsl(request.path.partition("?")[2], keep_blank_values=True))

    def given(self, request: Request, fields: Mapping[str, Any]) -> str:
        return request.headers.get("x-groove-signature", "")

    def signature(self, request: Request, fields: Mapping[str, Any], key: str) -> str:
        renamed = {name.replace("nogsgameid", "gameid"): name for name in fields}
        renamed.pop("request", None)
        signed = "".join(fields[renamed[name]] for name in sorted(renamed))
        return hmac.new(key.encode(), signed.encode(), hashlib.sha256).hexdigest()

    def asked(self, fields: Mapping[str, Any]) -> list[Asked]:
        if fields["request"] != "rollback":
            raise MalformedError
        reference = self.text(fields["transactionid"])
        amount = fields.get("rollbackAmount", "")
        stake = None if amount in ("", "null") else Decimal(amount)
        return [Asked(reference, reference, self.text(fields["accountid"]), amount=stake)]

    def success(
        self, fields: Mapping[str, Any], done: Sequence[Decided], cash: Decimal
    ) -> Response:
        [one] = done
        told = {
            "code": self.cases[one.case],
            "status": "Success - duplicate request" if one.case == "repeated" else one.case,
            "accounttransactionid": self.own_id(one),
            "balance": self.balance(cash),
            "bonus_balance": 0,
            "apiversion": fields["apiversion"],
        }
        return with_numbers(answered(told))

    def refusal(self, case: str, fields: Mapping[str, Any]) -> Response:
        return answered({"code": self.cases[case], "status": case, "apiversion": "1.2"})
