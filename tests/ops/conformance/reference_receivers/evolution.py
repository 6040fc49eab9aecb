"""A receiver of Evolution's cancels."""
# ruff: noqa: ARG002 - each takes what any of them needs

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import parse_qs

from tests.ops.conformance.reference_receivers.receiver import (
    Asked,
    Decided,
    ReferenceReceiver,
    answered,
    with_numbers,
)
from tests.ops.conformance.wire import Request, Response


class Evolution(ReferenceReceiver):
    path = "/cancel"
    cases: ClassVar = {
        "first": "OK",
        "repeated": "BET_ALREADY_SETTLED",
        "unknown": "BET_DOES_NOT_EXIST",
        "refused": "BET_DOES_NOT_EXIST",
        "settled": "BET_ALREADY_SETTLED",
        "player": "TEMPORARY_ERROR",
        "currency": "TEMPORARY_ERROR",
        "amount": "TEMPORARY_ERROR",
        "malformed": "INVALID_PARAMETER",
        "signature": "INVALID_TOKEN_ID",
    }
    statuses: ClassVar = {"malformed": 400, "signature": 401}

    def given(self, request: Request, fields: Mapping[str, Any]) -> str:
        return parse_qs(request.path.partition("?")[2]).get("authToken", [""])[0]

    def signature(self, request: Request, fields: Mapping[str, Any], key: str) -> str:
        return key

    def asked(self, fields: Mapping[str, Any]) -> list[Asked]:
        transaction = fields["transaction"]
        amount = transaction.get("amount")
        return [
            Asked(
                self.text(transaction["refId"]),
                self.text(transaction["id"]),
                self.text(fields["userId"]),
                self.text(fields["currency"]),
                None if amount is None else Decimal(amount),
            )
        ]

    def success(
        self, fields: Mapping[str, Any], done: Sequence[Decided], cash: Decimal
    ) -> Response:
        [one] = done
        return with_numbers(
            answered(
                {
                    "status": self.cases[one.case],
                    "balance": self.balance(cash),
                    "bonus": 0,
                    "retransmission": one.case == "repeated",
                    "uuid": fields["uuid"],
                }
            )
        )

    def refusal(self, case: str, fields: Mapping[str, Any]) -> Response:
        echo = {"uuid": fields["uuid"]} if "uuid" in fields else {}
        return answered({"status": self.cases[case], **echo}, self.statuses.get(case, 200))
