"""A receiver of BGaming's rollbacks."""
# ruff: noqa: ARG002 - each takes what any of them needs

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from tests.ops.conformance.reference_receivers.receiver import (
    Asked,
    Decided,
    MalformedError,
    ReferenceReceiver,
    answered,
)
from tests.ops.conformance.wire import Request, Response


class BGaming(ReferenceReceiver):
    path = "/rollback"
    late_code = 0
    cases: ClassVar = {
        "player": (101, 400),
        "currency": (154, 400),
        "malformed": (400, 400),
        "signature": (403, 403),
    }

    def given(self, request: Request, fields: Mapping[str, Any]) -> str:
        return request.headers.get("x-request-sign", "")

    def signature(self, request: Request, fields: Mapping[str, Any], key: str) -> str:
        return hmac.new(key.encode(), request.body, hashlib.sha256).hexdigest()

    def asked(self, fields: Mapping[str, Any]) -> list[Asked]:
        actions = fields["actions"]
        if not isinstance(actions, list) or not actions:
            raise MalformedError
        player, currency = self.text(fields["user_id"]), self.text(fields["currency"])
        return [
            Asked(
                self.text(each["original_action_id"]),
                self.text(each["action_id"]),
                player,
                currency,
            )
            for each in actions
        ]

    def balance(self, cash: Decimal) -> object:
        return int(cash * 100)

    def success(
        self, fields: Mapping[str, Any], done: Sequence[Decided], cash: Decimal
    ) -> Response:
        entries = [
            {
                "action_id": each.asked.uuid,
                "tx_id": self.own_id(each),
                "processed_at": "2026-01-05T10:00:00Z",
            }
            for each in done
        ]
        return answered(
            {
                "balance": self.balance(cash),
                "game_id": fields.get("game_id"),
                "transactions": entries,
            }
        )

    def refusal(self, case: str, fields: Mapping[str, Any]) -> Response:
        code, status = self.cases[case]
        return answered({"code": code, "message": case}, status)
